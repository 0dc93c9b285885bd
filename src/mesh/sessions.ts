/**
 * The sessions of one mesh: at most one for each peer. Both sides settle which of two stays by the
 * same rule, so a pair that dialled each other at the same moment ends with one session, not none.
 */
import type { PublicKey } from '../core/brand.ts'
import { DIAL_MS, GREETING_MS } from '../core/limits.ts'
import { type Session, createSession } from './session.ts'
import type { ByteStream, MeshEvents, Path, SendOutcome } from './port.ts'

/** Beyond this age a session is not one half of two that were begun at the same moment. */
const RACE_MS = DIAL_MS + GREETING_MS

/** A stream on which a session could run, and what to let go when it is over. */
export type Candidate = {
  key: PublicKey
  openedBy: 'us' | 'them'
  path: Path
  address: string
  stream: ByteStream
  release(): void
}

export type Sessions = {
  has(key: PublicKey): boolean
  /** Whether a session opened by that side would be kept, were it offered now. */
  wants(key: PublicKey, openedBy: Candidate['openedBy']): boolean
  take(candidate: Candidate): void
  send(key: PublicKey, frame: Uint8Array): SendOutcome
  end(key: PublicKey, why: string): void
  endAll(why: string): void
}

/** Keeps at most one session a peer, and decides which of two stays. */
export function createSessions(options: {
  me: PublicKey
  events: MeshEvents
  now(): number
  /** After the last session with a peer is over. */
  lost(key: PublicKey, livedMs: number): void
}): Sessions {
  type Entry = { session: Session; openedBy: Candidate['openedBy']; since: number }
  const entries = new Map<PublicKey, Entry>()
  const { me, events, now } = options

  // A replaced session ends before the next one is up, and no event comes from inside a call.
  const later = (tell: () => void) => queueMicrotask(tell)

  const wants: Sessions['wants'] = (key, openedBy) => {
    const standing = entries.get(key)
    if (standing === undefined || standing.openedBy === openedBy) return true
    // Whoever dials while an old session stands has lost it; only we have not heard yet.
    if (now() - standing.since > RACE_MS) return true
    return (openedBy === 'us') === me < key
  }

  return {
    has: (key) => entries.has(key),
    wants,
    take(candidate) {
      const { key, openedBy, path, address, stream, release } = candidate
      const since = now()
      entries.get(key)?.session.end('a newer session took its place')
      const session = createSession(stream, {
        frame: (bytes) => events.frame(key, bytes),
        drained: () => events.drained(key),
        ended: (why) => {
          release()
          const standing = entries.get(key)?.session === session
          if (standing) entries.delete(key)
          later(() => {
            events.down(key, why)
            if (!entries.has(key)) options.lost(key, now() - since)
          })
        },
      })
      entries.set(key, { session, openedBy, since })
      later(() => {
        events.up(key, path, address)
        session.begin()
      })
    },
    send: (key, frame) => entries.get(key)?.session.send(frame) ?? 'gone',
    end: (key, why) => entries.get(key)?.session.end(why),
    endAll(why) {
      for (const { session } of [...entries.values()]) session.end(why)
    },
  }
}
