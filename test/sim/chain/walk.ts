/**
 * Random walks of the worst kind: nobody ever trusts a leader, every message may come at any time,
 * twice or never, and the voters keep being changed. Short histories with much in them.
 */
import type { Member } from '../../../src/core/lease/members.ts'
import type { Rules } from '../../../src/core/lease/rules.ts'
import { actorNamed, actors, Lab } from '../../core/lease/cast.ts'
import { dice } from './dice.ts'
import { Oracle, Violation } from './oracle.ts'

export type Walk = {
  readonly seed: number
  readonly names: string
  readonly first: string
  readonly steps: number
  readonly rules?: Rules
  readonly mode?: 'strict' | 'harm'
}

/** Letters that may still arrive; beyond that the oldest are lost. */
const BAG = 40

/** Walks one seed; throws a Violation at the first thing that may never happen. */
export function walk({ seed, names, first, steps, rules, mode = 'strict' }: Walk): Oracle {
  const random = dice(seed)
  const any = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const oracle = new Oracle(actors(first))
  const lab = new Lab({
    names,
    first,
    ...(rules === undefined ? {} : { rules }),
    watch: (name, effect) => {
      const actor = actorNamed(name)
      if (effect.kind === 'persist' && mode === 'strict') {
        if (effect.what === 'journal') oracle.journal(actor, effect.bytes)
        if (effect.what === 'record') oracle.record(effect.bytes)
      }
      if (effect.kind === 'confirmed') oracle.told(actor, effect.records, mode)
      if (effect.kind === 'rolled-back') throw new Violation(effect.kind)
      if (mode === 'harm') return
      if (effect.kind === 'contradiction') throw new Violation(effect.kind)
      // Everybody here is honest: a record that anybody refuses should not have been written.
      if (effect.kind === 'unfit') throw new Violation(`${name} refuses a record: ${effect.why}`)
    },
  })
  const weights = {
    letter: 0.3 + random() * 0.5,
    campaign: 0.1 + random() * 0.3,
    change: random() * 0.3,
  }
  for (let step = 0; step < steps; step++) {
    const name = any([...names])
    if (random() < weights.letter && lab.wire.length > 0) {
      const at = Math.floor(random() * lab.wire.length)
      const [letter] = random() < 0.8 ? lab.wire.splice(at, 1) : lab.wire.slice(at, at + 1)
      if (letter !== undefined) lab.hand(letter)
    } else if (random() < weights.campaign) {
      campaign(lab, { name, names: some(names, random), random })
    } else if (random() < weights.change) {
      lab.faith(name)
      lab.step(name, { kind: 'eligible', members: reshaped(names, random) })
    } else if (random() < 0.1) {
      lab.restart(name)
      for (const other of names) lab.connect(name, other)
    } else {
      lab.faith(name)
      lab.propose(name, `${step}`)
    }
    lab.wire.splice(0, lab.wire.length - BAG)
  }
  return oracle
}

/** An agent asks and stands before some others, as far as it gets; the rest comes late or never. */
function campaign(
  lab: Lab,
  { name, names, random }: { name: string; names: string; random: () => number },
): void {
  for (const one of name + names) lab.doubt(one)
  lab.doze(name)
  lab.step(name, { kind: 'tick' })
  for (const kind of ['pre-grant', 'grant'] as const) {
    for (const voter of names) {
      if (random() < 0.9) lab.deliver({ from: name, to: voter, kind: 'stand' })
      if (random() < 0.9) lab.deliver({ from: voter, to: name, kind })
    }
  }
}

function some(names: string, random: () => number): string {
  return [...names].filter(() => random() < 0.7).join('')
}

/** Everybody is a member; a few are left out at times, so that voters come and go. */
function reshaped(names: string, random: () => number): Member[] {
  const leave = random() < 0.5
  return [...names]
    .filter(() => !leave || random() < 0.7)
    .map((name) => ({ actor: actorNamed(name), stands: true, online: true }))
}
