/** Three hosts on a network: how they find each other, and what a pulled cable costs. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { makeRoom, type Peer, type Peers, setPeers, settled } from '../peers.ts'
import { until } from '../world.ts'
import { Lan, type Plan } from './lan.ts'
import { bare, landed, lands } from './steps.ts'

const ONE_SWITCH: Plan = {
  ada: [{ lan: 1, n: 1 }],
  bob: [{ lan: 1, n: 2 }],
  carol: [{ lan: 1, n: 3 }],
}
/** What a person waits for without wondering; see DESIGN §6. */
const SOON_MS = 5_000

let lan: Lan | undefined
let set: Peers | undefined

afterEach(async () => {
  try {
    await set?.strike()
  } finally {
    lan?.tearDown()
    lan = undefined
    set = undefined
  }
})

async function hosts(plan: Plan): Promise<Peer[]> {
  const network = new Lan(plan)
  lan = network
  const root = mkdtempSync(join(tmpdir(), 'knot-lab-'))
  const place = (name: string) => network.place(name, () => join(root, name, 'sums'))
  set = await setPeers(Object.keys(plan), { root, place })
  await network.boot(root)
  return set.peers
}

/** Milliseconds until a condition holds. */
async function timed(what: string, holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now()
  await until(what, holds)
  return Math.round(performance.now() - began)
}

test('hosts see nothing of each other but the network', async () => {
  const [ada, bob] = await hosts(ONE_SWITCH)
  const { stdout } = await ada!.run(['sh', '-c', `ls -A '${bob!.home}' '${bob!.clone}' 2>/dev/null; echo`])
  expect(stdout.trim()).toBe('')
  expect((await ada!.run(['ls', ada!.clone])).stdout).toContain('check.js')
})

test('they join by mDNS alone, with the addresses stripped from the link', async () => {
  const [ada, bob, carol] = await hosts(ONE_SWITCH)
  const { link } = await ada!.told<{ link: string }>('up')
  const joining = await timed('both are in', async () => {
    await Promise.all([bob!, carol!].map((peer) => peer.told('join', bare(link))))
    return true
  })
  await settled(set!.peers)
  await lands(carol!, 'carol.js', set!.peers)
  console.log(`mdns: two joined in ${joining} ms`)
})

test('they join by the link alone, where multicast is dropped', async () => {
  const [ada, bob, carol] = await hosts(ONE_SWITCH)
  lan!.dropMulticast()
  const { link } = await ada!.told<{ link: string }>('up')
  expect(link).toContain('10.77.1.1:')
  await Promise.all([bob!, carol!].map((peer) => peer.told('join', link)))
  await settled(set!.peers)
  await lands(bob!, 'bob.js', set!.peers)
  // And without addresses nobody is found there: the lab drops what it says it drops.
  const { addresses } = await bob!.status()
  expect(addresses.some((address) => address.startsWith('10.77.1.2:'))).toBe(true)
})

test('a pulled cable: seen soon, landing goes on, nothing is lost, and all is soon back', async () => {
  const [ada, bob, carol] = await hosts(ONE_SWITCH)
  await makeRoom(set!.peers)
  const { term } = await ada!.status()

  lan!.cable('carol', 1, 'down')
  const isOffline = (peer: Peer, name: string) => async () => {
    const { members } = await peer.status()
    return members.some((member) => member.name === name && !member.online)
  }
  const offline = await timed('ada sees carol offline', isOffline(ada!, 'carol'))
  await until('carol sees ada offline', isOffline(carol!, 'ada'))

  await lands(bob!, 'majority.js', [ada!, bob!])
  await carol!.commit({ 'minority.js': 'export const by = "carol"\n' })
  const pushed = await carol!.asked<{ id: string }>('sync')
  expect({ exit: pushed.exit, code: pushed.error?.code }).toEqual({ exit: 7, code: 'QUEUED' })
  const said = await carol!.told<{ id: string }>('say', 'is anybody there?')
  await until('carol says provisional', async () => (await carol!.status()).mode === 'provisional')
  expect((await carol!.events()).some(({ kind }) => kind === 'landed')).toBe(false)

  lan!.cable('carol', 1, 'up')
  const back = await timed('all are online, and hear each other', async () => {
    const seen = await Promise.all(set!.peers.map((peer) => peer.status()))
    const logs = await Promise.all(set!.peers.map((peer) => peer.events()))
    return seen.every(({ members }) => members.every(({ online }) => online))
      && logs.every((log) => log.some(({ id }) => id === said.id))
      && logs.every((log) => log.some(({ kind }) => kind === 'landed'))
  })
  await landed(pushed.result.id, set!.peers)
  await settled(set!.peers)
  expect((await ada!.status()).term).toBe(term)
  console.log(`cut: offline after ${offline} ms, everything back after ${back} ms`)
  expect(offline).toBeLessThan(SOON_MS)
  expect(back).toBeLessThan(SOON_MS)
})

test('a leader whose cable is pulled is followed by another, and follows when it is back', async () => {
  await hosts(ONE_SWITCH)
  await makeRoom(set!.peers)
  const leader = await settled(set!.peers)
  const others = set!.peers.filter((peer) => peer !== leader) as [Peer, Peer]
  const { term } = await leader.status()

  lan!.cable(leader.name, 1, 'down')
  await leader.commit({ 'cut.js': 'export const by = "the one that led"\n' })
  const pushed = await leader.asked<{ id: string }>('sync', '--push-only')
  await until('the others have another leader', async () => {
    const status = await others[0].status()
    return status.term > term && status.leader?.lapsed === false && status.leader.name !== leader.name
  }, 60_000)
  await lands(others[1], 'going-on.js', others)
  await until('it no longer says quorum', async () => (await leader.status()).mode === 'provisional')
  expect((await leader.events()).some(({ kind }) => kind === 'landed')).toBe(false)

  lan!.cable(leader.name, 1, 'up')
  const now = await settled(set!.peers)
  expect(now).not.toBe(leader)
  await landed(pushed.result.id, set!.peers)
  // Once, and under no term in which it led.
  for (const peer of set!.peers) {
    const landings = (await peer.events()).filter(({ kind, fields }) => {
      return kind === 'landed' && fields['push'] === pushed.result.id
    })
    expect(landings.map(({ fields }) => Number(fields['term']) > term)).toEqual([true])
  }
})

test('a host with two networks joins them: what one side says and pushes, the other has', async () => {
  const [ada, bob, carol] = await hosts({
    ada: [{ lan: 1, n: 1 }, { lan: 2, n: 1 }],
    bob: [{ lan: 1, n: 2 }],
    carol: [{ lan: 2, n: 3 }],
  })
  const { link } = await ada!.told<{ link: string }>('up')
  expect(link).toMatch(/10\.77\.1\.1:\d+/)
  expect(link).toMatch(/10\.77\.2\.1:\d+/)
  // One by each network's mDNS, the other by its address in the link.
  await bob!.told('join', bare(link))
  await carol!.told('join', link)
  await settled(set!.peers)
  const said = await bob!.told<{ id: string }>('say', 'over to the other side')
  await until('carol hears bob', async () => (await carol!.events()).some(({ id }) => id === said.id))
  await lands(carol!, 'carol.js', set!.peers)
  const { members } = await bob!.status()
  expect(members.find(({ name }) => name === 'carol')).toMatchObject({ online: true, path: 'none' })
})
