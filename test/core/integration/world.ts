/**
 * A leader's world of chance around the planner: pushes come, git and checks take their time and
 * sometimes break, landings wait for their confirmation, and leaders change. It performs the steps
 * in the way the engine does, and keeps a log of what became of each push.
 */
import type { Oid } from '../../../src/core/brand.ts'
import {
  type CheckOutcome,
  clearDesk,
  type Desk,
  inOrder,
  type MergeOutcome,
  nextSteps,
  type Queued,
  type Step,
} from '../../../src/core/integration/planner.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { oid } from '../room/drafts.ts'
import { outcomes, push, results } from './cast.ts'

export type Chances = {
  pushes: number
  /** In a hundred, of anything that runs here. */
  breaks: number
  /** In a hundred rounds. */
  depositions: number
  /** Whether the pushes are all there at the start. */
  arrivals: 'at once' | 'over time'
}

type Running = { until: number; head: Oid | undefined; push: FactId; done: (desk: Desk) => void }

export type End = { n: number; how: 'landed' | 'refused'; round: number }

/** Runs a world until every push has ended, and tells how each did, in order. */
export function run(roll: (below: number) => number, chances: Chances): End[] {
  const all = Array.from({ length: chances.pushes }, (_, n) => push(n, roll(30)))
  const nth = new Map(all.map(({ push: id }, n) => [id, n]))
  const comes = all.map(() => (chances.arrivals === 'at once' ? 0 : roll(60)))
  const luck = all.map(() => ({ merge: roll(10), check: roll(10) }))
  const ends: End[] = []
  const over = new Set<FactId>()
  const paused = new Map<FactId, number>()
  let head: Oid | undefined
  let desk = clearDesk(head)
  let running: Running[] = []
  let proposed: { item: Queued; commit: Oid; until: number } | undefined

  const end = (id: FactId, how: End['how'], round: number) => {
    if (over.has(id)) throw new Error(`push ${nth.get(id)} ended twice`)
    over.add(id)
    ends.push({ n: nth.get(id) as number, how, round })
  }

  for (let round = 0; ends.length < all.length; round++) {
    if (round > 2_000) throw new Error(`${all.length - ends.length} pushes wait for ever`)
    if (proposed !== undefined && proposed.until <= round) {
      end(proposed.item.push, 'landed', round)
      head = proposed.commit
      proposed = undefined
    }
    if (roll(100) < chances.depositions) {
      // The next leader adopts what was proposed, or never heard of it; the desk it starts empty.
      if (roll(2) === 0) proposed = undefined
      desk = clearDesk(head)
      running = []
    }
    if (desk.head !== head) desk = clearDesk(head)
    desk.landing = proposed?.item.push
    for (const job of running.filter(({ until }) => until <= round)) {
      if (job.head === desk.head) job.done(desk)
    }
    running = running.filter(({ until }) => until > round)

    for (const [id, until] of paused) if (until <= round) paused.delete(id)
    const queue = all.filter(({ push: id }, n) => {
      return !over.has(id) && !paused.has(id) && (comes[n] as number) <= round
    })
    for (const step of nextSteps(desk, queue)) take(step, round, queue)
  }
  return ends

  function take(step: Step, round: number, queue: readonly Queued[]): void {
    const { item } = step
    const n = nth.get(item.push) as number
    const job = { until: round + 1 + roll(4), head: desk.head, push: item.push }
    switch (step.kind) {
      case 'merge':
        if (desk.merging !== undefined) throw new Error('two merges at once')
        desk.merging = item.push
        running.push({ ...job, done: (at) => merged(at, item.push, mergeOf(n)) })
        return
      case 'check':
        if (desk.checking !== undefined) throw new Error('two checks at once')
        desk.checking = item.push
        running.push({ ...job, done: (at) => checked(at, item.push, checkOf(n)) })
        return
      case 'land':
        if (proposed !== undefined) throw new Error('two landings at once')
        mayLand(item, step.commit, queue)
        proposed = { item, commit: step.commit, until: round + 1 + roll(5) }
        desk.landing = item.push
        return
      case 'refuse':
        end(item.push, 'refused', round)
        return
      case 'retry':
        desk.merges.delete(item.push)
        desk.checks.delete(item.push)
        paused.set(item.push, round + 1 + roll(5))
    }
  }

  /** What landed was tested on this very head, and nobody before it could have landed now. */
  function mayLand(item: Queued, commit: Oid, queue: readonly Queued[]): void {
    if (commit !== landingOf(nth.get(item.push) as number)) throw new Error('not what was tested')
    for (const earlier of inOrder(queue)) {
      if (earlier.push === item.push) return
      const merge = desk.merges.get(earlier.push)
      const check = desk.checks.get(earlier.push)
      const unfit = merge !== undefined && merge.kind !== 'clean'
      const failing = check !== undefined && check.kind !== 'passed'
      // What broke in this very round was taken off the desk already.
      if (!unfit && !failing && !paused.has(earlier.push)) {
        throw new Error(`push ${nth.get(item.push)} overtook push ${nth.get(earlier.push)}`)
      }
    }
  }

  function landingOf(n: number): Oid {
    return oid(`push ${n} on ${head ?? 'nothing'}`)
  }

  function mergeOf(n: number): MergeOutcome {
    if (roll(100) < chances.breaks) return outcomes.broke
    const kinds = ['conflict', 'unrelated', 'contained'] as const
    // A merge is a function of the push and the head; the length of the train stands for the head.
    const draw = ((luck[n] as { merge: number }).merge + over.size) % 10
    return outcomes[kinds[draw] ?? 'clean']
  }

  function checkOf(n: number): CheckOutcome {
    if (roll(100) < chances.breaks) return results.broke
    return (luck[n] as { check: number }).check < 2
      ? results.failed
      : { ...results.passed, commit: landingOf(n) }
  }
}

function merged(desk: Desk, id: FactId, outcome: MergeOutcome): void {
  if (desk.merging === id) desk.merging = undefined
  desk.merges.set(id, outcome)
}

function checked(desk: Desk, id: FactId, outcome: CheckOutcome): void {
  if (desk.checking === id) desk.checking = undefined
  desk.checks.set(id, outcome)
}
