/** What a room of a long history costs: its daemon's start, and the memory it has then. */
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { leads } from '../../../src/core/engine/chain.ts'
import type { Effect } from '../../../src/core/engine/effect.ts'
import { step } from '../../../src/core/engine/step.ts'
import { author } from '../../../src/core/engine/streams.ts'
import { readIdentity } from '../../../src/daemon/identity.ts'
import { clocks } from '../../../src/daemon/loop.ts'
import { type OpenedEngine, openEngine } from '../../../src/daemon/opening.ts'
import type { Peer } from '../../peers.ts'
import { memoryOf } from '../../world.ts'
import type { Ground } from '../ground.ts'
import { inTurn, timed } from '../measure.ts'
import { type Row, rowOf } from '../row.ts'
import { bareNode } from '../floors.ts'

const CHANGES = 1_000_000
const TOGETHER = 500
const ROUNDS = 5

/** A room that went through some forty volumes. */
export async function volumes(ground: Ground): Promise<Row[]> {
  const set = await ground.room(['ada'])
  const [ada] = set.peers as [Peer]
  await ada.knot('down')
  const longest = await fill(ada, ground)
  const memory: number[] = []
  const start = async () => {
    await ada.knot('down')
    const ms = await timed(() => ada.knot('status'))
    await sleep(2_000)
    memory.push(...ada.daemons().map(memoryOf))
    return ms
  }
  const { start: samples, node } = await inTurn({ rounds: ROUNDS, warm: 1 },
    { start, node: bareNode })
  const size = (statSync(ada.knotPath('room', 'room.log')).size / 2 ** 20).toFixed(1)
  const what = `${CHANGES} changes, room.log ${size} MiB`
  return [
    rowOf({ row: 'volumes', what: `knot status starts a daemon of ${what}`, asked: READY },
      samples, { what: 'node -e 0', samples: node }),
    rowOf({ row: 'volumes', what: 'that daemon, resident', unit: 'MiB', asked: RESIDENT }, memory),
    rowOf({ row: 'volumes', what: 'longest turn that cut or entered a volume' }, longest),
  ]
}

const READY = [{ figure: 'median' as const, atMost: 2_000, times: 'one' as const }]
const RESIDENT = [{ figure: 'median' as const, atMost: 300, times: 'one' as const }]

/** Writes the history straight into the store, as the daemon's own loop would. */
async function fill(ada: Peer, ground: Ground): Promise<number[]> {
  const identity = await readIdentity(ada.clone, new AbortController().signal)
  const opened = await openEngine(identity, () => undefined)
  if (opened === undefined) throw new Error('no room was made')
  const { engine } = opened
  while (!leads(engine, clocks())) {
    await tick(opened)
    await sleep(50)
  }
  const turns: number[] = []
  for (let n = 0; n < CHANGES; n += TOGETHER) {
    const effects: Effect[] = []
    for (let at = n; at < n + TOGETHER; at++) author(engine, clocks(), effects, [factOf(at)])
    await perform(opened, effects)
    const before = engine.volume.number
    const ms = await tick(opened)
    if (engine.volume.number === before) continue
    turns.push(ms)
    ground.tell(`volume ${engine.volume.number} begins after ${n} changes`)
  }
  await opened.store.close()
  return turns
}

/** Mostly talk, and a task that stays open now and then. */
function factOf(n: number): { topic: 'tasks' | 'chat'; value: string } {
  const stamp = { at: 1_700_000_000_000 + n, term: 1 }
  if (n % 1_000 > 0) return { topic: 'chat', value: JSON.stringify({ ...stamp, text: `word ${n}` }) }
  return { topic: 'tasks', value: JSON.stringify({ ...stamp, kind: 'add', title: `task ${n}` }) }
}

async function tick(opened: OpenedEngine): Promise<number> {
  const began = performance.now()
  const effects = step(opened.engine, clocks(), { kind: 'tick' })
  const ms = performance.now() - began
  await perform(opened, effects)
  return ms
}

async function perform({ persist }: OpenedEngine, effects: readonly Effect[]): Promise<void> {
  const entries = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.entry] : []))
  const written = entries.length === 0 ? { kind: 'ok' as const } : await persist(entries)
  if (written.kind === 'failed') throw new Error(written.why)
}
