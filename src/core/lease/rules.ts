/**
 * The rule book: the readings on which "at most one" rests, each as one small function.
 *
 * Every one was found by dropping it in a model checker, where two confirmed records at one place
 * followed within three to six steps. They look as if they could be relaxed; each comment names
 * what then happens (A, B, C are voters, t1, t2 terms). They are gathered in a value so that the
 * simulator can replace one and must then find the harm; the program itself only uses `RULES`.
 */
import type { ActorId } from '../brand.ts'
import type { Accept } from './ballot.ts'
import { comparePositions, type Position } from './position.ts'
import { isEnough, isMajority, type Voters } from './voters.ts'

/** A change of the voters, as far as the rules look at it. */
export type ChangeSets = { readonly old: Voters; readonly voters: Voters }

export type Rules = {
  /** The term a voter has promised once it accepted in a term. */
  readonly promiseOfAccept: (promised: number, term: number) => number
  /** Whether an accept helps to confirm this place (the term is the record's own). */
  readonly proves: (accept: Accept, place: Position) => boolean
  /** Whether a voter with this tail may grant to a candidate with that one. */
  readonly mayLead: (candidate: Position, own: Position) => boolean
  /** Whether a tail may take the place of the one that is held. */
  readonly mayReplace: (offered: Position, held: Position) => boolean
  /** The sets whose majorities elect while a change is not known to count. */
  readonly electors: (change: ChangeSets) => readonly Voters[]
  /** The sets of which enough must accept a record at or after such a change. */
  readonly confirmers: (change: ChangeSets) => readonly Voters[]
  /** Whether those who accepted make a change count. */
  readonly counts: (got: ReadonlySet<ActorId>, change: ChangeSets) => boolean
  /** Whether a change may be appended in a term after the last one. */
  readonly mayChange: (last: { counted: number | undefined; term: number }, term: number) => boolean
}

/** The readings under which at most one record is confirmed at a place. */
export const RULES: Rules = {
  // An accept promises its term. Otherwise C, holding grants of t1, accepts A's record in t2 and
  // goes on to lead t1 and t3 without it. (`floorOf` says the same of the held tail, once more.)
  promiseOfAccept: (promised, term) => Math.max(promised, term),

  // Accepts of different terms never add up, and a record is confirmed only by accepts of its own
  // term, or by a later record that is. Otherwise (Raft's figure 8) B has A accept in t3 what B
  // wrote in t1, that "confirms", and C, whose tail is of t2, wins t4 and overwrites it.
  proves: (accept, place) => accept.term === place.term && accept.seq >= place.seq,

  // The tail ranks by the term of its last *record*. With the term of the last accept, C accepts a
  // mere prefix in t2 and outranks B, who holds a second, confirmed, record. With the length alone
  // a long tail that nobody accepted wins.
  mayLead: (candidate, own) => comparePositions(candidate, own) >= 0,

  // What is held never ranks lower afterwards. Otherwise a delayed, shorter accept of the same
  // chain truncates the tail of C, who then leads t3 without the second record.
  mayReplace: (offered, held) => comparePositions(offered, held) > 0,

  // Both sets elect. With the old one alone, A (ABC to AB) appends the change, B accepts, it
  // counts; B, not knowing, wins t3 with C while A confirms alone. With the new one alone, A
  // appends ABCD to ABC unseen, C confirms with D, A wins t3 with B.
  electors: (change) => [change.old, change.voters],

  // Both sets confirm, the change and all that follows it. With the old one alone, B (AB to A)
  // confirms x by itself while A's accept makes the change count and A leads alone. Enough of the
  // new one only fails the same way round.
  confirmers: (change) => [change.old, change.voters],

  // Enough of both, so that neither set can elect past the change, and a majority of the new one,
  // so that one of it meets every set that is enough of it from now on.
  counts: (got, { old, voters }) =>
    isEnough(got, old) && isEnough(got, voters) && isMajority(got, voters),

  // One change at a time over the whole chain, whoever leads. One per leader is not enough: A
  // appends +D in t1 uncounted, is elected again, appends +E with D and E accepting; B wins t3
  // with C, to whom neither change ever came.
  mayChange: (last, term) => last.counted !== undefined && last.counted <= term,
}
