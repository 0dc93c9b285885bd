/**
 * Dialling a peer at several addresses: the next one is started a moment after the one before, or
 * at once when that failed, and the first that works is kept. libp2p would try them one after the
 * other, so that three dead addresses cost more than its whole time limit.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { fingerprintOf } from '../core/auth/identity.ts'
import type { PublicKey } from '../core/brand.ts'
import { DIAL_MS, DIAL_STAGGER_MS } from '../core/limits.ts'
import { type Endpoint, formatEndpoint, isLan, toMultiaddr } from './address.ts'
import { keyOfPeer } from './key.ts'
import type { Reach } from './port.ts'
import type { Node } from './settings.ts'

/** `stranger`: somebody answers there, who has another key or does not know the room's secret. */
export type DialOutcome =
  | { kind: 'connected'; connection: Connection; key: PublicKey; endpoint: Endpoint }
  | { kind: 'unreachable'; why: string }
  | { kind: 'stranger'; why: string }

export type DialFailure = Extract<DialOutcome, { why: string }>

/** Dials until one address works or all have failed; without a key, whoever answers will do. */
export async function dial(
  node: Node,
  target: {
    key?: PublicKey
    endpoints: readonly Endpoint[]
    reach: Reach
    /** Hears of each address that failed by itself, and not because another one was faster. */
    failed?: (endpoint: Endpoint, failure: DialFailure) => void
  },
  signal: AbortSignal,
): Promise<DialOutcome> {
  const failures: DialFailure[] = []
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])

  const attempt = async (endpoint: Endpoint): Promise<DialOutcome> => {
    const outcome = await dialOne(node, { ...target, endpoint }, either)
    if (outcome.kind !== 'connected' && !either.aborted) target.failed?.(endpoint, outcome)
    if (outcome.kind !== 'connected') failures.push(outcome)
    else if (over.signal.aborted) outcome.connection.abort(new Error('another address was faster'))
    else {
      over.abort()
      return outcome
    }
    return { kind: 'unreachable', why: '' }
  }

  const attempts: Promise<DialOutcome>[] = []
  for (const endpoint of target.endpoints) {
    if (either.aborted) break
    const started = attempt(endpoint)
    attempts.push(started)
    await Promise.race([started, pause(DIAL_STAGGER_MS, over.signal)])
  }
  const connected = (await Promise.all(attempts)).find(({ kind }) => kind === 'connected')
  if (connected !== undefined) return connected
  const why = failures.map((failure) => failure.why).join('; ') || 'no address to dial'
  const stranger = failures.some(({ kind }) => kind === 'stranger')
  return { kind: stranger ? 'stranger' : 'unreachable', why }
}

async function dialOne(
  node: Node,
  { key, endpoint, reach }: { key?: PublicKey; endpoint: Endpoint; reach: Reach },
  signal: AbortSignal,
): Promise<DialOutcome> {
  const place = formatEndpoint(endpoint)
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)])
  try {
    const ip = await addressOf(endpoint.host, inTime)
    if (reach === 'lan' && !isLan(ip)) {
      return { kind: 'unreachable', why: `${place} is public, and this room stays on the LAN` }
    }
    // No peer id in it: libp2p would join this dial to any other for the same peer.
    const address = toMultiaddr({ ...endpoint, host: ip })
    const connection = await node.dial(address, { signal: inTime, force: true })
    const found = keyOfPeer(connection.remotePeer)
    if (found === undefined || (key !== undefined && found !== key)) {
      connection.abort(new Error('not the peer that was meant'))
      return { kind: 'stranger', why: `${place} is another peer${proved(found, key)}` }
    }
    return { kind: 'connected', connection, key: found, endpoint }
  } catch (error) {
    return failureOf(place, error as Error)
  }
}

function proved(found: PublicKey | undefined, meant: PublicKey | undefined): string {
  if (found === undefined || meant === undefined) return ''
  return `: it proved ${fingerprintOf(found)}, not ${fingerprintOf(meant)}`
}

function failureOf(place: string, error: Error): DialFailure {
  if (error.name === 'EncryptionFailedError') {
    const why = `${place} does not know this room's secret, or is not a knot peer`
    return { kind: 'stranger', why }
  }
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return { kind: 'unreachable', why: `${place} does not answer` }
  }
  const code = (error as NodeJS.ErrnoException).code
  return { kind: 'unreachable', why: `${place}: ${code ?? error.message}` }
}

// By the system's resolver, so that /etc/hosts and mDNS names count, and so that `lan` is judged
// by the address that is really dialled.
async function addressOf(host: string, signal: AbortSignal): Promise<string> {
  if (isIP(host) !== 0) return host
  const { address } = await Promise.race([lookup(host, { order: 'ipv4first' }), aborted(signal)])
  return address
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Resolves after a while, or when the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
