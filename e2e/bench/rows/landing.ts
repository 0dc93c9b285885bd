/** How long a push takes to be everybody's, beside merging and checking it and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Peer, run } from '../../peers.ts'
import type { Ground } from '../ground.ts'
import { ends, inTurn, timed, type Way } from '../measure.ts'
import { type Row, rowOf } from '../row.ts'

const ROUNDS = 12
const LOOK_MS = 2
const LATE_MS = 60_000

/** From the start of `knot sync` until all three have the landing, in the log and as the ref. */
export async function landing(ground: Ground): Promise<Row[]> {
  const set = await ground.room(['ada', 'bob', 'carol'])
  const alone = await besideThem(set.root, set.peers[0]!)
  const held: number[] = []
  const samples = await inTurn({ rounds: ROUNDS, warm: 2 }, {
    landed: async (round) => {
      const author = set.peers[round % set.peers.length]!
      await catchUp(author)
      await author.commit({ [`change-${round}.js`]: `export const by = '${author.name}'\n` })
      const before = set.peers.map(refOf)
      const began = performance.now()
      const synced = author.told('sync', '--push-only').then(() => performance.now() - began)
      const all = await allMoved(set.peers, before, began)
      held.push(await synced)
      return all
    },
    alone,
  })
  const what = 'merge + check alone'
  const floor = { what, samples: samples.alone }
  return [
    rowOf({ row: 'landing', what: 'start of knot sync → held by another' }, held.slice(2), floor),
    rowOf({ row: 'landing', what: 'start of knot sync → landed on all three' },
      samples.landed, floor),
  ]
}

/** The integration ref of a clone, wherever git keeps it. */
function refOf({ clone }: Peer): string {
  try {
    return readFileSync(join(clone, '.git', 'refs', 'knot', 'integration'), 'utf8').trim()
  } catch {
    return ''
  }
}

async function allMoved(peers: readonly Peer[], before: string[], began: number): Promise<number> {
  while (performance.now() - began < LATE_MS) {
    if (peers.every((peer, n) => refOf(peer) !== before[n])) return performance.now() - began
    await sleep(LOOK_MS)
  }
  throw new Error(`a push did not land on all three within ${LATE_MS / 1_000} s`)
}

async function catchUp(author: Peer): Promise<void> {
  if (refOf(author) === '') return
  await author.git('merge', '--quiet', '--ff-only', 'refs/knot/integration')
}

/**
 * The same by hand: two commits merged, the result checked out in a place kept for it, the check.
 * What is merged is made before the time is taken.
 */
async function besideThem(root: string, peer: Peer): Promise<Way> {
  const [cwd, place] = [join(root, 'alone'), join(root, 'alone-place')]
  await peer.git('clone', '--quiet', peer.clone, cwd)
  const at = { cwd, env: peer.env }
  const git = async (...args: string[]) => {
    const { exit, stdout, stderr } = await run(['git', ...args], at)
    if (exit !== 0) throw new Error(`git ${args.join(' ')}: ${exit}\n${stderr}`)
    return stdout.trim()
  }
  await git('worktree', 'add', '--quiet', '--detach', place)
  const { checks } = await peer.status()
  let head = await git('rev-parse', 'HEAD')
  return async (round) => {
    writeFileSync(join(cwd, `change-${round}.js`), `export const by = 'hand'\n`)
    await git('add', '.')
    await git('commit', '--quiet', '--message', `change ${round}`)
    const push = await git('rev-parse', 'HEAD')
    return await timed(async () => {
      const tree = await git('merge-tree', '--write-tree', head, push)
      head = await git('commit-tree', '-m', `Land ${round}`, '-p', head, '-p', push, tree)
      await ends(['git', 'checkout', '--quiet', '--detach', head], { ...at, cwd: place })
      for (const { command } of checks) await ends(['sh', '-c', command], { ...at, cwd: place })
    })
  }
}
