/** Room on the disk. */
import { statfs } from 'node:fs/promises'
import { DISK_FULL_BYTES, DISK_LOW_BYTES } from '../../core/limits.ts'
import { error, fine, type Found, warning } from './finding.ts'

/** Looks at the file system that a checkout lies on. */
export async function examineSpace(root: string): Promise<Found> {
  const { bavail, bsize } = await statfs(root)
  return spaceFinding(bavail * bsize)
}

/** The finding for so many free bytes. */
export function spaceFinding(free: number): Found {
  const mib = Math.floor(free / (1 << 20))
  const text = `${mib >= 10_240 ? `${Math.floor(mib / 1024)} GiB` : `${mib} MiB`} free on this disk`
  if (free >= DISK_LOW_BYTES) return fine('disk', text)
  const fix = 'free some space; .knot/cache may go while no check runs'
  if (free >= DISK_FULL_BYTES) return warning('disk', { code: 'disk-low', text, fix })
  return error('disk', { code: 'disk-full', text, fix })
}
