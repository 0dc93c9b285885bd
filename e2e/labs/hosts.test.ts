/** Hosts that are not alike: two daemons on one, and some that stay on their local network. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { formatLink, parseLink } from '../../src/core/auth/link.ts'
import { type Peer, type Peers, refused, setConfig, setPeers, settled } from '../peers.ts'
import { type Guests, Lan, type Plan } from './lan.ts'
import { bare, lands } from './steps.ts'

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

async function hosts(plan: Plan, guests: Guests = {}): Promise<Peer[]> {
  const network = new Lan(plan)
  lan = network
  const root = mkdtempSync(join(tmpdir(), 'knot-lab-'))
  const place = (name: string) => network.place(guests[name] ?? name, () => join(root, name, 'sums'))
  set = await setPeers([...Object.keys(plan), ...Object.keys(guests)], { root, place })
  await network.boot(root, guests)
  return set.peers
}

test('two daemons on one host find each other, and those of other hosts', async () => {
  const plan = { ada: [{ lan: 1, n: 1 }], bob: [{ lan: 1, n: 2 }] }
  const [ada, bob, amy] = await hosts(plan, { amy: 'ada' })
  const { link } = await ada!.told<{ link: string }>('up')
  await Promise.all([bob!, amy!].map((peer) => peer.told('join', bare(link))))
  await settled(set!.peers)

  const [adas, amys] = await Promise.all([ada!.status(), amy!.status()])
  expect(adas.pid).not.toBe(amys.pid)
  const ports = [adas, amys].map(({ addresses }) => /:(\d+)$/.exec(addresses[0] ?? '')?.[1])
  expect(new Set(ports).size).toBe(2)
  for (const { addresses } of [adas, amys]) {
    expect(addresses.some((address) => address.startsWith('10.77.1.1:'))).toBe(true)
  }
  await lands(amy!, 'amy.js', set!.peers)

  // One of them leaves; the other does not notice but by its absence.
  await amy!.told('down')
  expect(ada!.daemons()).toEqual([adas.pid])
  await lands(ada!, 'ada.js', [ada!, bob!])
  await amy!.told('up')
  await settled(set!.peers)
})

test('each host sees the folders of its own peers, and of nobody else', async () => {
  const plan = { ada: [{ lan: 1, n: 1 }], bob: [{ lan: 1, n: 2 }] }
  const [ada, bob, amy] = await hosts(plan, { amy: 'ada' })
  const seen = async (at: Peer, of: Peer) => {
    const { stdout } = await at.run(['sh', '-c', `ls -A '${of.clone}' 2>/dev/null; echo`])
    return stdout.includes('check.js')
  }
  for (const peer of [ada!, bob!, amy!]) expect(existsSync(join(peer.clone, 'check.js'))).toBe(true)
  expect([await seen(bob!, ada!), await seen(bob!, amy!), await seen(bob!, bob!)])
    .toEqual([false, false, true])
  expect([await seen(ada!, bob!), await seen(ada!, ada!)]).toEqual([false, true])

  // The daemon, too: it is a process of the host, whatever started it.
  await ada!.told('up')
  const [pid] = ada!.daemons()
  const folder = (peer: Peer) => `/proc/${pid}/root${join(peer.clone, 'check.js')}`
  expect([existsSync(folder(bob!)), existsSync(folder(ada!))]).toEqual([false, true])
})

test('S267: a room that stays on the LAN is closed to public addresses, both ways', async () => {
  // Of the addresses that are kept for documentation: public, and nobody's.
  const net = '203.0.113'
  const [ada, bob, carol, dave, erin] = await hosts({
    ada: [{ lan: 1, n: 1 }, { lan: 2, n: 1, net }],
    bob: [{ lan: 1, n: 2 }],
    carol: [{ lan: 2, n: 3, net }],
    dave: [{ lan: 2, n: 4, net }],
    erin: [{ lan: 2, n: 5, net }],
  })
  await ada!.told('init')
  setConfig(ada!, { lanOnly: true })
  const { link } = await ada!.told<{ link: string }>('up')
  expect(link).toContain('10.77.1.1:')
  expect(link).not.toContain(net)
  await bob!.told('join', bare(link))
  await settled([ada!, bob!])

  // Inwards: Carol knows the room's secret and where it listens, and gets nothing.
  const port = /10\.77\.1\.1:(\d+)/.exec(link)?.[1]
  const parsed = parseLink(link)
  if (parsed.kind !== 'link') throw new Error(parsed.why)
  const address = `${net}.1:${port}`
  const direct = formatLink({ ...parsed.link, addresses: [address as never] })
  const closed = { exit: 7, code: 'PEERS_UNREACHABLE', says: [address] }
  // Outwards: Dave stays on the LAN, and does not dial Erin. Told otherwise he gets in at once.
  const open = await erin!.told<{ link: string }>('up')
  expect(open.link).toContain(`${net}.5:`)
  await dave!.told('init')
  setConfig(dave!, { lanOnly: true })
  const stays = { exit: 7, code: 'PEERS_UNREACHABLE', says: [`${net}.5`, 'public', 'LAN'] }
  // Who joins goes on looking for half a minute, so they do at once.
  await Promise.all([
    refused(carol!, ['join', direct], closed),
    refused(dave!, ['join', open.link], stays),
  ])
  expect((await ada!.status()).members.map(({ name }) => name)).toEqual(['ada', 'bob'])
  await dave!.knot('down')
  setConfig(dave!, { lanOnly: false })
  await dave!.told('join', open.link)
  await settled([erin!, dave!])
}, 240_000)
