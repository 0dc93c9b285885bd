/**
 * The next key of this agent, from when it is made until it takes the place of the old one.
 *
 *     write agent.key.next.json ▸ rotation in the room's log ▸ new incarnation ▸ rename
 *
 * Each step is on disk before the next. What a start finds says how far it came: a next key that
 * the log knows as ours is ours, whatever the other file says; one that it does not know was told
 * to nobody, and is kept for the next attempt, as a log can be older than what was sent.
 */
import type { Membership } from '../core/auth/evaluate.ts'
import type { Signer } from '../core/crypto.ts'
import { Failure } from '../api/errors.ts'
import { newIncarnation, newSeed, signerFrom } from '../store/ed25519.ts'
import { type ReadKey, readKey, replaceKey, writeKey } from '../store/keys.ts'
import type { Room } from '../store/room.ts'
import type { Identity } from './identity.ts'

/** The signer of the next key; it is made, and on disk, where there was none. */
export async function nextSigner({ home }: Identity): Promise<Signer> {
  const known = seedOf(await readKey(home.nextKey))
  if (known !== undefined) return signerFrom(known)
  const seed = newSeed()
  const written = await writeKey(home.nextKey, { seed, made: new Date() })
  if (written.kind === 'ok') return signerFrom(seed)
  const why = written.kind === 'failed' ? written.fault.why : `${home.nextKey} is there already`
  throw new Failure('FAILED', why, `move ${home.nextKey} away, then run the command again`)
}

/**
 * Makes the next key the agent's where the log says that it is, in memory and on disk; answers the
 * incarnation that began with it. What the old key promised binds the old key alone.
 */
export async function takeNextKey(
  identity: Identity,
  { membership, store }: { membership: Membership; store: Room },
): Promise<string | undefined> {
  const { home } = identity
  const seed = seedOf(await readKey(home.nextKey))
  if (seed === undefined) return undefined
  const signer = signerFrom(seed)
  if (membership.byKey(signer.key)?.key !== signer.key) return undefined
  const incarnation = newIncarnation()
  store.append([
    { kind: 'incarnation', incarnation },
    { kind: 'life', incarnation },
  ])
  const flushed = await store.flush()
  if (flushed.kind === 'stopped') throw new Failure('STORE_CORRUPT', flushed.fault.why)
  const replaced = await replaceKey(home.nextKey, home.key)
  if (replaced.kind === 'failed') throw new Failure('FAILED', replaced.fault.why)
  identity.seed = seed
  identity.signer = signer
  return incarnation
}

function seedOf(read: ReadKey): Uint8Array | undefined {
  return read.kind === 'ok' || read.kind === 'too-open' ? read.key.seed : undefined
}
