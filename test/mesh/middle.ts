/**
 * A man in the middle: it takes connections that are meant for somebody else, ends their encryption
 * with a key of its own, and passes on what it hears. It can read all that goes through it.
 */
import type { PublicKey } from '../../src/core/brand.ts'
import { type Endpoint, formatEndpoint, fromMultiaddr, parseEndpoint } from '../../src/mesh/address.ts'
import { dial } from '../../src/mesh/dial.ts'
import { keyOfSeed } from '../../src/mesh/key.ts'
import { GIT, JOIN, openStream, SYNC } from '../../src/mesh/protocols.ts'
import { createNode, type Node } from '../../src/mesh/settings.ts'
import { byteStream } from '../../src/mesh/stream.ts'

export type Middle = {
  key: PublicKey
  address: string
  /** All bytes that went through it, in the clear. */
  overheard: Uint8Array[]
  /** The protocols that somebody opened to it. */
  opened: string[]
  stop(): Promise<void>
}

/** Stands before whoever listens at an address, under a key of its own. */
export async function middleOf(
  target: string,
  { seed, prologue }: { seed: Uint8Array; prologue: Uint8Array },
): Promise<Middle> {
  const listen = [{ host: '127.0.0.1', port: 0 }]
  const node: Node = await createNode({ seed, prologue, listen, isMember: () => true }, () => [])
  const stop = async () => {
    for (const connection of node.getConnections()) connection.abort(new Error('over'))
    await node.stop()
  }
  const key = await keyOfSeed(seed)
  const middle: Middle = { key, address: '', overheard: [], opened: [], stop }
  const endpoints = [parseEndpoint(target) as Endpoint]
  for (const protocol of [SYNC, JOIN, GIT]) {
    await node.handle(protocol, async (raw) => {
      middle.opened.push(protocol)
      const near = byteStream(raw)
      const dialled = await dial(node, { endpoints, reach: 'anywhere' }, new AbortController().signal)
      if (dialled.kind !== 'connected') return near.abort('the peer does not let us in')
      const far = await openStream(dialled.connection, protocol, AbortSignal.timeout(3_000))
      if (far === undefined) return near.abort('the peer does not take it')
      const pass = async (from: typeof near, to: typeof near) => {
        for (;;) {
          const chunk = await from.read()
          if (chunk.kind === 'end') return to.end()
          if (chunk.kind === 'gone') return to.abort(chunk.why)
          middle.overheard.push(chunk.bytes)
          await to.write(chunk.bytes)
        }
      }
      await Promise.all([pass(near, far), pass(far, near)])
    })
  }
  const places: (Endpoint | undefined)[] = []
  node.addEventListener('transport:listening', ({ detail }) => {
    places.push(...detail.getAddrs().map(fromMultiaddr))
  })
  await node.start()
  const [place] = places
  middle.address = formatEndpoint(place as Endpoint)
  return middle
}
