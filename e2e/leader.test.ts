/** What becomes of a push when the peer that checks and lands it dies in the middle of it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Event, makeRoom, type Peer, type Peers, QUICK, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 150_000, hookTimeout: 90_000 })

/** Long enough to be caught at it. */
const SLOW = `await new Promise((done) => setTimeout(done, 2500))\n${QUICK['check.js']}`

let set: Peers

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'], { files: { ...QUICK, 'check.js': SLOW } })
  await makeRoom(set.peers)
})
afterAll(() => set.strike())

test('a leader that is killed in the middle of a check is followed by another, and the push lands', async () => {
  const { leader, others, term } = await whoLeads()
  const push = await publish(others[0], 'first.js')
  await leaderIs(leader, push, 'checking')
  await leader.kill()
  await landedOnce(others, push)
  await rejoins(leader, { term })
})

test('a leader that is killed before its landing is confirmed leaves no doubt about it', async () => {
  const { leader, others } = await whoLeads()
  const push = await publish(others[0], 'second.js')
  await leaderIs(leader, push, 'checking')
  // Nobody accepts the landing that the leader is about to propose.
  for (const other of others) other.signal('SIGSTOP')
  await leaderIs(leader, push, 'landing')
  await leader.kill()
  for (const other of others) other.signal('SIGCONT')
  await landedOnce(others, push)
  // What it had sent may be enough for the others to confirm; then it may lead on in its term.
  await settled(set.peers)
  await landedOnce(set.peers, push)
})

test('a leader that is stopped and goes on finds another one in its place', async () => {
  const { leader, others, term } = await whoLeads()
  leader.signal('SIGSTOP')
  const push = await publish(others[0], 'third.js')
  await landedOnce(others, push)
  leader.signal('SIGCONT')
  await rejoins(leader, { term })
  await landedOnce(set.peers, push)
  const heads = await Promise.all(set.peers.map((peer) => landings(peer)))
  for (const head of heads) expect(head).toEqual(heads[0])
})

async function whoLeads(): Promise<{ leader: Peer; others: [Peer, Peer]; term: number }> {
  const leader = await settled(set.peers)
  const others = set.peers.filter((peer) => peer !== leader) as [Peer, Peer]
  return { leader, others, term: (await leader.status()).term }
}

async function publish(peer: Peer, file: string): Promise<string> {
  await peer.commit({ [file]: `export const by = '${peer.name}'\n` })
  return (await peer.told<{ id: string }>('sync', '--push-only')).id
}

async function leaderIs(leader: Peer, push: string, doing: string): Promise<void> {
  await until(`${leader.name} is ${doing} ${push}`, async () => {
    const { queue } = (await leader.status()).integration
    return queue.some((item) => item.push === push && item.state === doing)
  })
}

async function landedOnce(peers: readonly Peer[], push: string): Promise<void> {
  for (const peer of peers) {
    let log: Event[] = []
    await until(`${peer.name} sees ${push} land`, async () => {
      log = (await peer.events()).filter(({ fields }) => fields['push'] === push)
      return log.some(({ kind }) => kind === 'landed')
    }, 60_000)
    expect(log.map(({ kind }) => kind).filter((kind) => kind !== 'pushed')).toEqual(['landed'])
  }
}

/** The one that led is back, follows, and everybody is in a higher term. */
async function rejoins(leader: Peer, before: { term: number }): Promise<void> {
  const now = await settled(set.peers)
  expect(now).not.toBe(leader)
  for (const peer of set.peers) expect((await peer.status()).term).toBeGreaterThan(before.term)
}

async function landings(peer: Peer): Promise<string[]> {
  const landed = (await peer.events()).filter(({ kind }) => kind === 'landed')
  const commits = landed.map(({ fields }) => String(fields['landed']))
  await until(`${peer.name}'s ref is at the last landing`, async () => {
    const line = await peer.git('log', '--first-parent', '--format=%H', 'refs/knot/integration')
    return commits.every((commit) => line.includes(commit))
  })
  return commits
}
