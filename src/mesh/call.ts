/** Streams that are opened for one purpose: a question to anybody, git to a member. */
import type { Connection } from '@libp2p/interface'
import type { PublicKey } from '../core/brand.ts'
import { GREETING_MS } from '../core/limits.ts'
import { parseEndpoint } from './address.ts'
import { dial } from './dial.ts'
import { askOver } from './exchange.ts'
import { greeted, reasonOf } from './greeting.ts'
import type { AskOutcome, GitOutcome, Reach } from './port.ts'
import { GIT, hangUp, JOIN, openStream } from './protocols.ts'
import type { Node } from './settings.ts'

export type Call = { key?: PublicKey; address: string; question: Uint8Array }

/** Asks whoever listens at the address, or the peer meant, over its session's connection if any. */
export async function ask(
  via: { node: Node; reach: Reach; connectionTo(key: PublicKey): Connection | undefined },
  { key, address, question }: Call,
  signal: AbortSignal,
): Promise<AskOutcome> {
  const standing = key === undefined ? undefined : via.connectionTo(key)
  if (key !== undefined && standing !== undefined) {
    return askThrough({ key, connection: standing }, question, signal)
  }
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) {
    return { kind: 'unreachable', why: `"${address}" is not an address; expected host:port` }
  }
  const target = { endpoints: [endpoint], reach: via.reach, ...(key === undefined ? {} : { key }) }
  const dialled = await dial(via.node, target, signal)
  if (dialled.kind !== 'connected') return dialled
  try {
    return await askThrough(dialled, question, signal)
  } finally {
    hangUp(dialled.connection)
  }
}

async function askThrough(
  { key, connection }: { key: PublicKey; connection: Connection },
  question: Uint8Array,
  signal: AbortSignal,
): Promise<AskOutcome> {
  const stream = await openStream(connection, JOIN, signal)
  if (stream !== undefined) return askOver({ key, stream }, question, signal)
  if (signal.aborted) return { kind: 'late', why: reasonOf(signal) }
  return { kind: 'refused', why: 'the peer hung up' }
}

/** Opens a git stream on the connection of a session, and waits until the peer has taken it. */
export async function openGit(
  connection: Connection | undefined,
  signal: AbortSignal,
): Promise<GitOutcome> {
  if (connection === undefined) return { kind: 'gone', why: 'there is no session with that peer' }
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(GREETING_MS)])
  const stream = await openStream(connection, GIT, inTime)
  if (stream === undefined) return { kind: 'gone', why: 'the peer takes no git stream' }
  const greeting = await greeted(stream, inTime)
  if (greeting.kind === 'taken') return { kind: 'open', stream: greeting.stream }
  return { kind: 'gone', why: greeting.kind === 'gone' ? greeting.why : 'the peer is busy' }
}
