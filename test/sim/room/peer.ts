/** One simulated peer: the real engine, a disk that loses what was not flushed, and its work. */
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import { evaluate } from '../../../src/core/auth/evaluate.ts'
import { type ActorId, keyOf, type Monotonic, type Oid, type PublicKey, type RoomId } from '../../../src/core/brand.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import { restoreChain } from '../../../src/core/engine/chain.ts'
import { restoreOps } from '../../../src/core/engine/authority.ts'
import type { Effect, Job, Now, StoreEntry } from '../../../src/core/engine/effect.ts'
import type { Input, Worked } from '../../../src/core/engine/input.ts'
import { type Engine, openState } from '../../../src/core/engine/state.ts'
import { step } from '../../../src/core/engine/step.ts'
import { restoreChange } from '../../../src/core/engine/streams.ts'
import { openLease } from '../../../src/core/lease/lease.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { openVolume } from '../../../src/core/room/genesis.ts'
import type { SimGit } from './git.ts'

/** What is on a peer's disk: the log, and the repository. */
export type Disk = { log: StoreEntry[]; commits: Set<Oid>; pushes: Set<FactId>; integration: Oid | undefined }

export type Identity = { signer: Signer; actor: ActorId; verify: Verify; room: RoomId }

/** What the world does with the outer effects of a step. */
export type Outside = {
  send(to: PublicKey, frame: Uint8Array): void
  reset(peer: PublicKey): void
  work(job: Job): void
}

export class SimPeer {
  readonly identity: Identity
  readonly disk: Disk
  engine: Engine
  readonly answers = new Map<number, Extract<Effect, { kind: 'answer' }>['answer']>()

  constructor(identity: Identity, disk: Disk) {
    this.identity = identity
    this.disk = disk
    this.engine = open(identity, disk)
  }

  get key(): PublicKey {
    return this.identity.signer.key
  }

  /**
   * Steps the engine; `persist` reaches the disk before anything after it is performed. A peer that
   * dies on the way (`survives` answers false) performs the first effects only.
   */
  step(now: Now, input: Input, outside: Outside, survives: () => boolean = () => true): boolean {
    for (const effect of step(this.engine, now, input)) {
      if (!survives()) return false
      this.#perform(effect, outside)
    }
    return true
  }

  /** Loses everything but the disk, and starts again from it. */
  restart(now: Now, outside: Outside): void {
    this.engine = open(this.identity, this.disk)
    const pushes = [...this.disk.pushes].sort()
    this.step(now, { kind: 'holding', pushes, integration: this.disk.integration }, outside)
  }

  #perform(effect: Effect, outside: Outside): void {
    switch (effect.kind) {
      case 'persist':
        this.disk.log.push(effect.entry)
        return
      case 'send':
        return outside.send(effect.to, effect.frame)
      case 'reset':
        return outside.reset(effect.peer)
      case 'work':
        return outside.work(effect.job)
      case 'answer':
        this.answers.set(effect.call, effect.answer)
        return
      default:
    }
  }

  /** Does a job against the simulated git; undefined when it cannot be done now. */
  work(git: SimGit, job: Job, commitsOf: (key: PublicKey) => ReadonlySet<Oid> | undefined): Worked {
    const has = (oid: Oid) => this.disk.commits.has(oid)
    const get = (oid: Oid, holders: readonly PublicKey[]): boolean => {
      if (!has(oid) && !holders.some((key) => commitsOf(key)?.has(oid))) return false
      for (const past of git.history(oid)) this.disk.commits.add(past)
      return true
    }
    switch (job.kind) {
      case 'fetch': {
        const held = get(job.commit, job.holders)
        if (held) this.disk.pushes.add(job.push)
        return { kind: 'fetch', push: job.push, outcome: held ? 'held' : 'failed' }
      }
      case 'merge': {
        const { push, head, commit } = job
        const here = head === undefined || get(head, job.holders)
        const outcome = here ? git.merge(head, commit) : ({ kind: 'broke', why: 'no head' } as const)
        return { kind: 'merge', push, head, outcome }
      }
      case 'check': {
        const { push, head, commit, tree } = job
        const outcome = git.check(head, commit, tree)
        if (outcome.kind === 'passed') this.disk.commits.add(outcome.commit)
        return { kind: 'check', push, head, outcome }
      }
      case 'advance': {
        const last = job.landings.at(-1)?.commit as Oid
        if (!get(last, job.holders)) {
          return { kind: 'advance', outcome: 'failed', integration: this.disk.integration }
        }
        this.disk.integration = last
        return { kind: 'advance', outcome: 'done', integration: last }
      }
      case 'refs':
        return { kind: 'refs' }
    }
  }
}

function open({ signer, actor, verify, room }: Identity, disk: Disk): Engine {
  const auth = new AuthLog(room)
  const of = (kind: StoreEntry['kind']) =>
    disk.log.filter((entry) => entry.kind === kind).map(({ bytes }) => bytes)
  for (const bytes of of('auth')) auth.add(bytes, verify)
  const membership = evaluate(auth)
  if (membership === undefined) throw new Error('bug: no genesis on disk')
  const opened = openLease({
    room,
    me: { ...signer, actor },
    first: [membership.founder],
    verify,
    journal: of('journal'),
    records: of('record'),
    certificates: of('certificate'),
  })
  if (opened.kind !== 'open') throw new Error(`the lease does not open: ${opened.why}`)
  const agent = membership.byKey(keyOf(actor))?.agent ?? agentIdOf(keyOf(actor))
  const me = { signer, actor, agent, integrates: 'yes' as const }
  const volume = openVolume(room, 0)
  const engine = openState({ me, verify, volume, auth, membership, lease: opened.lease })
  restoreOps(engine)
  for (const entry of disk.log) if (entry.kind === 'change') restoreChange(engine, entry)
  restoreChain(engine)
  return engine
}

/** A moment of simulated time. */
export function at(ms: number, skew = 0): Now {
  return { mono: ms as Monotonic, wall: (1_700_000_000_000 + ms + skew) as Now['wall'] }
}
