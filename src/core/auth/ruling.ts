/**
 * What every op is worth: a pure function of the set of ops.
 *
 * An op stands when its author had the right in the op's past and no standing op ended it. Both
 * lead to other ops, mostly earlier ones, so most of the log settles in one pass. What is left are
 * tangles, where ops end each other in a ring; in each the most senior op stands, and that settles
 * some more. Members who throw each other out at the same time are the usual case.
 */
import type { Entry } from './log.ts'
import type { Place, Ruling } from './place.ts'
import type { Register } from './register.ts'
import { groundsOf, rightTo } from './right.ts'
import { tangleOf } from './tangle.ts'
import { type Threats, afterThreats, threatsTo } from './threats.ts'
import { witnessesOf } from './witnesses.ts'

/** Finds out what every op is worth. */
export function rule(register: Register): Ruling {
  const ruling: Ruling = { worth: [], author: [] }
  const threats = new Map(register.ops.map(entry => [entry, threatsTo(register, entry)]))
  const docket: Docket = { register, ruling, threats }

  let open = settle(docket, register.ops)
  while (open.length > 0) {
    const tangle = tangleOf(open, entry => waitsFor(docket, entry))
    const winner = mostSenior(docket, tangle)
    for (const { index } of openThreats(docket, winner)) ruling.worth[index] = 'ended'
    ruling.worth[winner.index] = 'stands'
    open = settle(docket, open)
  }
  return ruling
}

type Docket = {
  readonly register: Register
  readonly ruling: Ruling
  readonly threats: ReadonlyMap<Entry, Threats>
}

/** Settles what can be settled; answers what cannot yet. */
function settle(docket: Docket, entries: readonly Entry[]): Entry[] {
  let open = entries.filter(entry => docket.ruling.worth[entry.index] === undefined)
  for (;;) {
    const left = open.filter(entry => !isSettled(docket, entry))
    if (left.length === open.length) return left
    open = left
  }
}

function isSettled({ register, ruling, threats }: Docket, entry: Entry): boolean {
  const sight = { register, ruling, past: entry.past }
  if (ruling.author[entry.index] === undefined) {
    if (groundsOf(sight, entry).some(({ index }) => ruling.worth[index] === undefined)) return false
    ruling.author[entry.index] = rightTo(sight, entry)
  }
  const had = ruling.author[entry.index] !== undefined
  const worth = had ? afterThreats(sight, entry, threats.get(entry) as Threats) : 'void'
  ruling.worth[entry.index] = worth
  return worth !== undefined
}

/** The open ops that must be settled before this one can be. */
function waitsFor(docket: Docket, entry: Entry): Entry[] {
  const { register, ruling } = docket
  const grounds = groundsOf({ register, ruling, past: entry.past }, entry)
  const open = grounds.filter(({ index }) => ruling.worth[index] === undefined)
  return [...open, ...openThreats(docket, entry)]
}

function openThreats({ ruling, threats }: Docket, entry: Entry): Entry[] {
  const { takers, closers, closes } = threats.get(entry) as Threats
  return [...takers, ...closers, ...closes].filter(({ index }) => ruling.worth[index] === undefined)
}

/**
 * The op of a tangle whose author is nearest to the genesis. Only ops whose right is known take
 * part; the first of a tangle always is one, as nothing before it in the tangle can be open.
 */
function mostSenior({ register, ruling }: Docket, tangle: readonly Entry[]): Entry {
  const ranked = tangle
    .flatMap(entry => {
      const author = ruling.author[entry.index]
      return author === undefined ? [] : [{ entry, author }]
    })
    .sort((a, b) => compare(register, a, b))
  const winner = ranked[0]
  if (winner === undefined) throw new Error('bug: a tangle in which no op has a known right')
  return winner.entry
}

type Ranked = { entry: Entry; author: Place }

function compare(register: Register, a: Ranked, b: Ranked): number {
  const distance = a.author.distance - b.author.distance
  if (distance !== 0) return distance
  if (a.author.admission !== b.author.admission) {
    return a.author.admission.id < b.author.admission.id ? -1 : 1
  }
  const witnesses = witnessesOf(register, b.entry) - witnessesOf(register, a.entry)
  return witnesses || (a.entry.id < b.entry.id ? -1 : 1)
}
