/** The three protocols of the mesh on libp2p, and who may speak which. */
import type { Connection, Stream } from '@libp2p/interface'
import type { PublicKey } from '../core/brand.ts'
import { GIT_STREAMS_MAX } from '../core/limits.ts'
import { fromMultiaddr, formatEndpoint, isLan } from './address.ts'
import { keyOfPeer } from './key.ts'
import type { ByteStream, Path } from './port.ts'
import type { Node } from './settings.ts'
import { byteStream } from './stream.ts'

/** The one long-lived session of a pair of members. */
export const SYNC = '/knot/sync/1'
/** One question and one answer, for whoever knows the room's secret. */
export const JOIN = '/knot/join/1'
/** A plain duplex between members, for upload-pack. */
export const GIT = '/knot/git/1'

/** A stream that a peer opened, whose key the handshake proved. */
export type Opened = { key: PublicKey; connection: Connection; stream: ByteStream }

/** Registers the protocols; sync and git reach only peers that `mayEnter` lets in. */
export async function answerProtocols(
  node: Node,
  options: {
    mayEnter(key: PublicKey): boolean
    sync(opened: Opened): Promise<void>
    join(opened: Opened): Promise<void>
    git(opened: Opened): Promise<void>
  },
): Promise<void> {
  const answer =
    (open: (opened: Opened) => Promise<void>, admits: (key: PublicKey) => boolean) =>
    async (raw: Stream, connection: Connection) => {
      const key = keyOfPeer(connection.remotePeer)
      if (key === undefined || !admits(key)) return raw.abort(new Error('not a member'))
      await open({ key, connection, stream: byteStream(raw) })
    }
  // Two, because the one before may still be closing.
  await node.handle(SYNC, answer(options.sync, options.mayEnter), { maxInboundStreams: 2 })
  await node.handle(JOIN, answer(options.join, () => true), { maxInboundStreams: 2 })
  await node.handle(GIT, answer(options.git, options.mayEnter), {
    maxInboundStreams: GIT_STREAMS_MAX,
    maxOutboundStreams: GIT_STREAMS_MAX,
  })
}

/** Opens a stream; undefined when the peer speaks no such protocol or the connection is gone. */
export async function openStream(
  connection: Connection,
  protocol: string,
  signal: AbortSignal,
): Promise<ByteStream | undefined> {
  try {
    return byteStream(await connection.newStream([protocol], { signal }))
  } catch {
    return undefined
  }
}

/** Where the peer of a connection is, for people. */
export function placeOf(connection: Connection): { path: Path; address: string } {
  const endpoint = fromMultiaddr(connection.remoteAddr)
  if (endpoint === undefined) return { path: 'relay', address: connection.remoteAddr.toString() }
  return { path: isLan(endpoint.host) ? 'lan' : 'direct', address: formatEndpoint(endpoint) }
}

/** Closes in good order within a second, else at once. */
export function hangUp(connection: Connection): void {
  connection
    .close({ signal: AbortSignal.timeout(1_000) })
    .catch((error: unknown) => connection.abort(error as Error))
}
