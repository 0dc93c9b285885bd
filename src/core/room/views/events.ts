/** Events: what `knot log` shows. Each stands for one fact, op or confirmed record. */
import type { ActorId, Instant, Oid, PublicKey } from '../../brand.ts'
import type { CheckRun, FactId, Named, Other } from '../facts.ts'
import type { Landing, Shown } from './board.ts'

type Base = { id: string; at: Instant }

export type Event = Base &
  (
    | { kind: 'founded'; by: PublicKey; name: string }
    | { kind: 'joined'; who: PublicKey; name: string }
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
  )

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
    default:
      return { ...base, kind: fact.kind }
  }
}

/** The event of a landing that the chain confirmed. */
export function landedEvent({ id, term, fact }: Landing): Event {
  const { at, push, commit, checks } = fact
  const steers = fact.steers === undefined ? {} : { steers: fact.steers }
  return { kind: 'landed', id, at, push, commit, term, checks, ...steers }
}

/** The order of the log: by the authors' clocks, the id settles ties. */
export function inLogOrder(events: Iterable<Event>): Event[] {
  return [...events].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}
