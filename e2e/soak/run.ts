/**
 * `npm run soak`: three daemons that talk, claim, lock and push for a while, and what grows in them.
 *
 *     npm run soak -- [--minutes N] [--json]
 *
 * Facts are kept for ever, so a heap grows by what was said; beside its slope stands what that comes
 * to for each fact. What grows and nobody said anything is a leak.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { setup as bundle } from '../../test/bundle.ts'
import { makeRoom, type Peer, type Peers, setPeers } from '../peers.ts'
import { behind } from './slope.ts'
import { type Found, foundOf, print, type Use } from './table.ts'
import { busy } from './work.ts'

const NAMES = ['ada', 'bob', 'carol']
const READ_MS = 5_000
const MINUTES_MAX = 24 * 60
/** The last part, in which nobody does anything. */
const QUIET_MS = 30_000

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, json: { type: 'boolean', default: false } },
})
process.exitCode = await soak(Number(values.minutes))

async function soak(minutes: number): Promise<number> {
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) {
    const why = `"${values.minutes}" is no number of minutes from 0 to ${MINUTES_MAX}`
    console.error(`error: ${why}\nfix: npm run soak -- --minutes 5`)
    return 2
  }
  bundle()
  const set = await setPeers(NAMES)
  const leave = () => void set.strike().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave)
  try {
    const found = await run(set, minutes * 60_000)
    if (values.json) console.log(JSON.stringify({ node: process.version, minutes, peers: found }))
    else print(found, minutes)
    return 0
  } finally {
    await set.strike()
  }
}

async function run({ root, peers }: Peers, ms: number): Promise<Found[]> {
  const folder = join(root, 'readings')
  mkdirSync(folder)
  for (const { env } of peers) {
    env['KNOT_SOAK'] = folder
    env['KNOT_SOAK_MS'] = String(READ_MS)
    env['NODE_OPTIONS'] = `--import ${new URL('./reading.mjs', import.meta.url).href}`
  }
  await makeRoom(peers)
  const before = await factsOf(peers)
  const began = Date.now()
  const done = await busy(peers, AbortSignal.timeout(ms))
  const ended = Date.now()
  const after = await factsOf(peers)
  console.error(`${done.calls} calls, ${done.pushes} pushes, ${done.failed} refused; now quiet`)
  await sleep(QUIET_MS)
  const facts = ((after - before) / (ended - began)) * 60_000
  return peers.map((peer) => {
    const [pid] = peer.daemons()
    if (pid === undefined) throw new Error(`${peer.name}'s daemon is gone:\n${peer.daemonLog()}`)
    const uses = readingsOf(folder, pid)
    const working = behind(uses.filter(({ at }) => at >= began && at <= ended), 1 / 3)
    return foundOf(peer, { pid, facts, working, quiet: uses.filter(({ at }) => at > ended + READ_MS) })
  })
}

function readingsOf(folder: string, pid: number): Use[] {
  const name = readdirSync(folder).find((file) => file === `${pid}.ndjson`)
  if (name === undefined) throw new Error(`the daemon ${pid} wrote no readings to ${folder}`)
  const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Use)
}

async function factsOf([peer]: readonly Peer[]): Promise<number> {
  return (await (peer as Peer).status()).store.changes
}
