/**
 * The one loop of the daemon: inputs in, `step`, effects out, in order.
 *
 * Inputs that wait are stepped together, and their entries reach the disk in one flush before any
 * other effect of theirs is performed: what is acknowledged or sent is on disk, and a burst costs
 * one fsync. When the disk fails, or anything here throws, nothing later is performed: the loop
 * ends with the reason, and the process with it.
 *
 * It does not grow: one tick waits at most, and whoever could flood it has one input here and hands
 * the next one in when `push` resolved. That promise is the backpressure of the mesh.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import type { Instant, Monotonic } from '../core/brand.ts'
import type { Answer, Call } from '../core/engine/call.ts'
import type { Effect, Now, StoreEntry } from '../core/engine/effect.ts'
import type { Input } from '../core/engine/input.ts'
import type { Engine } from '../core/engine/state.ts'
import { step } from '../core/engine/step.ts'
import { INPUTS_AT_ONCE, TICK_MS, TURN_MS } from '../core/limits.ts'

/** What the loop needs of the world. */
export type World = {
  now(): Now
  /** Appends in order, and resolves when all of it is on disk. */
  persist(entries: readonly StoreEntry[]): Promise<{ kind: 'ok' } | { kind: 'failed'; why: string }>
  /** Performs one effect that is neither `persist` nor `answer`; never throws, never waits. */
  perform(effect: OuterEffect): void
  /** Hears that the engine moved, after its effects were performed. */
  moved(): void
}

/** The effects that the loop does not handle itself. */
export type OuterEffect = Exclude<Effect, { kind: 'persist' | 'answer' }>

/** How the loop ended. */
export type Ended =
  | { kind: 'stopped' }
  | { kind: 'failed'; why: string }
  /** A bug: what is in memory may be half of something, and only the disk is to be trusted. */
  | { kind: 'broke'; error: unknown }

/** The running engine of one room. */
export class Loop {
  readonly engine: Engine
  readonly #world: World
  readonly #inputs: { input: Input; done: () => void }[] = []
  readonly #calls = new Map<number, (answer: Answer | undefined) => void>()
  #wake: () => void = () => undefined
  #next = 1
  #open = true
  #ticks = false

  constructor(engine: Engine, world: World) {
    this.engine = engine
    this.#world = world
  }

  /** Hands in an input; resolves when it was stepped and its effects were performed. */
  push(input: Input): Promise<void> {
    if (!this.#open) return Promise.resolve()
    return new Promise((done) => {
      this.#inputs.push({ input, done })
      this.#wake()
    })
  }

  /** Asks the engine; undefined when the loop ended before it answered. */
  call(request: Call): Promise<Answer | undefined> {
    return this.#ask((call) => ({ kind: 'call', call, request }))
  }

  /** Hands in a question of the join protocol. */
  ask(peer: Extract<Input, { kind: 'ask' }>['peer'], question: Uint8Array) {
    return this.#ask((call) => ({ kind: 'ask', call, peer, question }))
  }

  /** Runs until the signal is aborted, the disk fails or a bug shows; never rejects. */
  async run(signal: AbortSignal): Promise<Ended> {
    const ticking = setInterval(() => this.#tick(), TICK_MS)
    const stop = () => this.#wake()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (!signal.aborted) {
        if (this.#inputs.length === 0) await new Promise<void>((wake) => (this.#wake = wake))
        else await breathe()
        const ended = signal.aborted ? undefined : await this.#turn()
        if (ended !== undefined) return ended
      }
      return { kind: 'stopped' }
    } catch (error) {
      return { kind: 'broke', error }
    } finally {
      clearInterval(ticking)
      signal.removeEventListener('abort', stop)
      this.#close()
    }
  }

  /** One tick waits at most: after a slow flush, ten of them would say nothing more. */
  #tick(): void {
    if (this.#ticks) return
    this.#ticks = true
    void this.push({ kind: 'tick' }).then(() => (this.#ticks = false))
  }

  async #turn(): Promise<Ended | undefined> {
    const effects: Effect[] = []
    const stepped: (() => void)[] = []
    const end = this.#world.now().mono + TURN_MS
    for (const { input, done } of this.#inputs.slice(0, INPUTS_AT_ONCE)) {
      const now = this.#world.now()
      if (stepped.length > 0 && now.mono > end) break
      for (const effect of step(this.engine, now, input)) effects.push(effect)
      stepped.push(done)
    }
    this.#inputs.splice(0, stepped.length)
    const entries = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.entry] : []))
    if (entries.length > 0) {
      const persisted = await this.#world.persist(entries)
      if (persisted.kind === 'failed') return persisted
    }
    for (const effect of effects) {
      if (effect.kind === 'answer') this.#answer(effect.call, effect.answer)
      else if (effect.kind !== 'persist') this.#world.perform(effect)
    }
    this.#world.moved()
    for (const done of stepped) done()
    return undefined
  }

  #ask(input: (call: number) => Input): Promise<Answer | undefined> {
    if (!this.#open) return Promise.resolve(undefined)
    const call = this.#next++
    return new Promise((resolve) => {
      this.#calls.set(call, resolve)
      void this.push(input(call))
    })
  }

  #answer(call: number, answer: Answer): void {
    this.#calls.get(call)?.(answer)
    this.#calls.delete(call)
  }

  #close(): void {
    this.#open = false
    for (const answer of this.#calls.values()) answer(undefined)
    for (const { done } of this.#inputs) done()
    this.#calls.clear()
    this.#inputs.length = 0
  }
}

/** The clocks of this machine. */
export function clocks(): Now {
  return { mono: performance.now() as Monotonic, wall: Date.now() as Instant }
}
