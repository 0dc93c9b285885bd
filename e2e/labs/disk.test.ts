/** Disks that are full, or may only be read: told as such, and nothing that was acknowledged is lost. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { makeRoom, type Peer, type Peers, setPeers, settled } from '../peers.ts'
import { until } from '../world.ts'

let set: Peers | undefined
let mounts: string[] = []

afterEach(async () => {
  try {
    await set?.strike().catch(() => undefined)
  } finally {
    for (const path of mounts.splice(0)) execFileSync('umount', ['--lazy', path])
    // A disk that is mounted below it kept the folder from going.
    if (set !== undefined) rmSync(set.root, { recursive: true, force: true })
    set = undefined
  }
})

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A small disk of its own under a folder of the peer. */
function diskUnder(peer: Peer, size: string, ...names: string[]): string {
  const path = peer.knotPath(...names)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  mount('-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path)
  mounts.push(path)
  return path
}

/** Says long things until one is refused; gives those that were acknowledged, and the refusal. */
async function fill(peer: Peer) {
  const acknowledged: string[] = []
  for (let n = 0; n < 400; n++) {
    const text = `${n} ${'x'.repeat(12_000)}`
    const { result, error, exit } = await peer.asked<{ id: string }>('say', text)
    if (error !== undefined) return { acknowledged, error, exit }
    acknowledged.push(result.id)
  }
  throw new Error('the disk did not fill up')
}

test('a full disk is named, acknowledges nothing more, and goes on when it is mended', async () => {
  set = await setPeers(['ada', 'bob'], { root: mkdtempSync(join(tmpdir(), 'knot-lab-')) })
  const [ada, bob] = set.peers
  const path = diskUnder(bob!, '1M', 'room')
  await makeRoom(set.peers)

  const { acknowledged, error, exit } = await fill(bob!)
  expect(acknowledged.length).toBeGreaterThan(10)
  expect({ exit, message: error.message }).toEqual({ exit: 1, message: expect.stringContaining(path) })
  expect(error.message).toMatch(/full|space|ENOSPC/i)
  expect(error.fix).toBeTruthy()
  // Until it is mended, every command says the same, and none says that it has worked.
  const again = await bob!.asked('say', `again ${'x'.repeat(12_000)}`)
  expect({ exit: again.exit, message: again.error?.message }).toEqual({
    exit: 1, message: expect.stringMatching(/full|space|ENOSPC/i),
  })

  mount('-o', 'remount,size=32M', path)
  await settled(set.peers)
  const said = await bob!.told<{ id: string }>('say', 'there is room again')
  for (const peer of [ada!, bob!]) {
    await until(`${peer.name} has all that was acknowledged`, async () => {
      const ids = (await peer.events()).map(({ id }) => id)
      return [...acknowledged, said.id].every((id) => ids.filter((one) => one === id).length === 1)
    })
  }
})

test('a .knot that may only be read is named before anything is done', async () => {
  set = await setPeers(['ada', 'bob'], { root: mkdtempSync(join(tmpdir(), 'knot-lab-')) })
  const [ada, bob] = set.peers
  await makeRoom(set.peers)
  const said = await bob!.told<{ id: string }>('say', 'this must survive')
  await bob!.told('down')

  const path = bob!.knotPath()
  mount('--bind', path, path)
  mounts.push(path)
  mount('-o', 'remount,bind,ro', path)
  for (const args of [['status'], ['say', 'hello'], ['up'], ['sync']]) {
    const { error, exit } = await bob!.asked(...args)
    expect({ args, exit, message: error?.message }).toEqual({
      args, exit: 1, message: expect.stringMatching(/\.knot.*(read-only|EROFS)/i),
    })
    expect(error?.fix).toBeTruthy()
  }
  expect(bob!.daemons()).toEqual([])
  mount('-o', 'remount,bind,rw', path)
  expect((await bob!.events()).some(({ id }) => id === said.id)).toBe(true)
  await settled([ada!, bob!])
})
