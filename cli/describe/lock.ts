/** Locks, and what everybody is doing, as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { ago, cleanLine, type Paint, table } from '../print.ts'

type Lock = Output<'locks.list'>['locks'][number]
type Doing = Output<'doing.list'>['doing'][number]

/** Who has locked what: one line a lock. */
export function describeLocks(locks: Lock[], paint: Paint, now: number): string {
  if (locks.length === 0) return 'no locks'
  const head = ['LOCK', 'BY', 'STANDING', 'SINCE', 'PATHS', 'REASON'].map(paint.dim)
  const rows = locks.map((lock) => [
    lock.id,
    `${cleanLine(lock.by.name)}${lock.mine ? ' (you)' : ''}`,
    standing(lock, paint, now),
    ago(lock.at, now),
    `${cleanLine(lock.globs.join(' '))}${lock.mode === 'shared' ? ' (shared)' : ''}`,
    cleanLine(lock.reason),
  ])
  return table([head, ...rows])
}

/** One lock that was just asked for. */
export function describeLock(lock: Lock, paint: Paint): string {
  const shared = lock.mode === 'shared' ? ' (shared)' : ''
  const locked = `locked ${cleanLine(lock.globs.join(' '))}${shared} as ${lock.id}`
  return lock.standing === 'confirmed' ? locked : `${locked}, ${paint.yellow('provisional')}`
}

/** What everybody is doing: one line each. */
export function describeDoing(doing: Doing[], paint: Paint, now: number): string {
  if (doing.length === 0) return 'nobody says what they are doing'
  return table(doing.map(({ by, text, at, online }) => [
    paint.bold(cleanLine(by.name)),
    cleanLine(text),
    paint.dim(online ? ago(at, now) : `${ago(at, now)}, offline`),
  ]))
}

function standing({ standing, until }: Lock, paint: Paint, now: number): string {
  const words = standing === 'confirmed' ? standing : paint.yellow(standing)
  if (until === undefined) return words
  const left = Math.ceil(Math.max(0, until - now) / 60_000)
  return `${words}, ${paint.yellow(`silent, ends in ${left} min`)}`
}
