/**
 * Checks named by hand, in `.knot.toml`:
 *
 *     [[check]]
 *     name = "unit"
 *     run = "npm run test:unit"
 *     timeout = 600
 *
 * Of the tables only this one is read, and only these three keys, strictly: a check that is
 * misspelt must not quietly disappear. Other tables belong to others and are passed over. What
 * stands before the first table are settings of every member's daemon: a mistake there would keep
 * all of them from starting, so it is one here.
 */
import { CHECK_TIMEOUT_MAX_SECONDS, CHECKS_MAX, NAME_MAX_BYTES } from '../../core/limits.ts'
import { readSettingsIn } from '../../core/settings/settings.ts'
import { readValue } from '../../core/settings/toml.ts'

export type NamedCheck = { name: string; run: string; timeoutMs?: number }

export type Settings =
  | { kind: 'settings'; checks: NamedCheck[] }
  | { kind: 'malformed'; line: number; why: string }

/** Reads the text of a `.knot.toml`. */
export function readSettings(text: string): Settings {
  const daemon = readSettingsIn(text, 'project')
  if (daemon.kind === 'malformed') return daemon
  const checks: Draft[] = []
  let inCheck = false
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const content = source.trim()
    if (content === '' || content.startsWith('#')) continue
    if (content.startsWith('[')) {
      inCheck = /^\[\[\s*check\s*\]\]\s*(#.*)?$/.test(content)
      if (inCheck) checks.push({ line })
      else if (/^\[+\s*checks?\b/.test(content)) return { kind: 'malformed', line, why: TABLE }
      continue
    }
    const draft = checks.at(-1)
    if (!inCheck || draft === undefined) continue
    const why = readKey(draft, content)
    if (why !== undefined) return { kind: 'malformed', line, why }
  }
  return finish(checks)
}

type Draft = { line: number; name?: string; run?: string; timeoutMs?: number }

const TABLE = 'a check begins with [[check]], in double brackets'

function readKey(draft: Draft, content: string): string | undefined {
  const [, key = '', source = ''] = /^([A-Za-z0-9_-]+)\s*=\s*(.*)$/.exec(content) ?? []
  const value = readValue(source)
  if (key === '') return `"${content}" is not of the form key = value`
  if (value === undefined) return `${key} must be a "string" in one line or a whole number`
  switch (key) {
    case 'name': {
      if (typeof value !== 'string') return 'name must be a string'
      if (!/^[\w.:/ -]+$/.test(value) || value.length > NAME_MAX_BYTES) {
        return `name must be 1 to ${NAME_MAX_BYTES} letters, digits, spaces or ._:/-`
      }
      if (draft.name !== undefined) return 'name is given twice'
      draft.name = value
      return undefined
    }
    case 'run':
      if (typeof value !== 'string' || value.trim() === '') return 'run must be a shell command'
      if (draft.run !== undefined) return 'run is given twice'
      draft.run = value
      return undefined
    case 'timeout':
      if (typeof value !== 'number' || value < 1 || value > CHECK_TIMEOUT_MAX_SECONDS) {
        return `timeout must be between 1 and ${CHECK_TIMEOUT_MAX_SECONDS} seconds`
      }
      if (draft.timeoutMs !== undefined) return 'timeout is given twice'
      draft.timeoutMs = value * 1000
      return undefined
    default:
      return `"${key}" is no setting of a check; there are name, run and timeout`
  }
}

function finish(drafts: readonly Draft[]): Settings {
  const checks: NamedCheck[] = []
  for (const { line, name, run, timeoutMs } of drafts) {
    const malformed = (why: string): Settings => ({ kind: 'malformed', line, why })
    if (name === undefined) return malformed('this check has no name')
    if (run === undefined) return malformed(`the check "${name}" has no run`)
    if (checks.some((other) => other.name === name)) return malformed(`"${name}" is named twice`)
    if (checks.length === CHECKS_MAX) return malformed(`there are more than ${CHECKS_MAX} checks`)
    checks.push({ name, run, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  }
  return { kind: 'settings', checks }
}
