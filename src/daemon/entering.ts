/**
 * Entering a room by its link: ask every address of the link and every peer that mDNS finds, until
 * one of them admits us; then start the room from the auth log that it gave.
 */
import { Failure } from '../api/errors.ts'
import {
  decodeJoinAnswer,
  encodeJoinRequest,
  type JoinAnswer,
  makeJoinRequest,
} from '../core/auth/join.ts'
import { AuthLog } from '../core/auth/log.ts'
import { evaluate } from '../core/auth/evaluate.ts'
import { type InviteLink, parseLink } from '../core/auth/link.ts'
import { approversOf } from '../core/auth/judge.ts'
import type { PublicKey } from '../core/brand.ts'
import { standingRefusal } from '../core/engine/standing.ts'
import type { Engine } from '../core/engine/state.ts'
import { isMember } from '../core/engine/names.ts'
import { termOf } from '../core/engine/chain.ts'
import { FIRST_SYNC_MS, JOIN_RETRY_MS, JOIN_STRANGERS_MS, JOIN_WAIT_MS } from '../core/limits.ts'
import type { AskOutcome, Mesh } from '../mesh/port.ts'
import { startMesh } from '../mesh/node.ts'
import { signerFrom, verifyFast } from '../store/ed25519.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { reached, readPeers, writePeers } from '../store/peers.ts'
import { type Daemon, watchEnd } from './daemon.ts'
import { chosenName } from './founding.ts'
import { mdnsTagOf, prologueOf } from './linking.ts'
import { entering } from './one-entry.ts'
import { openStore, storeFailure } from './opening.ts'
import { writePlaybook } from './playbook.ts'
import { type RunningRoom, startRoom } from './running.ts'

type Said = { step: string; text: string }
type Entered = 'admitted' | 'pending' | 'member'
/** An answer, and the peer that gave it. */
type Answered = { answer: JoinAnswer; key: PublicKey; address: string }
/** Why each address gave no answer. */
type Reasons = Map<string, { kind: Exclude<AskOutcome['kind'], 'answered'>; text: string }>

/** Enters, telling what it does; fails with the reason of whoever refused. */
export async function* enterRoom(
  daemon: Daemon,
  asked: { link: string; name: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<Said, { kind: Entered; approvers: readonly string[] }, void> {
  const link = readLink(asked.link)
  const { room } = daemon
  if (room !== undefined) {
    if (room.engine.volume.room === link.room) return standingIn(room)
    const { roomName } = room.engine.membership
    const fix = 'use another clone: one checkout is in one room'
    throw new Failure('ROOM_OTHER', `this checkout is in the room ${roomName} already`, fix)
  }
  const name = chosenName(asked.name ?? daemon.identity.config.name)
  yield { step: 'find', text: `looking for the room at ${placesOf(link)}` }
  const answered = await entering(daemon, () => askAround(daemon, link, name, signal))
  const { answer, key, address } = answered
  if (answer.kind === 'pending') return { kind: 'pending', approvers: answer.approvers }
  if (answer.kind === 'refused') throw refusal(answer)
  yield { step: 'admitted', text: 'admitted; fetching what the room knows' }
  await entering(daemon, async () => {
    await keepOps(daemon, link, answer.ops)
    await keepPlace(daemon, { key, address })
    daemon.room = await startRoom(daemon.starting)
    watchEnd(daemon)
  })
  const entered = daemon.room as RunningRoom | undefined
  if (entered === undefined) throw new Error('bug: the auth log was written and is not there')
  await writePlaybook(daemon.identity.home, entered.engine.membership.roomName)
  const synced = await entered.watch.until(() => hasSynced(entered), { ms: FIRST_SYNC_MS, signal })
  if (synced === 'late') {
    yield { step: 'sync', text: 'no peer answered yet; the rest follows when one does' }
  }
  return { kind: 'admitted', approvers: [] }
}

/** A checkout that is in the room already; a removal is not undone by a link. */
function standingIn({ engine }: RunningRoom): { kind: Entered; approvers: readonly string[] } {
  const status = engine.membership.members.get(engine.me.agent)?.status
  if (status === 'pending') return { kind: 'pending', approvers: approversOf(engine.membership) }
  requireMembership(engine)
  return { kind: 'member', approvers: [] }
}

/** Fails for an agent that was removed, with who removed it and what to do. */
export function requireMembership(engine: Engine): void {
  const refusal = standingRefusal(engine)
  const status = engine.membership.members.get(engine.me.agent)?.status
  if (refusal === undefined || status !== 'removed') return
  throw new Failure('UNAUTHORISED', refusal.message, refusal.fix)
}

function readLink(text: string): InviteLink {
  const parsed = parseLink(text)
  if (parsed.kind === 'link') return parsed.link
  const fix = 'copy the whole line that knot up or knot invite printed, in quotes'
  throw new Failure('LINK_INVALID', parsed.why, fix)
}

function placesOf({ addresses }: InviteLink): string {
  return [...addresses, 'the local network (mDNS)'].join(', ')
}

/** Asks peers until one answers for the room; a refusal counts once every address was asked. */
async function askAround(
  daemon: Daemon,
  link: InviteLink,
  name: ReturnType<typeof chosenName>,
  signal: AbortSignal,
): Promise<Answered> {
  const { identity } = daemon
  const { room, secret, seed } = link
  const asked = { room, invite: signerFrom(seed), member: identity.signer, name }
  const question = encodeJoinRequest(makeJoinRequest(asked))
  const found = new Set<string>(link.addresses)
  const mesh = await lobbyMesh(daemon, { room, secret }, (addresses) => {
    for (const address of addresses) found.add(address)
  })
  const until = AbortSignal.any([signal, AbortSignal.timeout(JOIN_WAIT_MS)])
  const why: Reasons = new Map()
  const began = performance.now()
  try {
    while (!until.aborted) {
      if (performance.now() - began > JOIN_STRANGERS_MS && isElsewhere(why)) break
      const answered = await askEach({ mesh, question, addresses: [...found], why }, until)
      if (answered !== undefined) return answered
      await pause(JOIN_RETRY_MS, until)
    }
  } finally {
    await mesh.stop()
  }
  const tried = [...why].map(([address, { text }]) => `${address}: ${text}`).join('; ')
  const reached = tried === '' ? 'nobody of the room was found on the local network' : tried
  const fix = 'have a member run knot status, and knot invite for a link with its addresses of now'
  throw new Failure('PEERS_UNREACHABLE', `the room could not be reached: ${reached}`, fix)
}

async function askEach(
  {
    mesh,
    question,
    addresses,
    why,
  }: {
    mesh: Mesh
    question: Uint8Array
    addresses: readonly string[]
    why: Reasons
  },
  signal: AbortSignal,
): Promise<Answered | undefined> {
  let refused: Answered | undefined
  for (const address of addresses) {
    const outcome = await mesh.ask({ address }, question, signal)
    if (outcome.kind !== 'answered') {
      why.set(address, { kind: outcome.kind, text: outcome.why })
      continue
    }
    const read = decodeJoinAnswer(outcome.answer)
    if (read.kind === 'malformed') {
      why.set(address, { kind: 'refused', text: `gave an answer that does not read: ${read.why}` })
      continue
    }
    const answered = { answer: read.value, key: outcome.key, address }
    if (read.value.kind !== 'refused') return answered
    // Another member may know an invite that this one has not heard of yet.
    refused ??= answered
  }
  return refused
}

/** Whether everybody there is shows no knowledge of this room: waiting makes no link right. */
function isElsewhere(why: Reasons): boolean {
  return why.size > 0 && [...why.values()].every(({ kind }) => kind === 'stranger')
}

async function lobbyMesh(
  { identity, log }: Daemon,
  secret: { room: InviteLink['room']; secret: Uint8Array },
  found: (addresses: readonly string[]) => void,
): Promise<Mesh> {
  const nothing = () => undefined
  const started = await startMesh({
    seed: identity.seed,
    prologue: prologueOf(secret),
    mdnsTag: mdnsTagOf(secret),
    listen: (identity.config.listen ?? ['0.0.0.0']).map((host) => ({ host, port: 0 })),
    reach: identity.config.lanOnly === true ? 'lan' : 'anywhere',
    isMember: () => false,
    events: {
      up: nothing,
      down: nothing,
      frame: nothing,
      drained: nothing,
      found: (_key, addresses) => found(addresses),
      ask: async () => new Uint8Array(),
      git: (_key, stream) => stream.abort('not a member yet'),
    },
    log,
  })
  if (started.kind === 'started') return started.mesh
  const fix = 'knot config get listen shows where it would listen; knot config unset listen'
  throw new Failure('FAILED', `the network could not be opened: ${started.why}`, fix)
}

/** Writes the auth log to the store, once it is shown to be this room's and to have us in it. */
async function keepOps(
  daemon: Daemon,
  link: InviteLink,
  ops: readonly Uint8Array[],
): Promise<void> {
  const { identity } = daemon
  const log = new AuthLog(link.room)
  for (const bytes of ops) log.add(bytes, verifyFast)
  const membership = evaluate(log)
  if (membership === undefined || !isMember(membership, identity.signer.key)) {
    const why = 'the peer that answered gave an auth log in which this agent is no member'
    throw new Failure('INVITE_REFUSED', why, 'ask for a new link')
  }
  const { store } = await openStore(identity, () => undefined)
  try {
    store.append(log.ops().map(({ bytes }) => ({ kind: 'auth', bytes })))
    const flushed = await store.flush()
    if (flushed.kind === 'stopped') throw storeFailure(flushed.fault)
  } finally {
    await store.close()
  }
}

/** Remembers where the peer was that let us in: without mDNS it is the only one we can find. */
async function keepPlace(
  { identity, log }: Daemon,
  { key, address }: { key: PublicKey; address: string },
): Promise<void> {
  const path = identity.home.peers
  const { peers } = await readPeers(nodeDisk, path)
  const written = await writePeers(nodeDisk, path, reached(peers, key, address))
  if (written.kind === 'failed') log(`${path} was not written: ${written.fault.why}`)
}

/** The first sync is done when a peer greeted us and we hold what it held then. */
function hasSynced({ engine }: RunningRoom): boolean {
  if (termOf(engine) === 0) return false
  return [...engine.sessions.values()].some(({ actor, ahead }) => {
    return actor !== undefined && ahead.size === 0
  })
}

function refusal({ code, why }: Extract<JoinAnswer, { kind: 'refused' }>): Failure {
  const fixes = { 'wrong-room': 'check that the link is of this room' } as Record<string, string>
  return new Failure(
    'INVITE_REFUSED',
    why,
    fixes[code] ?? 'ask a member for a new link: knot invite',
  )
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = AbortSignal.any([signal, AbortSignal.timeout(ms)])
    if (stop.aborted) return resolve()
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
}
