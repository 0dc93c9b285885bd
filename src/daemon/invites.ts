/**
 * The private halves of the invites that this agent made, so that `knot up` can print its link
 * again. They open the room: the file is the owner's alone, like the key.
 */
import type { Instant, PublicKey } from '../core/brand.ts'
import { base64url, fromBase64url, fromUtf8, utf8 } from '../core/bytes/text.ts'
import type { Membership } from '../core/auth/evaluate.ts'
import { INVITES_KEPT, SMALL_FILE_MAX_BYTES } from '../core/limits.ts'
import { readWhole, writeAtomically } from '../store/files.ts'
import type { Home } from '../store/home.ts'
import { nodeDisk } from '../store/node-disk.ts'

type Kept = { key: PublicKey; seed: Uint8Array }

/** Keeps an invite's seed, the newest first. */
export async function rememberInvite(home: Home, invite: Kept): Promise<void> {
  const kept = [invite, ...(await readKept(home))].slice(0, INVITES_KEPT)
  const file = { v: 1, invites: kept.map(({ key, seed }) => ({ key, seed: base64url(seed) })) }
  const bytes = utf8(`${JSON.stringify(file, undefined, 1)}\n`)
  const written = await writeAtomically(nodeDisk, home.invites, bytes)
  if (written.kind === 'failed') throw new Error(written.fault.why)
}

/** The seed of the newest invite that still lets somebody in. */
export async function openInvite(
  home: Home,
  membership: Membership,
  now: Instant,
): Promise<Uint8Array | undefined> {
  const open = new Set<PublicKey>()
  for (const invite of membership.invites.values()) {
    const late = invite.expires !== undefined && invite.expires <= now
    if (invite.open && !late) open.add(invite.key)
  }
  return (await readKept(home)).find(({ key }) => open.has(key))?.seed
}

/** The seeds that this agent kept, by the public half of their invites. */
export async function keptSeeds(home: Home): Promise<ReadonlyMap<PublicKey, Uint8Array>> {
  return new Map((await readKept(home)).map(({ key, seed }) => [key, seed]))
}

/** A damaged file is no reason to stop: another invite is easily made. */
async function readKept(home: Home): Promise<Kept[]> {
  const read = await readWhole(nodeDisk, home.invites, SMALL_FILE_MAX_BYTES)
  if (read.kind !== 'ok') return []
  try {
    const file = JSON.parse(fromUtf8(read.bytes) ?? '') as {
      invites: { key: string; seed: string }[]
    }
    return file.invites.flatMap(({ key, seed }) => {
      const bytes = fromBase64url(seed)
      return bytes?.length === 32 ? [{ key: key as PublicKey, seed: bytes }] : []
    })
  } catch {
    return []
  }
}
