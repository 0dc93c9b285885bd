/**
 * Where a checkout's daemon listens: the one rule, for the daemon and for every client.
 *
 * A socket's path has room for about 100 bytes, and checkouts lie deeper than
 * that, so a long one moves to a folder of ours under /tmp. Anybody may have
 * made that folder before us, so it is used only if it is ours alone.
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { SOCKET_PATH_MAX_BYTES } from '../core/limits.ts'
import { Failure } from './errors.ts'

/** The socket of the daemon whose `.knot/` folder this is; the folder must exist. */
export async function socketPath(knotFolder: string): Promise<string> {
  const real = realpathSync(knotFolder)
  const near = join(real, 'knotd.sock')
  if (Buffer.byteLength(near) <= SOCKET_PATH_MAX_BYTES) return near

  const { createHash } = await import('node:crypto')
  const digest = createHash('sha256').update(real).digest('hex')
  return join(privateFolder(), `${digest.slice(0, 16)}.sock`)
}

function privateFolder(): string {
  const uid = process.getuid?.() ?? 0
  const folder = `/tmp/knot-${uid}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })

  const found = lstatSync(folder)
  const ours = found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  if (ours) return folder
  throw new Failure(
    'SOCKET_UNSAFE',
    `${folder} is not a folder that only you can use, so another user could pose as your daemon.`,
    `ls -ld ${folder}; remove it, or move this checkout to a shorter path`,
  )
}
