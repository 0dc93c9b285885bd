/** Folders of a tree in which checks run, and commands that enter them. */
import type { Check, Listing } from './detect.ts'

type Command = readonly [string, ...string[]]

/** The folders with such a file that lie in no other folder with one; '' is the root. */
export function rootsOf(paths: readonly string[], file: string): string[] {
  if (paths.includes(file)) return ['']
  const folders = paths
    .filter((path) => path.endsWith(`/${file}`) && !isForeign(path))
    .map((path) => path.slice(0, -file.length - 1))
  return folders.filter((one) => !folders.some((other) => one.startsWith(`${other}/`)))
}

/** Whether a path is of others' work, of what tests read, or of what Go itself passes over. */
export function isForeign(path: string): boolean {
  return FOREIGN.test(path)
}

const FOREIGN = /(^|\/)(vendor|node_modules|third_party|testdata|fixtures|examples?|[._][^/]*)\//

/** A tree as it looks from one of its folders. */
export function listingIn({ paths, texts }: Listing, folder: string): Listing {
  const start = `${folder}/`
  const below = (path: string) => path.startsWith(start)
  const inside = [...texts].filter(([path]) => below(path))
  return {
    paths: paths.filter(below).map((path) => path.slice(start.length)),
    texts: new Map(inside.map(([path, text]) => [path.slice(start.length), text])),
  }
}

/** A check of a folder, as a check of the tree around it. */
export function checkIn(folder: string, check: Check): Check {
  const [kind = '', ...rest] = check.name.split(' ')
  const name = `${kind} ${[folder, ...rest].join('/')}`
  const command = commandIn(folder, check.command)
  const at = within(folder, check.folder ?? '').replace(/\/$/, '')
  return { ...check, name, command, folder: at, from: within(folder, check.from) }
}

/** The name of a kind of check in a folder. */
export function nameIn(kind: string, folder: string): string {
  return folder === '' ? kind : `${kind} ${folder}`
}

/** What says that a check is of a folder, and not of the whole tree. */
export function placedIn(folder: string): Pick<Check, 'folder'> {
  return folder === '' ? {} : { folder }
}

/** A file of a folder. */
export function within(folder: string, file: string): string {
  return folder === '' ? file : `${folder}/${file}`
}

/** A command as it is started in a folder of the tree. */
export function commandIn(folder: string, command: Command): Command {
  if (folder === '') return command
  return ['sh', '-c', `${enter(folder)} && ${asScript(command)}`]
}

/** Commands that run one after the other, each where the first began, until one fails. */
export function oneAfterAnother(commands: readonly Command[]): Command {
  const [first, ...others] = commands
  if (first !== undefined && others.length === 0) return first
  return ['sh', '-c', commands.map((command) => asGroup(asScript(command))).join(' && ')]
}

/** The words that enter a folder, with the programs that were installed there. */
function enter(folder: string): string {
  const place = folder.startsWith('-') ? `./${folder}` : folder
  return `cd ${quoted(place)} && PATH="$PWD/node_modules/.bin:$PATH"`
}

function asScript(command: Command): string {
  const [shell, flag, script] = command
  const isScript = shell === 'sh' && flag === '-c' && script !== undefined
  return isScript ? asGroup(script) : command.map(quoted).join(' ')
}

function asGroup(script: string): string {
  return script.startsWith('(') && script.endsWith(')') && !/[()]/.test(script.slice(1, -1))
    ? script
    : `(${script})`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll(`'`, String.raw`'\''`)}'`
}
