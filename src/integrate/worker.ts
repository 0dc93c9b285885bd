/**
 * The worker: performs the engine's jobs on git objects, beside the loop.
 *
 * Lanes for fetching, merging, checking and moving refs: a check of minutes holds up none of the
 * others, and two jobs of one lane never run into each other. A check for a head that has gone is
 * ended when the next one comes. A job that throws is a job that
 * failed, with the reason: the engine decides whether to try again.
 */
import type { AgentId, Oid } from '../core/brand.ts'
import type { Job } from '../core/engine/effect.ts'
import type { Worked } from '../core/engine/input.ts'
import type { CheckOutcome } from '../core/integration/planner.ts'
import { FETCHES_MAX } from '../core/limits.ts'
import type { FactId } from '../core/room/facts.ts'
import { hasCommit } from '../git/mirror.ts'
import { listRefs, readRef, updateRef } from '../git/moves.ts'
import { AGENT_REFS, agentRef, INTEGRATION_REF, pushRef } from '../git/refs.ts'
import { advance } from './advance.ts'
import { check } from './check.ts'
import { merge } from './merge.ts'
import { bring, getPush } from './objects.ts'
import type { Repositories } from './repositories.ts'
import { undo } from './undo.ts'

type Lane = `fetch ${number}` | 'merge' | 'check' | 'refs'

const FETCH_LANES = Array.from({ length: FETCHES_MAX }, (_, n): Lane => `fetch ${n}`)

/** Runs jobs until its signal is aborted. */
export class Worker {
  readonly #at: Repositories
  readonly #signal: AbortSignal
  readonly #log: (text: string) => void
  readonly #lanes = new Map<Lane, Promise<void>>()
  /** Jobs that each lane has before it. */
  readonly #waiting = new Map<Lane, number>()
  /** The newest pointing of refs that waits: each one says all, so those before it are dropped. */
  #pointing: Extract<Job, { kind: 'refs' }> | undefined
  /** The check that runs. */
  #checking: { head: Oid | undefined; stop: AbortController } | undefined
  #tell: (result: Worked) => void = () => undefined

  constructor(at: Repositories, on: { signal: AbortSignal; log: (text: string) => void }) {
    this.#at = at
    this.#signal = on.signal
    this.#log = on.log
  }

  /** Where results go. */
  start(tell: (result: Worked) => void): void {
    this.#tell = tell
  }

  /** Queues a job behind the others of its lane. */
  take(job: Job): void {
    // The head moved while a check ran, by an undo or another leader: nobody waits for it any more.
    if (job.kind === 'check' && this.#checking?.head !== job.head) {
      this.#checking?.stop.abort(new Error('the head moved meanwhile'))
    }
    if (job.kind !== 'refs') return this.#queue(this.#laneOf(job), () => this.#run(job))
    const waits = this.#pointing !== undefined
    this.#pointing = job
    if (waits) return
    this.#queue('refs', async () => {
      const newest = this.#pointing
      this.#pointing = undefined
      if (newest !== undefined) await this.#run(newest)
    })
  }

  /** Resolves when every lane is empty; after an abort that is soon. */
  async idle(): Promise<void> {
    await Promise.all(this.#lanes.values())
  }

  /** What the repository holds, after completing refs that a crash left out. */
  async holding(known: {
    pushes: readonly { push: FactId; commit: Oid }[]
  }): Promise<{ pushes: FactId[]; integration: Oid | undefined }> {
    const { mirror } = this.#at
    for (const { push, commit } of known.pushes) {
      const ref = pushRef(push)
      const there = (await readRef(mirror, ref, this.#signal)) !== undefined
      if (there || !(await hasCommit(mirror, commit, this.#signal))) continue
      await updateRef(mirror, { ref, to: commit }, this.#signal)
    }
    const prefix = pushRef('')
    const refs = await listRefs(mirror, this.#signal, prefix.slice(0, -1))
    const pushes = refs.map(({ ref }) => ref.slice(prefix.length) as FactId)
    return { pushes, integration: await readRef(mirror, INTEGRATION_REF, this.#signal) }
  }

  #laneOf(job: Exclude<Job, { kind: 'refs' }>): Lane {
    switch (job.kind) {
      case 'fetch':
        return this.#shortest(FETCH_LANES)
      case 'merge':
      case 'check':
        return job.kind
      case 'undo':
        return 'merge'
      case 'advance':
        return 'refs'
    }
  }

  /** A peer may keep its lane busy for long: no job goes behind it while another is free. */
  #shortest(lanes: readonly Lane[]): Lane {
    const waiting = (lane: Lane) => this.#waiting.get(lane) ?? 0
    return lanes.reduce((best, lane) => (waiting(lane) < waiting(best) ? lane : best))
  }

  #queue(lane: Lane, run: () => Promise<void>): void {
    const count = (by: number) => this.#waiting.set(lane, (this.#waiting.get(lane) ?? 0) + by)
    const before = this.#lanes.get(lane) ?? Promise.resolve()
    count(1)
    this.#lanes.set(
      lane,
      before.then(run).finally(() => count(-1)),
    )
  }

  async #run(job: Job): Promise<void> {
    if (this.#signal.aborted) return
    try {
      this.#tell(await this.#perform(job))
    } catch (error) {
      if (this.#signal.aborted) return
      const why = error instanceof Error ? error.message : String(error)
      this.#log(`${job.kind} failed: ${why}`)
      this.#tell(brokenOff(job, why))
    }
  }

  async #perform(job: Job): Promise<Worked> {
    const at = this.#at
    const signal = this.#signal
    switch (job.kind) {
      case 'fetch': {
        const got = await getPush(at, job, signal)
        return got.kind === 'held'
          ? { kind: 'fetch', push: job.push, outcome: 'held' }
          : { kind: 'fetch', push: job.push, outcome: 'failed', why: got.why }
      }
      case 'merge': {
        const outcome = await merge(at, job, signal)
        return { kind: 'merge', push: job.push, head: job.head, outcome }
      }
      case 'check': {
        const outcome = await this.#check(job)
        return { kind: 'check', push: job.push, head: job.head, outcome }
      }
      case 'undo': {
        const outcome = await undo(at, job, signal)
        return { kind: 'undo', ask: job.ask, head: job.head, outcome }
      }
      case 'advance': {
        const { kind, ...told } = await advance(at, job, signal)
        return { kind: 'advance', outcome: kind, ...told }
      }
      case 'refs':
        await this.#point(job.agents)
        return { kind: 'refs' }
    }
  }

  async #check(job: Extract<Job, { kind: 'check' }>): Promise<CheckOutcome> {
    const stop = new AbortController()
    this.#checking = { head: job.head, stop }
    try {
      return await check(this.#at, job, AbortSignal.any([this.#signal, stop.signal]))
    } finally {
      this.#checking = undefined
    }
  }

  /** Points agents' refs at commits that are here, and brings everything to the checkout. */
  async #point(agents: Extract<Job, { kind: 'refs' }>['agents']): Promise<void> {
    const { mirror } = this.#at
    // In one look, since most are where they should be, and a room may have hundreds of agents.
    const there = new Map((await listRefs(mirror, this.#signal, AGENT_REFS)).map(
      ({ ref, oid }) => [ref, oid],
    ))
    for (const { agent, commit: known } of agents) {
      const ref = agentRef(agent as AgentId)
      const commit = this.#at.remote?.words().get(agent as AgentId)?.commit ?? known
      const from = there.get(ref)
      if (from === commit || !(await hasCommit(mirror, commit, this.#signal))) continue
      const move = { ref, to: commit, ...(from === undefined ? {} : { from }) }
      await updateRef(mirror, move, this.#signal)
    }
    const brought = await bring(this.#at, this.#signal)
    if (brought.kind === 'failed') this.#log(`refs were not brought here: ${brought.why}`)
  }
}

/** The result of a job that threw. */
function brokenOff(job: Job, why: string): Worked {
  switch (job.kind) {
    case 'fetch':
      return { kind: 'fetch', push: job.push, outcome: 'failed', why }
    case 'merge':
      return { kind: 'merge', push: job.push, head: job.head, outcome: { kind: 'broke', why } }
    case 'check':
      return { kind: 'check', push: job.push, head: job.head, outcome: { kind: 'broke', why } }
    case 'undo':
      return { kind: 'undo', ask: job.ask, head: job.head, outcome: { kind: 'broke', why } }
    case 'advance':
      return { kind: 'advance', outcome: 'failed', integration: undefined, why }
    case 'refs':
      return { kind: 'refs' }
  }
}
