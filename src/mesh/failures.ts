/** What the newest dial of each address met, for whoever asks why a peer is not reached. */
import type { PublicKey } from '../core/brand.ts'
import { type Endpoint, formatEndpoint } from './address.ts'
import type { DialFailure } from './dial.ts'
import { TAKES_NO_SESSION } from './port.ts'

export type Failures = {
  /** Begins a round of dials to a peer; nothing of it is told before `done`. */
  begin(key: PublicKey): Round
  /** Why the newest dial of each address of a peer failed. */
  of(key: PublicKey): ReadonlyMap<string, string>
  forget(key: PublicKey): void
}

export type Round = {
  failed(at: Endpoint, failure: DialFailure): void
  /** The peer itself answered there, and took no session. */
  unwelcome(at: Endpoint): void
  done(): void
}

/** Remembers failures; where strangers answer is logged, once and not with every dial. */
export function createFailures(log: (line: string) => void): Failures {
  const rounds = new Map<PublicKey, Map<string, DialFailure>>()
  return {
    begin(key) {
      const met = new Map<string, DialFailure>()
      const before = rounds.get(key)
      return {
        failed(at, failure) {
          const place = formatEndpoint(at)
          met.set(place, failure)
          if (failure.kind !== 'stranger' || before?.get(place)?.kind === 'stranger') return
          log(`${failure.why}; ${SOMEBODY_ELSE}`)
        },
        unwelcome(at) {
          const why = `${formatEndpoint(at)} ${UNWELCOME}`
          met.set(formatEndpoint(at), { kind: 'unreachable', why })
        },
        done: () => void rounds.set(key, met),
      }
    },
    of: (key) => new Map([...(rounds.get(key) ?? [])].map(([place, { why }]) => [place, why])),
    forget: (key) => void rounds.delete(key),
  }
}

const SOMEBODY_ELSE =
  'an address that moved on, or somebody in the middle: it was told nothing'
const UNWELCOME = `${TAKES_NO_SESSION}: it may not know yet that we are a member`
