/** How long a word takes from one peer to another. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Client } from '../../../src/api/client.ts'
import { LAUNCHER, type Peer } from '../../peers.ts'
import { bareMessage, bareNode } from '../floors.ts'
import { clientOf, type Ground } from '../ground.ts'
import { ends, inTurn, type Way } from '../measure.ts'
import { type Bound, type Row, rowOf } from '../row.ts'

const ROUNDS = 60
const COMMANDS = 30
const LATE_MS = 10_000

/**
 * Three ways of it. A command has to start before it can call: what of that is Node's own is the
 * floor of the first row, and the second leaves it out.
 */
export async function message(ground: Ground): Promise<Row[]> {
  const set = await ground.three()
  const [ada, bob] = set.peers as [Peer, Peer]
  const floor = await bareMessage(set.root)
  const [from, to] = [await clientOf(ada), await clientOf(bob)]
  const ears = await Ears.open(bob, to)
  try {
    const word = (kind: string, round: number) => `${kind} ${round}`
    const at = { cwd: ada.clone, env: ada.env }
    const command: Way = (round) => ears.heard('command', word('start', round), () =>
      ends([process.execPath, LAUNCHER, 'say', word('start', round)], at))
    const called = (ear: 'command' | 'daemon'): Way => (round) =>
      ears.heard(ear, word(ear, round), () => from.call('say', { text: word(ear, round) }))

    const slow = await inTurn({ rounds: COMMANDS, warm: 3 }, { command, node: bareNode })
    const quick = await inTurn({ rounds: ROUNDS, warm: 5 }, {
      command: called('command'), daemon: called('daemon'), floor: floor.way,
    })
    const bare = { what: 'fsync 300 B + TCP round trip', samples: quick.floor }
    return [
      rowOf({ row: 'message', what: 'start of knot say → line of log --follow', asked: CLI },
        slow.command, { what: 'node -e 0', samples: slow.node }),
      rowOf({ row: 'message', what: 'call of say → line of log --follow', asked: CLI },
        quick.command, bare),
      rowOf({ row: 'message', what: 'call of say → item at the other daemon', asked: DAEMONS },
        quick.daemon, bare),
    ]
  } finally {
    ears.close()
    from.close()
    to.close()
    await floor.close()
  }
}

const CLI: Bound[] = [
  { figure: 'median', atMost: 50, times: 'one' },
  { figure: 'p95', atMost: 100, times: 'one' },
]
const DAEMONS: Bound[] = [{ figure: 'p95', atMost: 10, times: 'one' }]

type Ear = 'command' | 'daemon'

/** Two that listen at one peer: a `knot log --follow`, and a connection of our own. */
class Ears {
  readonly #heard: Record<Ear, Map<string, number>> = { command: new Map(), daemon: new Map() }
  readonly #child: ChildProcess
  readonly #leave = new AbortController()
  #wake: () => void = () => undefined

  static async open(peer: Peer, client: Client): Promise<Ears> {
    const ears = new Ears(peer, client)
    await client.call('say', { text: 'both hear' })
    for (const ear of ['command', 'daemon'] as const) await ears.#until(ear, 'both hear')
    return ears
  }

  constructor({ clone: cwd, env }: Peer, client: Client) {
    const argv = [LAUNCHER, 'log', '--follow', '--json']
    this.#child = spawn(process.execPath, argv, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#note('command', (JSON.parse(line) as { text: string }).text)
    })
    void this.#read(client).catch(() => undefined)
  }

  /** Milliseconds from before `say` until the text is heard. */
  async heard(ear: Ear, text: string, say: () => Promise<unknown>): Promise<number> {
    const began = performance.now()
    const said = say()
    const at = await this.#until(ear, text)
    await said
    return at - began
  }

  close(): void {
    this.#leave.abort()
    this.#child.kill()
  }

  async #read(client: Client): Promise<void> {
    const log = client.stream('log', { follow: true }, this.#leave.signal)
    for await (const { text } of log) this.#note('daemon', text)
  }

  #note(ear: Ear, text: string): void {
    this.#heard[ear].set(text, performance.now())
    this.#wake()
  }

  async #until(ear: Ear, text: string): Promise<number> {
    const late = setTimeout(() => this.#wake(), LATE_MS)
    for (const began = performance.now(); performance.now() - began < LATE_MS;) {
      const at = this.#heard[ear].get(text)
      if (at !== undefined) {
        clearTimeout(late)
        return at
      }
      await new Promise<void>((wake) => (this.#wake = wake))
    }
    throw new Error(`"${text}" was not heard within ${LATE_MS} ms`)
  }
}
