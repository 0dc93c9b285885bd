/**
 * The rules that look as if they could be relaxed: each, replaced by what a reader might put in
 * its place, lets two agents be told that different records are confirmed at one place. The same
 * steps under the rules as they are do not. Traces after the model checker's.
 */
import { expect, test } from 'vitest'
import { RULES, type Rules } from '../../../src/core/lease/rules.ts'
import { keyNamed, Lab } from './cast.ts'

type Mutant = {
  readonly name: string
  readonly names: string
  readonly first: string
  readonly rules: Partial<Rules>
  readonly trace: (lab: Lab) => void
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'the longest tail wins',
    names: 'ABC',
    first: 'ABC',
    rules: {
      mayLead: (candidate, own) => candidate.seq >= own.seq,
      mayReplace: (offered, held) => offered.seq > held.seq,
    },
    trace: (lab) => {
      lab.elect('A', 'B')
      lab.propose('A', 'nobody sees this')
      lab.propose('A', 'nor this')
      lab.lose({})
      lab.elect('B', 'C')
      accepts(lab, 'C', 'B')
      lab.elect('A', 'C')
      lab.settle('AC')
    },
  },
  {
    name: 'voters grant to any tail',
    names: 'ABC',
    first: 'ABC',
    rules: { mayLead: () => true },
    trace: (lab) => {
      lab.elect('A', 'B')
      accepts(lab, 'B', 'A')
      lab.elect('C', 'B')
      lab.settle('BC')
    },
  },
  {
    name: 'a delayed, lower tail truncates',
    names: 'ABC',
    first: 'ABC',
    rules: { mayReplace: () => true },
    trace: (lab) => {
      // A's leftovers of t1 reach C after C confirmed a record of t2 with B.
      lab.elect('A', 'B')
      const late = lab.take({ from: 'A', to: 'C', kind: 'records' })
      lab.elect('B', 'C')
      accepts(lab, 'C', 'B')
      for (const letter of late) lab.hand(letter)
      lab.elect('A', 'C')
      lab.settle('AC')
    },
  },
  {
    name: 'the old set elects until the change counts',
    names: 'ABC',
    first: 'ABC',
    rules: { electors: ({ old }) => [old] },
    trace: (lab) => {
      lab.elect('A', 'B')
      lab.settle('ABC')
      lab.members('A', 'AB')
      accepts(lab, 'B', 'A')
      lab.propose('A', 'A confirms alone, 1 of 2')
      lab.elect('B', 'C')
      lab.settle('BC')
    },
  },
  {
    name: 'the new set alone elects',
    names: 'ABCD',
    first: 'ABCD',
    rules: { electors: ({ voters }) => [voters] },
    trace: (lab) => {
      lab.elect('A', 'BC')
      lab.settle('ABCD')
      lab.members('A', 'ABC')
      lab.lose({})
      lab.elect('C', 'BD')
      lab.settle('CD')
      lab.elect('A', 'B')
      lab.settle('AB')
    },
  },
  {
    name: 'the new set alone confirms',
    names: 'ABC',
    first: 'ABC',
    rules: { confirmers: ({ voters }) => [voters] },
    trace: (lab) => {
      lab.elect('A', 'BC')
      lab.settle('ABC')
      lab.members('A', 'AB')
      lab.lose({})
      lab.elect('B', 'C')
      lab.settle('BC')
    },
  },
  {
    name: 'the old set alone confirms',
    names: 'ABC',
    first: 'AB',
    rules: { confirmers: ({ old }) => [old] },
    trace: (lab) => {
      for (const name of 'ABC') lab.members(name, 'ABC')
      lab.elect('A', 'B')
      lab.deliver({ from: 'A', to: 'B', kind: 'records' })
      lab.deliver({ from: 'A', to: 'C', kind: 'records' })
      lab.deliver({ from: 'C', to: 'A', kind: 'accept' })
      const change = lab.take({ from: 'A', kind: 'records' })
      lab.propose('A', 'A confirms alone, 1 of 2')
      lab.lose({})
      // C does not reach A, so B gets to know that the change counts.
      lab.step('C', { kind: 'disconnected', key: keyNamed('A') })
      for (const letter of change) lab.hand(letter)
      lab.deliver({ from: 'C', to: 'B', kind: 'accept' })
      lab.elect('B', 'C')
      lab.settle('BC')
    },
  },
  {
    name: 'there is one change at a time for each leader, not for the chain',
    names: 'ABCDE',
    first: 'ABC',
    rules: { mayChange: ({ counted, term }, now) => counted !== undefined || term !== now },
    trace: (lab) => {
      for (const name of 'ABCDE') lab.members(name, 'ABCDE')
      lab.elect('A', 'BC')
      for (const learner of 'DE') lab.deliver({ from: 'A', to: learner, kind: 'records' })
      for (const learner of 'DE') lab.deliver({ from: learner, to: 'A', kind: 'accept' })
      lab.elect('A', 'BD')
      lab.settle('AE')
      lab.connect('D', 'A')
      lab.settle('AD')
      lab.elect('B', 'C')
      lab.settle('BC')
    },
  },
  {
    name: 'accepts of different terms add up',
    names: 'ABCDE',
    first: 'ABCDE',
    rules: { proves: (accept, place) => accept.seq >= place.seq },
    trace: (lab) => {
      lab.elect('B', 'AC')
      accepts(lab, 'A', 'B')
      lab.elect('C', 'DE')
      lab.elect('A', 'BD')
      const open = lab.take({ from: 'A', to: 'B', kind: 'records' })
      lab.step('D', { kind: 'disconnected', key: keyNamed('A') })
      lab.doze('D', 1_100)
      lab.deliver({ from: 'A', to: 'D', kind: 'records' })
      lab.deliver({ from: 'D', to: 'A', kind: 'want' })
      lab.deliver({ from: 'A', to: 'D', kind: 'records' })
      const word = lab.take({ from: 'D', to: 'B', kind: 'accept' })
      // B grants the fourth term, then learns what was said in the first and the third.
      lab.elect('C', 'BE')
      for (const letter of [...open, ...word]) lab.hand(letter)
      lab.settle('CDE')
    },
  },
]

/** The leader's newest records reach one voter and its accept gets back; all else is lost. */
function accepts(lab: Lab, voter: string, leader: string): void {
  lab.deliver({ from: leader, to: voter, kind: 'records' })
  lab.deliver({ from: voter, to: leader, kind: 'accept' })
  lab.lose({})
}

for (const { name, names, first, rules, trace } of MUTANTS) {
  test(`it is harm that ${name}`, () => {
    const mutant = new Lab({ names, first, rules: { ...RULES, ...rules } })
    trace(mutant)
    expect(mutant.lies()).not.toEqual([])
  })

  test(`it is refused that ${name}`, () => {
    const lab = new Lab({ names, first })
    trace(lab)
    expect(lab.lies()).toEqual([])
  })
}
