/**
 * What may never happen, judged from everything that anybody ever wrote to disk.
 *
 * The oracle knows more than any peer: every record and accept, delivered or not. It is written
 * from DESIGN §7 and the model, and shares no code with what it judges but the decoders.
 */
import type { ActorId, Hash } from '../../../src/core/brand.ts'
import type { Accept, Grant } from '../../../src/core/lease/ballot.ts'
import { decodeEntry } from '../../../src/core/lease/journal.ts'
import { decodeRecord, hold, type ChainRecord } from '../../../src/core/lease/record.ts'
import { ROOM } from '../../core/lease/cast.ts'

type Change = { seq: number; old: readonly ActorId[]; now: readonly ActorId[]; counted: number }

type Place = {
  readonly record: ChainRecord
  readonly id: Hash
  readonly parent: Place | undefined
  readonly change: Change | undefined
  confirmed: boolean
}

export class Violation extends Error {}

export class Oracle {
  readonly #first: readonly ActorId[]
  readonly #places = new Map<Hash, Place>()
  readonly #byTerm = new Map<number, Place[]>()
  readonly #accepts = new Map<number, Map<ActorId, number>>()
  readonly #promised = new Map<ActorId, number>()
  readonly #grants = new Map<string, ActorId>()
  readonly #accepted = new Map<string, Hash>()
  readonly #confirmed: Place[] = []
  readonly #told = new Map<number, Hash>()
  confirmations = 0
  changes = 0

  constructor(first: readonly ActorId[]) {
    this.#first = first
  }

  get terms(): number {
    return this.#byTerm.size
  }

  get confirmedSeq(): number {
    return this.#confirmed.length
  }

  record(bytes: Uint8Array): void {
    const decoded = decodeRecord(bytes)
    if (decoded.kind === 'malformed') throw new Violation(`a record on disk: ${decoded.why}`)
    const { record, id } = hold(ROOM, decoded.value)
    if (this.#places.has(id)) return
    const parent = this.#places.get(record.prev)
    if (record.seq > 1 && parent === undefined) throw new Violation('a record without its parent')
    const place = { record, id, parent, change: this.#changeAt(record, parent), confirmed: false }
    this.#places.set(id, place)
    const term = this.#byTerm.get(record.term) ?? []
    this.#byTerm.set(record.term, term)
    const before = term.at(-1)
    if (before !== undefined && before.id !== record.prev) {
      throw new Violation(`two records of term ${record.term} follow one`)
    }
    term.push(place)
    if (before === undefined) this.#checkLeader(place)
  }

  journal(by: ActorId, bytes: Uint8Array): void {
    const decoded = decodeEntry(bytes)
    if (decoded.kind === 'malformed') throw new Violation(`a journal entry: ${decoded.why}`)
    const entry = decoded.value
    const term = entry.kind === 'grant' ? entry.grant.term : entry.accept.term
    const promised = this.#promised.get(by) ?? 0
    if (term < promised) throw new Violation(`${short(by)} promised ${promised}, signed ${term}`)
    this.#promised.set(by, term)
    if (entry.kind === 'grant') this.#grant(entry.grant)
    else this.#accept(entry.accept)
  }

  /** A peer says that these are confirmed: others must never be told anything else. */
  told(by: ActorId, records: readonly ChainRecord[], mode: 'strict' | 'harm'): void {
    for (const record of records) {
      const { id } = hold(ROOM, record)
      const other = this.#told.get(record.seq)
      if (other !== undefined && other !== id) {
        throw new Violation(`${short(by)} and another are told two records at ${record.seq}`)
      }
      this.#told.set(record.seq, id)
      if (mode === 'strict' && this.#places.get(id)?.confirmed !== true) {
        throw new Violation(`${short(by)} calls ${record.seq} confirmed, which it is not`)
      }
    }
  }

  #grant(grant: Grant): void {
    const key = `${grant.voter} ${grant.term}`
    const other = this.#grants.get(key)
    if (other !== undefined && other !== grant.candidate) {
      throw new Violation(`${short(grant.voter)} granted term ${grant.term} twice`)
    }
    this.#grants.set(key, grant.candidate)
  }

  #accept(accept: Accept): void {
    const place = this.#places.get(accept.id)
    if (place === undefined) throw new Violation('an accept of a record that nobody has')
    if (place.record.term !== accept.term) throw new Violation('an accept in another term')
    const key = `${accept.voter} ${accept.term} ${accept.seq}`
    const other = this.#accepted.get(key)
    if (other !== undefined && other !== accept.id) {
      throw new Violation(`${short(accept.voter)} accepted two records at ${accept.seq}`)
    }
    this.#accepted.set(key, accept.id)
    const byVoter = this.#accepts.get(accept.term) ?? new Map<ActorId, number>()
    this.#accepts.set(accept.term, byVoter)
    if ((byVoter.get(accept.voter) ?? 0) > accept.seq) throw new Violation('a shorter accept')
    byVoter.set(accept.voter, accept.seq)
    this.#judge()
  }

  #judge(): void {
    const rows = [...this.#byTerm.values()].flat().filter(({ confirmed }) => !confirmed)
    const counting = [...this.#byTerm.values()].flat()
    for (const place of counting) {
      const { change, record } = place
      if (change === undefined || change.counted <= record.term) continue
      const got = this.#accepters(place)
      const counts = enough(got, change.old) && enough(got, change.now) && majority(got, change.now)
      if (!counts) continue
      if (change.counted === Infinity) this.changes++
      change.counted = record.term
    }
    for (const place of rows) {
      const { change, record } = place
      const sets =
        change === undefined
          ? [this.#first]
          : change.counted <= record.term
            ? [change.now]
            : [change.old, change.now]
      const got = this.#accepters(place)
      if (sets.every((set) => enough(got, set))) this.#confirm(place)
    }
  }

  #accepters({ record }: Place): Set<ActorId> {
    const byVoter = this.#accepts.get(record.term) ?? new Map<ActorId, number>()
    return new Set([...byVoter].filter(([, seq]) => seq >= record.seq).map(([voter]) => voter))
  }

  #confirm(place: Place): void {
    this.confirmations++
    for (let at: Place | undefined = place; at !== undefined; at = at.parent) {
      const other: Place | undefined = this.#confirmed[at.record.seq - 1]
      if (other !== undefined && other !== at) {
        throw new Violation(`two records are confirmed at ${at.record.seq}`)
      }
      if (at.confirmed) break
      at.confirmed = true
      this.#confirmed[at.record.seq - 1] = at
    }
    // Leaders of later terms that came before this was known.
    for (const [term, [open]] of this.#byTerm) {
      if (term > place.record.term) this.#checkHas(open as Place, place)
    }
  }

  #checkLeader(open: Place): void {
    const earlier = this.#confirmed.filter(({ record }) => record.term < open.record.term)
    const last = earlier.at(-1)
    if (last !== undefined) this.#checkHas(open, last)
  }

  #checkHas(open: Place, place: Place): void {
    let at: Place | undefined = open
    while (at !== undefined && at.record.seq > place.record.seq) at = at.parent
    if (at === place) return
    const { term, seq } = place.record
    throw new Violation(`term ${open.record.term} lacks record ${seq}, confirmed in ${term}`)
  }

  #changeAt({ payload, seq }: ChainRecord, parent: Place | undefined): Change | undefined {
    if (payload.kind !== 'voters') return parent?.change
    const old = parent?.change?.now ?? this.#first
    return { seq, old, now: payload.voters, counted: Infinity }
  }
}

function enough(got: Set<ActorId>, set: readonly ActorId[]): boolean {
  return set.filter((voter) => got.has(voter)).length >= Math.ceil(set.length / 2)
}

function majority(got: Set<ActorId>, set: readonly ActorId[]): boolean {
  return set.filter((voter) => got.has(voter)).length * 2 > set.length
}

function short(actor: ActorId): string {
  return `${actor.slice(0, 4)}/${actor.slice(-2)}`
}
