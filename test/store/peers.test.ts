import { expect, test } from 'vitest'
import type { PublicKey } from '../../src/core/brand.ts'
import { utf8 } from '../../src/core/bytes/text.ts'
import { ADDRESS_MAX_BYTES, MEMBERS_MAX, PEER_ADDRESSES_MAX } from '../../src/core/limits.ts'
import type { Peers } from '../../src/store/peers.ts'
import { forgotten, reached, readPeers, writePeers } from '../../src/store/peers.ts'
import { memoryDisk } from './memory-disk.ts'

const PATH = 'peers.json'

test('S430: the address that worked last comes first, and survives a restart', async () => {
  const disk = memoryDisk()
  expect(await readPeers(disk, PATH)).toEqual({ kind: 'ok', peers: new Map() })
  let peers: Peers = new Map()
  for (const address of ['10.0.0.1:4001', '192.168.1.2:4001', '10.0.0.1:4001'])
    peers = reached(peers, key(1), address)
  peers = reached(peers, key(2), 'host:1')
  await writePeers(disk, PATH, peers)
  disk.crash(() => 0)

  const read = await readPeers(disk, PATH)
  expect([...read.peers]).toEqual([
    [key(1), ['10.0.0.1:4001', '192.168.1.2:4001']],
    [key(2), ['host:1']],
  ])
  expect([...forgotten(read.peers, key(1)).keys()]).toEqual([key(2)])
})

test('S430: addresses and peers are bounded, the oldest go first', () => {
  let peers: Peers = new Map()
  for (let n = 0; n < PEER_ADDRESSES_MAX + 5; n++) peers = reached(peers, key(0), `host:${n}`)
  expect(peers.get(key(0))).toHaveLength(PEER_ADDRESSES_MAX)
  expect(peers.get(key(0))?.[0]).toBe(`host:${PEER_ADDRESSES_MAX + 4}`)
  expect(reached(peers, key(0), 'x'.repeat(ADDRESS_MAX_BYTES + 1))).toBe(peers)

  for (let n = 1; n <= MEMBERS_MAX; n++) peers = reached(peers, key(n), 'host:1')
  expect(peers.size).toBe(MEMBERS_MAX)
  expect(peers.has(key(0))).toBe(false)
})

test('S431: a damaged memory of peers is kept aside and begun again', async () => {
  const bad = [
    '{',
    '[]',
    '{"v":2,"peers":{}}',
    '{"v":1,"peers":[]}',
    '{"v":1,"peers":{"x":[]}}',
    '\xff',
  ]
  for (const text of [...bad, `{"v":1,"peers":{"${key(1)}":"host"}}`]) {
    const disk = memoryDisk()
    disk.put(PATH, utf8(text))
    expect(await readPeers(disk, PATH)).toEqual({
      kind: 'set-aside',
      peers: new Map(),
      keptAt: `${PATH}.bad-1`,
    })
    expect(disk.contents(`${PATH}.bad-1`)).toEqual(utf8(text))
    expect(await readPeers(disk, PATH)).toEqual({ kind: 'ok', peers: new Map() })
  }
})

test('S431: what a file holds beyond the bounds is left out', async () => {
  const disk = memoryDisk()
  const addresses = Array.from({ length: 40 }, (_, n) => `host:${n}`)
  const peers = { [key(1)]: [7, 'x'.repeat(999), ...addresses] }
  disk.put(PATH, utf8(JSON.stringify({ v: 1, peers })))
  const read = await readPeers(disk, PATH)
  expect(read.peers.get(key(1))).toEqual(addresses.slice(0, PEER_ADDRESSES_MAX))
})

function key(n: number): PublicKey {
  return n.toString(16).padStart(64, '0') as PublicKey
}
