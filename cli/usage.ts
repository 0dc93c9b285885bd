/** What was typed wrong, said so that the next attempt is right. */
import type { CommandClass } from 'clipanion'
import { type ApiError, Failure, problem } from '../src/api/errors.ts'
import type { KnotContext } from './context.ts'

type Syntax = { candidates?: { usage: string; reason: string | null }[] }

/** Explains why no command could be made of these words. */
export function usageProblem(
  words: string[],
  thrown: unknown,
  commands: CommandClass<KnotContext>[],
): ApiError {
  if (thrown instanceof Failure) return thrown.problem
  const shown = commands.filter(({ usage }) => usage !== undefined)
  const paths = shown.flatMap(({ paths = [] }) => paths.map((path) => path.join(' ')))
  const meant = words.filter((word) => !word.startsWith('-')).slice(0, 2)
  const group = paths.some((path) => path.startsWith(`${meant[0]} `))
  const readings = [meant.join(' '), ...(group ? [] : meant.slice(0, 1))]
  const command = readings.find((path) => paths.includes(path))
  if (command === undefined) return unknownCommand(meant, paths)

  const { candidates = [] } = thrown as Syntax
  const own = (usage: string) => `${usage} `.startsWith(`knot ${command} `)
  const candidate = candidates.find(({ usage, reason }) => own(usage) && reason !== null)
    ?? candidates.find(({ usage }) => own(usage))
  const [first = ''] = (candidate?.reason ?? (thrown as Error).message).split('\n')
  const reason = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '')
  return problem('USAGE', `knot ${command}: ${reason}.`, candidate?.usage ?? `knot help ${command}`)
}

function unknownCommand(meant: string[], paths: string[]): ApiError {
  const [first = ''] = meant
  const below = paths.filter((path) => path.startsWith(`${first} `))
  const typed = below.length > 0 ? meant.join(' ') : first
  const last = (path: string) => path.slice(path.lastIndexOf(' ') + 1)
  const near = (below.length > 0 ? below : paths)
    .map((path) => ({ path, away: distance(last(typed), last(path)) }))
    .filter(({ path, away }) => away <= last(path).length / 2 || path.startsWith(typed))
    .sort((a, b) => a.away - b.away)
  // Where a command itself is near, those that end in the same word below others are not meant.
  const own = near.filter(({ path }) => !path.includes(' '))
  const nearest = (own.length > 0 ? own : near).slice(0, 3).map(({ path }) => `knot ${path}`)
  if (typed === '') return problem('COMMAND_UNKNOWN', 'no command was named.', 'knot help')
  const known = below.map((path) => `knot ${path}`).join(', ')
  const fix = nearest.length > 0 ? `did you mean ${nearest.join(' or ')}?` : known || 'knot help'
  return problem('COMMAND_UNKNOWN', `"knot ${typed}" is no command.`, fix)
}

/** Letters to change, add, drop or swap with the next to get from one word to the other. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] ?? []
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1
        ? (rows[i - 2]?.[j - 2] ?? 0) + 1
        : Infinity
      row[j] = Math.min(changed, swapped, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
