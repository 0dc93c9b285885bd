/**
 * The lane of the shared remote: passes over it, one after the other, in a time of their own.
 *
 * A remote may be slow, away, or refuse; nothing else waits for it but who asked for a pass, and
 * that one no longer than it likes. After a failure the pauses grow; whoever asks is answered by a
 * new attempt all the same.
 */
import type { AgentId, Instant, Oid } from '../../core/brand.ts'
import type { Verify } from '../../core/crypto.ts'
import type { Worked } from '../../core/engine/input.ts'
import {
  UPSTREAM_LOOK_MS, UPSTREAM_RETRY_MAX_MS, UPSTREAM_RETRY_MS,
} from '../../core/limits.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { Word } from '../../core/sync/word.ts'
import type { Want } from '../../git/fetch.ts'
import { pushRef } from '../../git/refs.ts'
import { fetchUpstream, findUpstream, type Upstream } from '../../git/upstream.ts'
import { bring } from '../objects.ts'
import type { Got, Holders, Remote, Repositories } from '../repositories.ts'
import { emptyMemory, pass, type Standing } from './pass.ts'
import type { Picture, Transport } from './picture.ts'
import { recall } from './words.ts'

/** What there is to say of the remote. */
export type Seen = {
  /** Its address without passwords. */
  remote: string
  reach: 'answers' | 'away' | 'left-out'
  /** When it last answered. */
  answered: Instant | undefined
  /** Why it is away or left out, or what it refuses. */
  why: string | undefined
  integration: Standing
}

type World = {
  transport: Exclude<Transport, 'mesh'>
  verify: Verify
  picture: () => Picture
  now: () => Instant
  signal: AbortSignal
  log: (text: string) => void
  /** Results for the engine. */
  tell: (result: Worked) => void
  /** Something here is other than before. */
  moved: () => void
}

/** Runs passes until its signal is aborted. */
export class UpstreamLane implements Remote {
  readonly #at: Repositories
  readonly #world: World
  readonly #memory = emptyMemory()
  #upstream: Upstream | undefined
  #seen: Seen | undefined
  #passes = 0
  #failures = 0
  #asked: PromiseWithResolvers<void> | undefined
  #wake: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()

  constructor(at: Repositories, world: World) {
    this.#at = at
    this.#world = world
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Resolves when the loop has ended; after an abort that is soon. */
  async idle(): Promise<void> {
    await this.#running
  }

  /** Resolves when a pass that begins after now has ended, however it ended. */
  pass(): Promise<void> {
    this.#asked ??= Promise.withResolvers()
    this.#wake()
    return this.#asked.promise
  }

  /** There may be something to do: a pass, unless the remote is being left in peace. */
  nudge(): void {
    if (this.#failures === 0) void this.pass()
  }

  /** Undefined where there is no `origin`, or nobody has looked yet. */
  seen(): Seen | undefined {
    return this.#seen
  }

  /** Whether the next pass may well succeed: nothing is known against it. */
  isHopeful(): boolean {
    return this.#passes === 0 || this.#seen?.reach === 'answers'
  }

  /** Whether the remote has a push, as far as it was seen. */
  holds(push: FactId, commit: Oid): boolean {
    return this.#memory.refs.get(pushRef(push)) === commit
  }

  /** What agents say on the remote that the room does not know yet. */
  words(): ReadonlyMap<AgentId, Word> {
    return this.#memory.words
  }

  /** Whether to ask the remote for a push before the peers: it knows more than a third one. */
  isFirst(push: FactId, holders: Holders): boolean {
    if (this.#world.transport === 'upstream') return true
    const author = this.#world.picture().authorOf(push)
    return author === undefined || !holders.includes(author)
  }

  /** Gets a commit under a ref of the mirror, whatever its name on the remote. */
  async get(want: Want, signal: AbortSignal): Promise<Got> {
    const from = [...this.#memory.refs].find(([, oid]) => oid === want.oid)?.[0]
    if (this.#upstream === undefined || this.#seen?.reach !== 'answers' || from === undefined) {
      return { kind: 'failed', why: 'origin is not known to have it' }
    }
    const fetched = await fetchUpstream(this.#upstream, [{ ...want, from }], signal)
    if (fetched.kind === 'failed') return { kind: 'failed', why: `origin: ${fetched.why}` }
    const [answer] = fetched.refs
    if (answer?.kind === 'fetched' || answer?.kind === 'present') return { kind: 'held' }
    return { kind: 'failed', why: `origin: ${answer?.kind ?? 'said nothing'}` }
  }

  async #run(): Promise<void> {
    const { signal, log, moved } = this.#world
    const stop = () => this.#wake()
    signal.addEventListener('abort', stop, { once: true })
    while (!signal.aborted) {
      const asked = this.#asked
      this.#asked = undefined
      try {
        await this.#once()
      } catch (error) {
        if (!signal.aborted) log(`origin: ${error instanceof Error ? error.message : error}`)
        this.#failures++
      }
      this.#passes++
      asked?.resolve()
      moved()
      await this.#rest()
    }
    this.#asked?.resolve()
  }

  async #once(): Promise<void> {
    const { transport, picture, verify, signal, log, tell, now } = this.#world
    const upstream = await findUpstream(this.#at, signal)
    this.#upstream = upstream
    if (upstream === undefined) return this.#forget()
    const { shown, is } = upstream
    if (is === 'working-copy' && transport === 'auto') {
      this.#forget()
      const why = 'it is a working copy on this machine, not a shared remote'
      return this.#note({ remote: shown, reach: 'left-out', why })
    }
    const held = (push: FactId) => tell({ kind: 'fetch', push, outcome: 'held' })
    const memory = this.#memory
    const passing = { upstream, picture: picture(), memory, verify, log, held, signal }
    if (this.#seen === undefined) await recall(passing)
    const passed = await pass(passing)
    if (passed.kind === 'away') {
      this.#failures++
      return this.#note({ remote: shown, reach: 'away', why: passed.why })
    }
    this.#failures = passed.refused === undefined ? 0 : this.#failures + 1
    this.#note({ remote: shown, reach: 'answers', why: passed.refused, answered: now() })
    if (!passed.brought) return
    const brought = await bring(this.#at, signal)
    if (brought.kind === 'failed') log(`refs were not brought here: ${brought.why}`)
  }

  #forget(): void {
    this.#seen = undefined
    this.#failures = 0
    this.#memory.refs.clear()
  }

  #note(news: Pick<Seen, 'remote' | 'reach' | 'why'> & { answered?: Instant }): void {
    const before = this.#seen
    const { answered = before?.answered, ...rest } = news
    this.#seen = { ...rest, answered, integration: this.#memory.standing }
    if (before?.reach === news.reach && before.why === news.why) return
    const why = news.why === undefined ? '' : `: ${news.why}`
    this.#world.log(`origin (${news.remote}) ${SAID[news.reach]}${why}`)
  }

  /** Until somebody asks, or it is time. */
  async #rest(): Promise<void> {
    const retry = UPSTREAM_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10)
    const ms = this.#failures === 0 ? UPSTREAM_LOOK_MS : Math.min(UPSTREAM_RETRY_MAX_MS, retry)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#asked !== undefined || this.#world.signal.aborted) this.#wake()
    })
  }
}

const SAID = {
  answers: 'answers',
  away: 'is away',
  'left-out': 'is left out',
} as const
