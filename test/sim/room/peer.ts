/** One simulated peer: the real engine, a disk that loses what was not flushed, and its work. */
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import { evaluate } from '../../../src/core/auth/evaluate.ts'
import {
  type ActorId,
  actorOf,
  type Hash,
  keyOf,
  type Oid,
  type PublicKey,
  type RoomId,
} from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import { restoreOps } from '../../../src/core/engine/authority.ts'
import type { Effect, Job, Now, StoreEntry } from '../../../src/core/engine/effect.ts'
import type { Input } from '../../../src/core/engine/input.ts'
import { wake } from '../../../src/core/engine/lives.ts'
import { type Engine, lengthOf, openState } from '../../../src/core/engine/state.ts'
import { step } from '../../../src/core/engine/step.ts'
import { keptOf, restoreKept, volumeKept } from '../../../src/core/engine/kept.ts'
import { decodeSigned, type Witness } from '../../../src/core/engine/witness.ts'
import { openLease } from '../../../src/core/lease/lease.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { idOf } from '../../../src/core/room/origin.ts'
import { decodeChange } from '../../../src/core/room/decode.ts'
import type { Chance } from './chance.ts'
import { isSoundOnce, verifyOnce } from './founding.ts'
import type { Mutant } from './mutants.ts'

/** What is on a peer's disk: the log, and the repository. */
export type Disk = {
  log: StoreEntry[]
  commits: Set<Oid>
  pushes: Set<FactId>
  integration: Oid | undefined
}

export type Identity = { signer: Signer; actor: ActorId; room: RoomId; seed: Uint8Array }

/** What the world does with the outer effects of a turn. */
export type Outside = {
  send(to: PublicKey, frame: Uint8Array): void
  pace(peer: PublicKey): void
  reset(peer: PublicKey): void
  forget(peer: PublicKey): void
  want(peer: PublicKey): void
  work(job: Job): void
  answer(call: number, answer: Extract<Effect, { kind: 'answer' }>['answer']): void
}

/** How effects meet the world; `diesAfter` says after how many of them the peer dies, if it does. */
export type Performing = {
  outside: Outside
  order: Order
  diesAfter(effects: readonly Effect[]): number | undefined
}

/** How a turn is performed: as the daemon does, all entries first, or strictly as `step` says. */
export type Order = 'entries first' | 'as told'

const BINDING: readonly StoreEntry['kind'][] = ['journal', 'incarnation', 'auth']

export class SimPeer {
  readonly identity: Identity
  readonly disk: Disk
  readonly mutant: Mutant | undefined
  engine: Engine
  /** How often the engine was opened. */
  starts = 1
  /** Hashes of own changes that were ever on its disk. */
  readonly written = new Set<Hash>()
  /** Events in the order in which they were shown, in all lives. */
  readonly shown: string[] = []

  /** The own change that must be on disk before a call may be answered. */
  readonly needs = new Map<number, Hash>()

  constructor(identity: Identity, disk: Disk, mutant: Mutant | undefined) {
    this.identity = identity
    this.disk = disk
    this.mutant = mutant
    this.engine = this.#open().engine
  }

  get key(): PublicKey {
    return this.identity.signer.key
  }

  /** Takes inputs together, and performs what follows from them as far as the peer lives. */
  turn(
    now: Now,
    inputs: readonly Input[],
    on: Performing,
  ): 'lives' | 'died' {
    const effects = inputs.flatMap((input) => {
      const { actor } = this.engine.me
      const { volume } = this.engine
      const before = lengthOf(this.engine, actor)
      const made = step(this.engine, now, input)
      const at = before + writtenBefore(made, 'answer') - 1
      const last = this.engine.held.get(actor)?.[at]
      if (volume !== this.engine.volume) return made
      if (input.kind === 'call' && last !== undefined) this.needs.set(input.call, last.hash)
      this.mutant?.stepped?.(this.engine)
      return made
    })
    return this.perform(effects, on)
  }

  /** Performs effects, as they came from the engine. */
  perform(
    told: readonly Effect[],
    on: Performing,
  ): 'lives' | 'died' {
    const effects = this.mutant?.effects?.(told, this) ?? told
    const isEntry = ({ kind }: Effect) => kind === 'persist'
    const ordered =
      on.order === 'as told'
        ? effects
        : [...effects.filter(isEntry), ...effects.filter((effect) => !isEntry(effect))]
    const end = on.diesAfter(ordered)
    for (const effect of ordered.slice(0, end)) this.#perform(effect, on.outside)
    return end === undefined ? 'lives' : 'died'
  }

  /** Another daemon on a copy of this disk. */
  twin(seed: Uint8Array): SimPeer {
    const { log, commits, pushes, integration } = this.disk
    const disk = { log: [...log], commits: new Set(commits), pushes: new Set(pushes), integration }
    const twin = new SimPeer({ ...this.identity, seed }, disk, this.mutant)
    for (const hash of this.written) twin.written.add(hash)
    return twin
  }

  /**
   * Has the disk be what it was some time ago. No word to the term chain is taken back: a voter that
   * forgot one is found out by others, and until then may contradict itself. Nor is an admission:
   * whoever was let in by one who forgot it, and is known to nobody else, has to ask once more.
   */
  rollBack(chance: Chance): void {
    const { log } = this.disk
    const kept = log.findLastIndex(({ kind }) => BINDING.includes(kind)) + 1
    log.splice(chance.happens(0.5) ? kept : kept + chance.below(log.length - kept + 1))
  }

  /** Whether a start from this disk would show a fact. */
  remembers(id: string): boolean {
    const { board, owed } = this.#open().engine
    if (owed.some((origin) => idOf(origin) === id)) return true
    return [board.chat, board.tasks, board.pushes].some((map) => map.has(id as FactId))
  }

  /** Loses everything but the disk, and starts again from it. */
  restart(now: Now): Input {
    const { engine, witness } = this.#open()
    this.engine = engine
    this.starts++
    const { log } = this.disk
    for (const effect of wake(engine, now, witness)) {
      if (effect.kind === 'persist') log.push(effect.entry)
    }
    const { pushes, commits, integration } = this.disk
    // As the daemon does: the ref of an own push may be all that a crash left out.
    for (const { id, place, fact } of this.engine.board.pushes.values()) {
      if (keyOf(place.actor) === this.key && commits.has(fact.commit)) pushes.add(id)
    }
    return { kind: 'holding', pushes: [...pushes].sort(), integration }
  }

  #perform(effect: Effect, outside: Outside): void {
    switch (effect.kind) {
      case 'persist':
        this.disk.log.push(effect.entry)
        if (effect.entry.kind === 'change') this.#noteOwn(effect.entry.bytes)
        return
      case 'send':
        return outside.send(effect.to, effect.frame)
      case 'pace':
        return outside.pace(effect.peer)
      case 'reset':
        return outside.reset(effect.peer)
      case 'forget':
        return outside.forget(effect.peer)
      case 'want':
        return outside.want(effect.peer)
      case 'work':
        return outside.work(effect.job)
      case 'answer':
        return outside.answer(effect.call, effect.answer)
      case 'event':
        this.shown.push(effect.event.id)
        return
      default:
    }
  }

  #noteOwn(bytes: Uint8Array): void {
    const read = decodeChange(bytes)
    if (read.kind === 'ok' && keyOf(read.change.actor) === this.key) this.written.add(read.hash)
  }

  #open(): { engine: Engine; witness: Witness } {
    const opened = open(this.identity, this.disk)
    this.mutant?.opened?.(opened.engine)
    return opened
  }
}

function open(
  { signer, seed, room, actor: first }: Identity,
  disk: Disk,
): { engine: Engine; witness: Witness } {
  const auth = new AuthLog(room, isSoundOnce)
  const of = (kind: StoreEntry['kind']) =>
    disk.log.filter((entry) => entry.kind === kind).map(({ bytes }) => bytes)
  // A disk on which nothing began yet is of the life that it was made for.
  const incarnation = hexOf(of('incarnation').at(-1)) ?? first.slice(64)
  const actor = actorOf(signer.key, incarnation)
  const thisLife = disk.log.slice(disk.log.findLastIndex((entry) => entry.kind === 'incarnation') + 1)
  for (const bytes of of('auth')) auth.add(bytes, verifyOnce)
  const membership = evaluate(auth)
  if (membership === undefined) throw new Error('bug: no genesis on disk')
  const lease = (by: ActorId, journal: Uint8Array[]) => openLease({
    room,
    me: { ...signer, actor: by },
    first: [membership.founder],
    verify: verifyOnce,
    journal,
    records: of('record'),
    certificates: of('certificate'),
  })
  const words = thisLife.filter(({ kind }) => kind === 'journal').map(({ bytes }) => bytes)
  const asItWas = lease(actor, words)
  const rolledBack = asItWas.kind === 'rolled-back' ? asItWas.why : undefined
  const nobody = actorOf(signer.key, hex(seed).slice(0, 16))
  const opened = rolledBack === undefined ? asItWas : lease(nobody, [])
  if (opened.kind !== 'open') throw new Error(`the lease does not open: ${opened.why}`)
  const agent = membership.byKey(keyOf(actor))?.agent ?? agentIdOf(keyOf(actor))
  const me = { signer, actor, agent, seed, integrates: 'yes' as const }
  const kept = keptOf(disk.log)
  const volume = volumeKept(room, kept)
  const state = { me, verify: verifyOnce, volume, auth, membership, lease: opened.lease }
  const engine = openState(state)
  restoreOps(engine)
  restoreKept(engine, kept)
  const last = thisLife.findLast(({ kind }) => kind === 'signed')
  const read = last === undefined ? undefined : decodeSigned(last.bytes)
  const signed = read?.kind === 'ok' ? read.value : undefined
  const life = hexOf(of('life').at(-1)) ?? first.slice(64)
  return { engine, witness: { incarnation, life, signed, rolledBack } }
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : hex(bytes)
}

/** How many changes an effect must come after; in a step that a call began they are all its own. */
function writtenBefore(effects: readonly Effect[], what: Effect['kind']): number {
  const first = effects.slice(0, effects.findIndex(({ kind }) => kind === what))
  return first.filter((one) => one.kind === 'persist' && one.entry.kind === 'change').length
}
