/** Locks on paths, and what everybody is doing. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { Doing, LockTerms } from '../../core/room/lock-facts.ts'
import { lostId } from '../../core/room/views/events.ts'
import { isThere } from '../../core/engine/alive.ts'
import { modeNow } from '../../core/engine/chain.ts'
import {
  excluder, excludes, type HeldLock, type Lock, type LockAsk, lockOf,
} from '../../core/room/views/locks.ts'
import {
  doingRows, excludedBy, isMine, type LockRow, lockRow, lockRows, standingNow,
} from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { refuseUngoverned, settled, unconfirmed } from './claims.ts'
import { inQueue } from './queue.ts'
import { type FindRoom, granted, made } from './talk.ts'

type LockCalls = Pick<
  Answers,
  'locks.take' | 'locks.release' | 'locks.list' | 'doing' | 'doing.stop' | 'doing.list'
>

/** The answers about locks and plans. */
export function locks(room: FindRoom): LockCalls {
  return {
    'locks.take': async function* (input, signal) {
      return yield* take(await room(), input, signal)
    },
    'locks.release': async (input, signal) => {
      const here = await room()
      return { locks: await release(here, chosen(here, input), signal) }
    },
    'locks.list': async () => ({ locks: lockRows(await room()) }),
    doing: async (input, signal) => announce(await room(), input, signal),
    'doing.stop': async (_input, signal) => stop(await room(), signal),
    'doing.list': async () => ({ doing: doingRows(await room()) }),
  }
}

async function* take(
  room: RunningRoom,
  { globs, mode, reason = doingNow(room)?.text, confirmed, wait }: Parsed<'locks.take'>,
  signal: AbortSignal,
): AsyncGenerator<Item<'locks.take'>, LockRow, void> {
  if (reason === undefined) {
    const fix = 'say it with --reason, or once for all with knot doing "…"'
    throw new Failure('INPUT_INVALID', 'a lock needs a reason, for those who wait for it', fix)
  }
  const terms = { globs, mode, reason }
  if (wait !== undefined) {
    const id = (await made(room, { kind: 'lock', ...terms, wait: true })) as FactId
    yield* queue(room, { id, ms: wait }, signal)
    return outcome(room, { id, confirmed }, signal)
  }
  refuseExcluded(room, terms)
  const id = (await made(room, { kind: 'lock', ...terms })) as FactId
  return outcome(room, { id, confirmed }, signal)
}

async function announce(
  room: RunningRoom,
  { text, globs, mode, confirmed }: Parsed<'doing'>,
  signal: AbortSignal,
): Promise<Output<'doing'>> {
  const before = doingNow(room)
  const had = before?.lock === undefined ? {} : { keeps: before.lock }
  if (globs === undefined) {
    return { id: await made(room, { kind: 'doing', text, ...had }), given: [] }
  }
  const terms = { globs, mode, reason: text }
  refuseExcluded(room, terms)
  const answer = await granted(room, { kind: 'doing', text, lock: terms })
  if (answer.kind !== 'made') throw new Error(`bug: doing answered ${answer.kind}`)
  const { id, with: asked } = answer
  if (asked === undefined) throw new Error('bug: a doing without the lock that it asked for')
  const lock = await outcome(room, { id: asked, confirmed }, signal).catch(async (error) => {
    // Both or neither: without the files it is what it was before.
    await made(room, { kind: 'doing', text: before?.text ?? '', ...had })
    throw error
  })
  return { id, lock, given: await release(room, lockOfDoing(room, before), signal) }
}

/** The lock that goes with what somebody is doing, while there is one. */
function lockOfDoing(
  { engine }: RunningRoom,
  doing: Doing | undefined,
): (HeldLock | LockAsk)[] {
  const { held, asks } = engine.board.locks
  const lock = doing?.lock === undefined ? undefined : held.get(doing.lock) ?? asks.get(doing.lock)
  return lock === undefined ? [] : [lock]
}

/** Waits for a lock until it is there; in vain, when the time ends first. */
async function* queue(
  room: RunningRoom,
  { id, ms }: { id: FactId; ms: number },
  signal: AbortSignal,
): AsyncGenerator<Item<'locks.take'>, void, void> {
  const { locks } = room.engine.board
  const waits = () => locks.asks.has(id)
  const got = () => locks.held.has(id)
  let last = ''
  const words = () => {
    if (waits()) last = queueWords(room, id)
    return `waiting: ${last}`
  }
  const until = room.now().mono + ms
  const place = { topic: 'locks' as const, ask: id, waits, got, words, until }
  const outcome = yield* inQueue(room, place, signal)
  if (got() && outcome === 'over') return
  if (modeNow(room.engine, room.now()) === 'provisional') {
    throw unconfirmed(`the lock ${id}`, 'it is taken back')
  }
  const fix = 'knot locks shows who has what'
  if (outcome === 'over') throw new Failure('HELD', 'the ask was taken back meanwhile', fix)
  throw new Failure('HELD', `${last}: the ask is taken back`, fix)
}

/** What an ask waits for: a lock that excludes it, or somebody who waits since before. */
function queueWords(room: RunningRoom, id: FactId): string {
  const { locks } = room.engine.board
  const asked = locks.asks.get(id)
  const held = asked && excluder(locks, asked)
  if (held !== undefined) return `${excludedBy(room, held)} is in the way`
  const first = asked && before(room, asked)
  return first === undefined ? 'the leader has not answered' : waitsBefore(room, first)
}

/** Who waits since before for paths that a lock excludes, and is there to get them. */
function before(room: RunningRoom, lock: Lock): LockAsk | undefined {
  const { engine } = room
  for (const ask of engine.board.locks.asks.values()) {
    if (ask.id === lock.id) return undefined
    const there = isThere(engine, room.now(), keyOf(ask.actor))
    if (ask.fact.wait === true && there && excludes(ask, lock)) return ask
  }
  return undefined
}

function waitsBefore(room: RunningRoom, { actor, terms }: LockAsk): string {
  const { name } = whoIs(room.engine, keyOf(actor))
  return `${name} waits for ${terms.globs.join(' ')} since before (${terms.reason})`
}

/** What an ask for a lock came to. */
async function outcome(
  room: RunningRoom,
  { id, confirmed }: { id: FactId; confirmed: boolean },
  signal: AbortSignal,
): Promise<LockRow> {
  const { locks } = room.engine.board
  await settled(room, () => !locks.asks.has(id), signal)
  const lock = locks.held.get(id) ?? locks.asks.get(id)
  if (lock === undefined) throw lost(room, id)
  const row = lockRow(room, lock)
  if (!confirmed || row.standing === 'confirmed') return row
  await made(room, { kind: 'withdraw', topic: 'locks', ask: id })
  throw unconfirmed(`the lock ${id}`, 'it is given back')
}

/** That somebody else's lock came first, where that is known before anything is asked. */
function refuseExcluded(room: RunningRoom, terms: LockTerms): void {
  const { me, board } = room.engine
  const lock = lockOf('' as FactId, me.actor, terms)
  const other = lock && excluder(board.locks, lock)
  const first = lock && before(room, lock)
  if (other === undefined && first !== undefined) {
    throw new Failure('HELD', waitsBefore(room, first), 'knot lock … --wait stands behind it')
  }
  if (other === undefined) return
  if (isMine(room, other.actor)) {
    // The chain knows keys, and not whose they are.
    const text = `you locked ${other.terms.globs.join(' ')} with the key before this one`
    throw new Failure('HELD', text, `knot unlock ${other.id}, then the command again`)
  }
  const text = `locked: ${excludedBy(room, other)}`
  throw new Failure('HELD', text, 'knot locks shows until when, and knot say reaches its holder')
}

function lost(room: RunningRoom, id: FactId): Failure {
  const event = room.engine.events.get(lostId(id))
  const globs = event?.kind === 'lock-lost' ? event.against.globs.join(' ') : 'what you asked for'
  const text = `somebody else locked ${globs} before the leader heard of this`
  return new Failure('HELD', text, 'knot locks shows who')
}

/** The locks that are meant: all of one's own, or those named. */
function chosen(
  room: RunningRoom,
  { locks: named, force }: Parsed<'locks.release'>,
): (HeldLock | LockAsk)[] {
  const { held, asks } = room.engine.board.locks
  const all = [...held.values(), ...asks.values()]
  const own = all.filter(({ actor }) => isMine(room, actor))
  if (named === undefined) return own
  return named.flatMap((wanted) => {
    const fits = all.filter(({ id, terms }) => {
      return (wanted.length >= 4 && id.startsWith(wanted)) || terms.globs.includes(plain(wanted))
    })
    const mine = fits.filter(({ actor }) => isMine(room, actor))
    if (mine.length > 0) return mine
    const [other] = fits
    if (force && other !== undefined) {
      const { name } = whoIs(room.engine, keyOf(other.actor))
      refuseUngoverned(room, `give back what ${name} locked`)
      return fits
    }
    if (other === undefined) {
      throw new Failure('NOT_FOUND', `there is no lock "${wanted}"`, 'knot locks shows them')
    }
    const text = `"${wanted}" is not yours: ${excludedBy(room, other)}`
    throw new Failure('HELD', text, 'ask its holder; an admin may use --force')
  })
}

function plain(glob: string): string {
  return glob.endsWith('/') ? glob.slice(0, -1) : glob
}

/** Gives locks back, and waits for the leader to say so. */
async function release(
  room: RunningRoom,
  chosen: readonly (HeldLock | LockAsk)[],
  signal: AbortSignal,
): Promise<LockRow[]> {
  const { locks } = room.engine.board
  for (const { id } of chosen) await made(room, { kind: 'withdraw', topic: 'locks', ask: id })
  await settled(room, () => chosen.every(({ id }) => !locks.held.has(id)), signal)
  return chosen.map((lock) => {
    // An ask may have been granted where this was not heard of yet.
    const standing = locks.held.has(lock.id) ? 'provisional' : standingNow(room)
    return { ...lockRow(room, lock), standing }
  })
}

async function stop(room: RunningRoom, signal: AbortSignal): Promise<Output<'doing.stop'>> {
  const now = doingNow(room)
  if (now === undefined) {
    throw new Failure('NOT_FOUND', 'you said of nothing that you are doing it', 'knot doing "…"')
  }
  const locks = lockOfDoing(room, now)
  await made(room, { kind: 'doing', text: '' })
  return { text: now.text, locks: await release(room, locks, signal) }
}

/** What this agent said last that it is doing; undefined when that is over. */
function doingNow(room: RunningRoom): Doing | undefined {
  const own = [...room.engine.board.doing.values()].filter(({ place }) => isMine(room, place.actor))
  const newest = own.sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1)).at(-1)
  return newest === undefined || newest.fact.text === '' ? undefined : newest.fact
}
