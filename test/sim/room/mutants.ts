/**
 * Rules broken on purpose, one at a time, each with what the simulator must then say. A promise
 * that nothing can break is not watched.
 */
import type { Effect, Job, StoreEntry } from '../../../src/core/engine/effect.ts'
import type { Worked } from '../../../src/core/engine/input.ts'
import { headOf } from '../../../src/core/engine/landing.ts'
import type { Engine } from '../../../src/core/engine/state.ts'
import { tailOf } from '../../../src/core/lease/chain.ts'
import { decodeChange } from '../../../src/core/room/decode.ts'
import { readFact, type Refused } from '../../../src/core/room/facts.ts'
import { type Entry, foldLanding } from '../../../src/core/room/views/board.ts'
import { type Event, eventOf } from '../../../src/core/room/views/events.ts'
import { decodeFrame, type Frame } from '../../../src/core/sync/wire.ts'
import type { SimPeer } from './peer.ts'
import { type Desk, work } from './work.ts'

/** A rule that is broken on purpose. */
export type Mutant = {
  /** What is wrong, in words. */
  name: string
  /** What the simulator must say of it. */
  symptom: string
  /** After an engine was opened from its disk. */
  opened?(engine: Engine): void
  /** After each step. */
  stepped?(engine: Engine): void
  /** On the way from the engine to the world. */
  effects?(effects: readonly Effect[], peer: SimPeer): readonly Effect[]
  /** In the place of the work on git objects; undefined leaves it as it is. */
  works?(job: Job, desk: Desk): Worked | undefined
}

const DISK: Mutant[] = [
  {
    name: 'own changes are not written down',
    symptom: 'something acknowledged is not on disk',
    effects: losing(isOwn),
  },
  {
    name: 'calls are answered before what they wrote is on disk',
    symptom: 'something acknowledged is not on disk',
    effects: (effects) => first(effects, 'answer'),
  },
  {
    name: 'own changes are sent before they are on disk',
    symptom: 'a change left before it was on disk',
    effects: (effects) => first(effects, 'send'),
  },
  {
    name: 'the disk says that it has what a leader wrote, and its witness, and has not',
    symptom: 'a stream forked',
    effects: (effects, peer) => {
      if (effects.some(({ kind }) => kind === 'answer')) return effects
      return effects.filter((effect) => {
        if (effect.kind !== 'persist') return true
        if (effect.entry.kind === 'signed') return false
        const lost = isOwn(effect.entry, peer)
        if (lost) for (const { hash } of ownOf(peer)) peer.written.add(hash)
        return !lost
      })
    },
  },
  {
    name: 'the changes of others are not written down',
    symptom: 'an event was shown twice',
    effects: losing((entry, peer) => entry.kind === 'change' && !isOwn(entry, peer)),
  },
  {
    name: 'a restart folds no tasks',
    symptom: 'an own acknowledged fact was lost in a restart',
    opened: ({ board }) => board.tasks.clear(),
  },
]

const CHAIN: Mutant[] = [
  {
    name: 'a leader confirms before anybody accepted',
    symptom: 'two records are confirmed at one place',
    stepped: ({ lease: { chain, role } }) => {
      const { term, seq } = tailOf(chain)
      if (role.kind === 'leader') chain.confirmed = { term, seq }
    },
  },
  {
    name: 'a candidate leads before anybody granted',
    symptom: 'two peers lead one term',
    stepped: ({ lease }) => {
      if (lease.role.kind !== 'asking') return
      const { term, since: pulsedAt } = lease.role
      lease.role = { kind: 'leader', term, pulsedAt, answered: new Map(), lapsed: true }
    },
  },
  {
    name: 'a peer takes back what it took for confirmed',
    symptom: 'what was confirmed is not confirmed any more',
    stepped: ({ lease: { chain } }) => {
      if (chain.confirmed.seq % 4 === 3) chain.confirmed = { ...chain.confirmed, seq: 1 }
    },
  },
]

const LANDING: Mutant[] = [
  {
    name: 'a landing is confirmed by the fact alone',
    symptom: 'somebody landed who did not lead',
    stepped: foldClaims,
  },
  {
    name: 'what was learnt of one head counts for the next',
    symptom: 'a landing leaves the one before it out',
    stepped: (engine) => {
      const head = headOf(engine)
      if (engine.desk !== undefined && head !== undefined) engine.desk.head = head
    },
  },
  {
    name: 'the pushed commit lands, not the merge that was tested',
    symptom: 'a landing is not the tree that was tested',
    works: (job, desk) => {
      const done = work(desk, job)
      if (job.kind !== 'check' || done.kind !== 'check') return done
      if (done.outcome.kind !== 'passed') return done
      return { ...done, outcome: { ...done.outcome, commit: job.commit } }
    },
  },
  {
    name: 'a check that failed passes',
    symptom: 'a broken tree landed',
    works: (job, { git, disk }) => {
      if (job.kind !== 'check') return undefined
      const { push, head } = job
      const commit = git.land(head, job.commit, job.tree)
      disk.commits.add(commit)
      return { kind: 'check', push, head, outcome: { kind: 'passed', checks: [], commit, steers: [] } }
    },
  },
  {
    name: 'a verdict counts from anybody',
    symptom: 'somebody refused who did not lead',
    effects: (effects, { engine }) => {
      const verdicts = [...engine.board.verdicts.values()].flat()
      const hidden = verdicts.filter(({ id }) => !engine.events.has(id))
      return [...effects, ...hidden.map((entry) => told(engine, entry))]
    },
  },
  {
    name: 'a push that landed stays in the queue',
    symptom: 'a landed push was refused',
    stepped: ({ board }) => {
      for (const { push } of board.landings.map(({ fact }) => fact)) {
        const entry = board.pushes.get(push)
        if (entry !== undefined) board.open.set(push, entry)
      }
    },
  },
]

const UNDO: Mutant[] = [
  {
    name: 'an undo of what landed first keeps its files',
    symptom: 'the head is not what stands after an undo',
    works: (job, { git, disk }) => {
      if (job.kind !== 'undo') return undefined
      const { ask, head } = job
      const commit = git.undo(head, head)
      disk.commits.add(commit)
      return { kind: 'undo', ask, head, outcome: { kind: 'made', commit, tree: git.tree(commit) } }
    },
  },
  {
    name: 'what was undone is taken for landed still',
    symptom: 'an undone push stands',
    stepped: ({ board: { line, stack } }) => {
      const last = line.at(-1)
      if (last !== undefined && 'undoes' in last && stack[0] !== last.undoes) {
        stack.unshift(last.undoes)
      }
    },
  },
]

const LIVES: Mutant[] = [
  {
    name: 'nobody ever begins another life',
    symptom: 'somebody lives on in a stream that is sealed',
    opened: (engine) => {
      Object.defineProperty(engine, 'ending', { get: () => undefined, set: () => undefined })
    },
  },
  {
    name: 'nobody says again what a seal cut off',
    symptom: 'something acknowledged was lost',
    stepped: ({ beyond }) => beyond.clear(),
  },
]

const MEMBERS: Mutant[] = [
  {
    name: 'the founder sees no members but the first two',
    symptom: 'one set of ops gave two memberships',
    stepped: (engine) => {
      const { membership } = engine
      if (engine.me.actor !== membership.founder) return
      engine.membership = { ...membership, members: new Map([...membership.members].slice(0, 2)) }
    },
  },
]

const HOLDINGS: Mutant[] = [
  {
    name: 'everybody takes itself for the owner of what is claimed',
    symptom: 'a task has two owners',
    stepped: ({ board, me }) => {
      for (const { holder } of board.claims.tasks.values()) if (holder) holder.actor = me.actor
    },
  },
  {
    name: 'a lock is granted whoever has the paths',
    symptom: 'two locks stand that exclude each other',
    opened: ({ board }) => {
      board.locks.held.values = () => new Map<never, never>().values()
    },
  },
  {
    name: 'nobody hears what is asked of tasks and locks',
    symptom: 'an ask waits for ever',
    stepped: ({ due }) => void due.delete('ruling'),
    opened: ({ board }) => {
      board.claims.live[Symbol.iterator] = () => new Set<never>().values()
      board.locks.asks.values = () => new Map<never, never>().values()
    },
  },
]

const HEALING: Mutant[] = [
  {
    name: 'every seventh change is never sent',
    symptom: 'the views did not converge',
    effects: silencing((frame) => frame.kind === 'run' && frame.seq % 7 === 3),
  },
  {
    name: 'the board forgets messages',
    symptom: 'something acknowledged was lost',
    stepped: ({ board, lease }) => {
      if (lease.chain.held.length > 4) board.chat.clear()
    },
  },
  {
    name: 'the integration ref stays where it is',
    symptom: 'an integration ref did not follow',
    works: (job) => {
      if (job.kind !== 'advance') return undefined
      return { kind: 'advance', outcome: 'done', integration: job.landings.at(-1)?.commit }
    },
  },
  {
    name: 'a check that broke off is not tried again',
    symptom: 'a push waits for ever',
    works: (job) => (job.kind === 'check' ? { kind: 'refs' } : undefined),
  },
  {
    name: 'an undo that broke off is not tried again',
    symptom: 'a wish to undo waits for ever',
    works: (job) => (job.kind === 'undo' ? { kind: 'refs' } : undefined),
  },
  {
    name: 'refused pushes are let go',
    symptom: 'a push is not pinned',
    stepped: ({ board, holding }) => {
      for (const push of board.unlanded.keys()) if (!board.open.has(push)) holding.delete(push)
    },
  },
  {
    name: 'nobody says what it holds',
    symptom: 'holders are not as they are told',
    effects: silencing((frame) => frame.kind === 'held'),
  },
]

/** Every rule that the simulator is tried on. */
export const MUTANTS: readonly Mutant[] = [
  ...DISK, ...CHAIN, ...LANDING, ...UNDO, ...LIVES, ...MEMBERS, ...HOLDINGS, ...HEALING,
]

/** Takes what the document says of landings for true, as if the chain had confirmed it. */
function foldClaims(engine: Engine): void {
  for (const [actor, held] of engine.held) {
    const decoded = decodeChange((held.at(-1) as { bytes: Uint8Array }).bytes)
    if (decoded.kind === 'malformed') continue
    for (const { value } of decoded.change.ops) {
      const fact = value === undefined ? undefined : readFact('landings', value)
      // What a leader lands was checked by something; what a liar says of a landing was not.
      if (fact === undefined || value === undefined || fact.kind !== undefined) continue
      if (fact.checks.length > 0) continue
      const place = { actor, topic: 'landings' as const, n: 0 }
      foldLanding(engine.board, { seq: held.length, term: fact.term, place, value })
    }
  }
}

function told(engine: Engine, entry: Parameters<typeof refusal>[0]): Effect {
  const event = refusal(entry)
  engine.events.set(event.id, event)
  return { kind: 'event', event }
}

function refusal(entry: Entry<Refused>): Event {
  return eventOf({ kind: 'refused', entry }) as Event
}

function losing(which: (entry: StoreEntry, peer: SimPeer) => boolean) {
  return (effects: readonly Effect[], peer: SimPeer) =>
    effects.filter((effect) => effect.kind !== 'persist' || !which(effect.entry, peer))
}

function silencing(which: (frame: Frame) => boolean) {
  return (effects: readonly Effect[]) =>
    effects.filter((effect) => {
      const read = effect.kind === 'send' ? decodeFrame(effect.frame) : undefined
      return read?.kind !== 'ok' || !which(read.value)
    })
}

function first(effects: readonly Effect[], what: Effect['kind']): readonly Effect[] {
  const isFirst = ({ kind }: Effect) => kind === what
  return [...effects.filter(isFirst), ...effects.filter((effect) => !isFirst(effect))]
}

function isOwn(entry: StoreEntry, peer: SimPeer): boolean {
  return entry.kind === 'change' && ownOf(peer).some(({ bytes }) => bytes === entry.bytes)
}

function ownOf({ engine }: SimPeer) {
  return engine.held.get(engine.me.actor) ?? []
}
