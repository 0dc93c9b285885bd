/** Git streams: what peers fetch from our mirror, and what our git fetches through the daemon. */
import type { Socket } from 'node:net'
import type { PublicKey } from '../core/brand.ts'
import { fromHex } from '../core/bytes/text.ts'
import { GIT_OPEN_MS } from '../core/limits.ts'
import { serveUploadPack } from '../git/uploadPack.ts'
import type { Mirror } from '../git/repository.ts'
import type { ByteStream, Mesh } from '../mesh/port.ts'
import { splice } from '../mesh/splice.ts'

/** Serves one git stream of a member from the mirror. */
export async function serveGit(
  mirror: Mirror,
  stream: ByteStream,
  signal: AbortSignal,
): Promise<void> {
  const pack = serveUploadPack(mirror, signal)
  await splice(stream, { from: pack.stdout, to: pack.stdin })
  pack.kill()
  await pack.done
}

/** Takes a remote helper's connection, whose first line was `{"git":"upload-pack","peer":…}`. */
export async function connectGit(
  mesh: Mesh | undefined,
  socket: Socket,
  header: { service: unknown; peer: unknown },
  signal: AbortSignal,
): Promise<void> {
  const refuse = (why: string) => void socket.end(`error ${why}\n`)
  if (header.service !== 'upload-pack') return refuse(`knot serves no ${String(header.service)}`)
  const key = keyIn(header.peer)
  if (key === undefined) return refuse(`"${String(header.peer)}" is not a peer's key`)
  if (mesh === undefined) return refuse('this checkout is in no room')
  const opened = await mesh.openGit(
    key,
    AbortSignal.any([signal, AbortSignal.timeout(GIT_OPEN_MS)]),
  )
  if (opened.kind === 'gone')
    return refuse(`peer ${key.slice(0, 8)} is not reachable: ${opened.why}`)
  socket.write('ok\n')
  await splice(opened.stream, { from: socket, to: socket })
}

function keyIn(peer: unknown): PublicKey | undefined {
  if (typeof peer !== 'string' || peer.length !== 64) return undefined
  return fromHex(peer) === undefined ? undefined : (peer as PublicKey)
}
