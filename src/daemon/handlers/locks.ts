/** Locks on paths, and what everybody is doing. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Output, Parsed } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { Doing, LockTerms } from '../../core/room/lock-facts.ts'
import { excluder, type HeldLock, type LockAsk, lockOf } from '../../core/room/views/locks.ts'
import {
  doingRows, excludedBy, isMine, type LockRow, lockRow, lockRows, standingNow,
} from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { refuseUngoverned, settled, unconfirmed } from './claims.ts'
import { type FindRoom, granted, made } from './talk.ts'

type LockCalls = Pick<
  Answers,
  'locks.take' | 'locks.release' | 'locks.list' | 'doing' | 'doing.stop' | 'doing.list'
>

/** The answers about locks and plans. */
export function locks(room: FindRoom): LockCalls {
  return {
    'locks.take': async (input, signal) => take(await room(), input, signal),
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

async function take(
  room: RunningRoom,
  { globs, mode, reason = doingNow(room)?.text, confirmed }: Parsed<'locks.take'>,
  signal: AbortSignal,
): Promise<LockRow> {
  if (reason === undefined) {
    const fix = 'say it with --reason, or once for all with knot doing "…"'
    throw new Failure('INPUT_INVALID', 'a lock needs a reason, for those who wait for it', fix)
  }
  const terms = { globs, mode, reason }
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
  const event = room.engine.events.get(`${id}:lost`)
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
