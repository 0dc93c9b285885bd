/**
 * Facts: what each author says, in the form in which it stands in the room document.
 *
 * A fact is one JSON object in one immutable string, below its author's own name. Reading is strict
 * about what is used and silent about what is not: a later version may add fields. A fact that does
 * not read is kept and replicated like any other, and no view shows it.
 */
import type { ActorId, Brand, Instant, Oid } from '../brand.ts'
import { base32, fromHex, utf8 } from '../bytes/text.ts'
import { sha256, tagged } from '../bytes/hash.ts'
import { Writer } from '../bytes/writer.ts'
import { FILES_NAMED_MAX, MESSAGE_MAX_BYTES } from '../limits.ts'
import type { Topic } from './topics.ts'

/** A fact's name in every surface: 16 base32 digits of the hash of its place in the document. */
export type FactId = Brand<string, 'FactId'>

/** Where a fact stands: whose, on which topic, the how-manieth there. */
export type Place = { actor: ActorId; topic: Topic; n: number }

/** One check as it ran on the tree that landed, or that was refused. */
export type CheckRun = {
  name: string
  command: string
  outcome: 'passed' | 'failed' | 'timeout' | 'missing'
  exit?: number
  ms: number
  /** SHA-256 of the whole output. */
  digest: string
}

/** What every fact carries: when its author's clock says it was made, and the term it knew. */
type Stamp = { at: Instant; term: number }

export type Said = Stamp & { text: string }
export type TaskAdded = Stamp & { kind: 'add'; title: string; body?: string }
/** Where the room begins: the founder's HEAD when it was made. */
export type Based = Stamp & { kind: 'base'; commit: Oid }
export type Pushed = Stamp & {
  kind: 'push'
  commit: Oid
  /** The integration commit, or the room's base, that its author built on; as far as it knew. */
  base?: Oid
  files: string[]
  fileCount: number
  intent?: string
}
/** Why a leader did not land a push. Counts only from the leader of the term that it names. */
export type Refused = Stamp & { push: FactId; head?: Oid } & (
    | { kind: 'conflict'; files: string[]; fileCount: number; against: Other[] }
    | { kind: 'check'; checks: CheckRun[]; output: string }
    | { kind: 'unrelated' }
    | { kind: 'contained' }
  )
/** The other side of a conflict: a landed push that changed the same files. */
export type Other = { push: FactId; commit: Oid }
/** One advance of the integration ref; counts once the term chain confirms these very bytes. */
export type Landed = Stamp & {
  push: FactId
  /** The integration commit before; absent for the first landing of a room without a base. */
  prev?: Oid
  commit: Oid
  tree: Oid
  checks: CheckRun[]
}

/** The topics that carry facts so far, and what stands there. */
export type Facts = {
  chat: Said
  tasks: TaskAdded
  refs: Based | Pushed
  verdicts: Refused
  landings: Landed
}

/** The id of the fact at a place. */
export function factId({ actor, topic, n }: Place): FactId {
  const body = new Writer().id(actor).text(topic).uint(n).done()
  return base32(sha256(tagged('knot/fact/1', body)).subarray(0, 10)) as FactId
}

/** A fact as the string that stands in the document. */
export function writeFact<T extends keyof Facts>(_topic: T, fact: Facts[T]): string {
  return JSON.stringify(fact)
}

/** Reads the string of a place; undefined when it is not a fact of that topic. */
export function readFact<T extends keyof Facts>(topic: T, value: string): Facts[T] | undefined {
  const json = parse(value)
  if (json === undefined || !isStamp(json)) return undefined
  return READ[topic](json)
}

type Json = Record<string, unknown>

const READ: { [T in keyof Facts]: (json: Json & Stamp) => Facts[T] | undefined } = {
  chat: ({ at, term, text }) =>
    typeof text === 'string' && utf8(text).length <= MESSAGE_MAX_BYTES
      ? { at, term, text }
      : undefined,
  tasks: ({ at, term, kind, title, body }) => {
    if (kind !== 'add' || typeof title !== 'string' || title === '') return undefined
    return { at, term, kind, title, ...(typeof body === 'string' ? { body } : {}) }
  },
  refs: (json) => (json['kind'] === 'base' ? readBased(json) : readPushed(json)),
  verdicts: readRefused,
  landings: readLanded,
}

function readBased({ at, term, commit }: Json & Stamp): Based | undefined {
  return isOid(commit) ? { at, term, kind: 'base', commit } : undefined
}

function readPushed(json: Json & Stamp): Pushed | undefined {
  const { at, term, kind, commit, base, files, fileCount, intent } = json
  if (kind !== 'push' || !isOid(commit) || !isNames(files) || !isCount(fileCount)) return undefined
  return {
    at,
    term,
    kind,
    commit,
    files,
    fileCount,
    ...(isOid(base) ? { base } : {}),
    ...(typeof intent === 'string' ? { intent } : {}),
  }
}

function readRefused(json: Json & Stamp): Refused | undefined {
  const { at, term, kind, push, head } = json
  if (!isFactId(push)) return undefined
  const stamp = { at, term, push, ...(isOid(head) ? { head } : {}) }
  if (kind === 'unrelated' || kind === 'contained') return { ...stamp, kind }
  if (kind === 'conflict') {
    const { files, fileCount, against } = json
    if (!isNames(files) || !isCount(fileCount) || !Array.isArray(against)) return undefined
    return { ...stamp, kind, files, fileCount, against: against.filter(isOther) }
  }
  if (kind !== 'check' || typeof json['output'] !== 'string') return undefined
  const checks = readChecks(json['checks'])
  return checks === undefined ? undefined : { ...stamp, kind, checks, output: json['output'] }
}

function readLanded(json: Json & Stamp): Landed | undefined {
  const { at, term, push, prev, commit, tree } = json
  const checks = readChecks(json['checks'])
  if (!isFactId(push) || !isOid(commit) || !isOid(tree) || checks === undefined) return undefined
  return { at, term, push, commit, tree, checks, ...(isOid(prev) ? { prev } : {}) }
}

function readChecks(value: unknown): CheckRun[] | undefined {
  if (!Array.isArray(value) || value.length > FILES_NAMED_MAX) return undefined
  return value.every(isCheckRun) ? value : undefined
}

function isCheckRun(value: unknown): value is CheckRun {
  if (typeof value !== 'object' || value === null) return false
  const { name, command, outcome, ms, digest } = value as Json
  const strings = [name, command, digest].every((text) => typeof text === 'string')
  const known = ['passed', 'failed', 'timeout', 'missing'].includes(outcome as string)
  return strings && known && isCount(ms)
}

function isOther(value: unknown): value is Other {
  if (typeof value !== 'object' || value === null) return false
  const { push, commit } = value as Json
  return isFactId(push) && isOid(commit)
}

function parse(value: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(value)
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Json)
      : undefined
  } catch {
    return undefined
  }
}

function isStamp(json: Json): json is Json & Stamp {
  return isCount(json['at']) && isCount(json['term'])
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isNames(value: unknown): value is string[] {
  const few = Array.isArray(value) && value.length <= FILES_NAMED_MAX
  return few && value.every((name) => typeof name === 'string')
}

/** Whether a value is a git object name. */
export function isOid(value: unknown): value is Oid {
  return typeof value === 'string' && value.length === 40 && fromHex(value) !== undefined
}

/** Whether a text is a whole fact id. */
export function isFactId(value: unknown): value is FactId {
  return typeof value === 'string' && /^[a-z2-7]{16}$/.test(value)
}
