/** What may come next on a command line, from the commands alone. */
import type { Definition } from 'clipanion'
import { KEYS } from '../../src/core/settings/settings.ts'

/** A word that fits, and what it is. */
export type Candidate = { word: string; about: string }

/** Words that only a running daemon knows. */
export type Live = 'tasks' | 'members' | 'invites'

/** What fits by the commands, and whose words would fit as well. */
export type Completion = { candidates: Candidate[]; live?: Live }

/** What the names of arguments stand for. */
const ARGUMENTS: Readonly<Record<string, Live | Candidate[]>> = {
  id: 'tasks',
  task: 'tasks',
  agent: 'members',
  member: 'members',
  invite: 'invites',
  role: ['admin', 'member', 'observer', 'relay'].map((word) => ({ word, about: '' })),
  setting: KEYS.map((word) => ({ word, about: '' })),
  shell: ['bash', 'zsh', 'fish', 'powershell'].map((word) => ({ word, about: '' })),
}

/** Completes the last of the words behind `knot`, which may be empty. */
export function complete(commands: readonly Definition[], words: readonly string[]): Completion {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const explains = before[0] === 'help' && !typed.startsWith('-')
  if (explains) return fitting(typed, following(commands, before.slice(1)))

  const option = optionBefore(commands, before)
  if (option === 'takes a value') return { candidates: [] }
  const plain = withoutOptions(commands, before)
  const command = commandOf(commands, plain)
  if (typed.startsWith('-')) return fitting(typed, optionsOf(command))

  const below = following(commands, plain)
  const argument = command === undefined ? undefined : argumentAt(command, plain.length)
  const values = argument === undefined ? undefined : ARGUMENTS[argument]
  const own = typeof values === 'object' ? values : []
  const found = fitting(typed, [...below, ...own])
  return typeof values === 'string' ? { ...found, live: values } : found
}

/** Those that begin with what was typed. */
export function fitting(typed: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(typed)) }
}

function pathOf({ path }: Definition): string[] {
  return path.split(' ').slice(1)
}

/** The words that follow those in some command's name. */
function following(commands: readonly Definition[], plain: readonly string[]): Candidate[] {
  const found = new Map<string, string>()
  for (const command of commands) {
    const path = pathOf(command)
    if (path.length <= plain.length || !plain.every((word, n) => path[n] === word)) continue
    const whole = path.length === plain.length + 1
    const word = path[plain.length] as string
    if (whole || !found.has(word)) found.set(word, whole ? (command.description ?? '').trim() : '')
  }
  return [...found].map(([word, about]) => ({ word, about }))
}

function commandOf(commands: readonly Definition[], plain: readonly string[]) {
  return commands
    .filter((command) => pathOf(command).every((word, n) => plain[n] === word))
    .sort((a, b) => pathOf(b).length - pathOf(a).length)[0]
}

function optionsOf(command: Definition | undefined): Candidate[] {
  const own = (command?.options ?? []).map(({ definition, description = '' }) => ({
    word: namesIn(definition)[0] ?? '', about: description,
  }))
  return [...own, { word: '--help', about: 'Explain this command' }]
}

/** The name of the positional argument at a place; the last one may repeat. */
function argumentAt(command: Definition, place: number): string | undefined {
  const named = [...command.usage.matchAll(/(?:<(\w+)>|\[(\w+)\])(?= |$)/g)]
  const names = named.map(([, required, optional]) => required ?? optional)
  return names[place - pathOf(command).length]
}

function takesValue(commands: readonly Definition[], plain: readonly string[], word: string) {
  const options = commandOf(commands, plain)?.options ?? []
  const option = options.find(({ definition }) => namesIn(definition).includes(word))
  return option?.definition.includes('#') === true
}

/** An option as clipanion writes it: its names, then a #0 for each value. */
function namesIn(definition: string): string[] {
  return (definition.split(' ')[0] ?? '').split(',')
}

function optionBefore(commands: readonly Definition[], before: readonly string[]) {
  const last = before.at(-1)
  if (last === undefined || !last.startsWith('-')) return 'none'
  const plain = withoutOptions(commands, before.slice(0, -1))
  return takesValue(commands, plain, last) ? 'takes a value' : 'stands alone'
}

function withoutOptions(commands: readonly Definition[], words: readonly string[]): string[] {
  const plain: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (!word.startsWith('-')) plain.push(word)
    else if (takesValue(commands, plain, word)) at++
  }
  return plain
}
