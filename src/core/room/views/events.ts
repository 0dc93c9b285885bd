/** Events: what `knot log` shows. Each stands for one fact, op or confirmed record. */
import type { ActorId, Hash, Instant, Oid, PublicKey } from '../../brand.ts'
import type { Role } from '../../auth/roles.ts'
import type { TaskAsked, Want } from '../claim-facts.ts'
import type { CheckRun, FactId, Named, Other } from '../facts.ts'
import type { LockMode } from '../lock-facts.ts'
import type { Entry, Landing, Shown, Undoing } from './board.ts'
import type { Lock } from './locks.ts'

type Base = { id: string; at: Instant }

export type Event = Base &
  (
    | { kind: 'founded'; by: PublicKey; name: string }
    | { kind: 'joined'; who: PublicKey; name: string }
    /** In a room that approves: somebody came by a link, and waits. */
    | { kind: 'asked'; who: PublicKey; name: string }
    | { kind: 'approved'; by: PublicKey; who: PublicKey }
    /** Who removes itself leaves. */
    | { kind: 'removed'; by: PublicKey; who: PublicKey }
    | { kind: 'role'; by: PublicKey; who: PublicKey; role: Role }
    | { kind: 'rotated'; by: PublicKey; key: PublicKey }
    | { kind: 'revoked'; by: PublicKey; invite: Hash }
    | { kind: 'said'; by: ActorId; text: string }
    | { kind: 'task'; by: ActorId; task: FactId; title: string }
    | ({ kind: 'pushed'; by: ActorId; commit: Oid; intent?: string } & Named)
    | {
        kind: 'landed'
        push: FactId
        commit: Oid
        term: number
        checks: CheckRun[]
        steers?: string[]
      }
    | ({ kind: 'conflict'; push: FactId; against: Other[] } & Named)
    | { kind: 'check-failed'; push: FactId; checks: CheckRun[]; output: string }
    | { kind: 'unrelated'; push: FactId }
    | { kind: 'contained'; push: FactId }
    | { kind: 'stale'; push: FactId; claim: FactId }
    | TaskEvent
    | LockEvent
    | { kind: 'doing'; by: ActorId; text: string }
    | {
        kind: 'undone'
        push: FactId
        landing: FactId
        /** Who asked. */
        asker: ActorId
        commit: Oid
        term: number
        reason?: string
      }
  )

/** What became of a task, or of an ask about one. */
export type TaskEvent =
  | { kind: 'ruled'; by: ActorId; task: FactId; want: Want; term: number }
  | { kind: 'released'; by: ActorId; task: FactId; why: 'silent' | 'removed' }
  /** The task was somebody else's, or over, before the ask was ruled on. */
  | { kind: 'ask-lost'; by: ActorId; task: FactId; want: Want; ask: FactId }

/** What became of a lock, or of an ask for one. */
export type LockEvent =
  | LockSaid & { kind: 'locked'; mode: LockMode; reason: string; term: number }
  | LockSaid & { kind: 'unlocked'; why: 'unlocked' | 'silent' | 'removed' }
  | LockSaid & { kind: 'lock-lost'; against: { by: ActorId; globs: string[] } }

type LockSaid = { by: ActorId; lock: FactId; globs: string[] }

/** The event of a fact that its author's word alone makes true; undefined for the others. */
export function eventOf(shown: Shown): Event | undefined {
  switch (shown.kind) {
    case 'said': {
      const { id, place, fact } = shown.entry
      return { kind: 'said', id, at: fact.at, by: place.actor, text: fact.text }
    }
    case 'task': {
      const { id, place, fact } = shown.entry
      return { kind: 'task', id, at: fact.at, by: place.actor, task: id, title: fact.title }
    }
    case 'pushed': {
      const { id, place, fact } = shown.entry
      const { at, commit, files, fileCount, intent } = fact
      const told = intent === undefined ? {} : { intent }
      return { kind: 'pushed', id, at, by: place.actor, commit, files, fileCount, ...told }
    }
    case 'refused':
      return refusalEvent(shown.entry)
    case 'doing': {
      const { id, place, fact } = shown.entry
      return { kind: 'doing', id, at: fact.at, by: place.actor, text: fact.text }
    }
    case 'ask-lost':
      return askLostEvent(shown.entry)
    case 'lock-lost':
      return lockLostEvent(shown)
    default:
      return undefined
  }
}

function refusalEvent(entry: Extract<Shown, { kind: 'refused' }>['entry']): Event {
  const { id, fact } = entry
  const base = { id, at: fact.at, push: fact.push }
  switch (fact.kind) {
    case 'conflict': {
      const { files, fileCount, against } = fact
      return { ...base, kind: 'conflict', files, fileCount, against }
    }
    case 'check':
      return { ...base, kind: 'check-failed', checks: fact.checks, output: fact.output }
    case 'stale':
      return { ...base, kind: 'stale', claim: fact.claim }
    default:
      return { ...base, kind: fact.kind }
  }
}

/** The name of the event that an ask came to nothing; it goes with the ask. */
export function lostId(ask: FactId): string {
  return `${ask}:lost`
}

/** The event of an ask about a task that is over without having been ruled on. */
export function askLostEvent({ id, place, fact }: Entry<TaskAsked>): Event {
  const { at, task, want } = fact
  return { kind: 'ask-lost', id: lostId(id), at, by: place.actor, task, want, ask: id }
}

/** The event of an ask for a lock that another one excludes. */
export function lockLostEvent({
  ask,
  at,
  against,
}: {
  ask: Lock
  at: Instant
  against: Lock
}): Event {
  const { id, actor, terms } = ask
  const other = { by: against.actor, globs: against.terms.globs }
  const said = { by: actor, lock: id, globs: terms.globs }
  return { kind: 'lock-lost', id: lostId(id), at, ...said, against: other }
}

/** The event of a landing that the chain confirmed. */
export function landedEvent({ id, term, fact }: Landing): Event {
  const { at, push, commit, checks } = fact
  const steers = fact.steers === undefined ? {} : { steers: fact.steers }
  return { kind: 'landed', id, at, push, commit, term, checks, ...steers }
}

/** The event of an undo that the chain confirmed. */
export function undoneEvent({ id, term, fact, undoes }: Undoing): Event {
  const { at, landing, ask, commit, reason } = fact
  const { push } = undoes.fact
  const told = { push, landing, asker: ask.actor, commit, term }
  return { kind: 'undone', id, at, ...told, ...(reason === undefined ? {} : { reason }) }
}

/** The order of the log: by the authors' clocks, the id settles ties. */
export function inLogOrder(events: Iterable<Event>): Event[] {
  return [...events].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}
