/**
 * Facts: what each author says, in the form in which it stands in the room document.
 *
 * A fact is one JSON object in one immutable string, below its author's own name. Reading is strict
 * about what is used, also about a field that may be absent, and silent about what is not: a later
 * version may add fields. A fact that does not read is kept and replicated like any other, and no
 * view shows it.
 */
import type { Oid } from '../brand.ts'
import {
  AGAIN_NAMED_MAX,
  CHECKS_NAMED_MAX,
  FILES_NAMED_MAX,
  STEERS_NAMED_MAX,
  MESSAGE_MAX_BYTES,
  OTHERS_MAX,
  TITLE_MAX_BYTES,
} from '../limits.ts'
import { type ClaimFact, readClaimFact } from './claim-facts.ts'
import { type Doing, type LockFact, readDoing, readLockFact } from './lock-facts.ts'
import { readTask, type TaskAdded } from './task-facts.ts'
import { isCount, isObject, isOid, isText, type Json, parseObject } from './json.ts'
import { type AskPlace, type FactId, isAskPlace, isFactId, isStamped, type Stamp } from './place.ts'

export { type FactId, factId, isFactId, type Place, type Stamp } from './place.ts'
export type { TaskAdded } from './task-facts.ts'

/** One check as it ran on the tree that landed, or that was refused. */
export type CheckRun = {
  name: string
  command: string
  outcome: 'passed' | 'failed' | 'timeout' | 'missing'
  exit?: number
  ms: number
  /** SHA-256 of the whole output. */
  digest: string
  /** What the tools said of their versions, as one line. */
  toolchain?: string
  /** What kept the check from the rest of the machine. */
  sandbox?: string
}

/** The first of some files, and how many there are; see `boundedFiles`. */
export type Named = { files: string[]; fileCount: number }

export type Said = Stamp & { text: string }
/** Where the room begins: the founder's HEAD when it was made. */
export type Based = Stamp & { kind: 'base'; commit: Oid }
export type Pushed = Stamp &
  Named & {
    kind: 'push'
    commit: Oid
    /** The integration commit, or the room's base, that its author built on; as far as it knew. */
    base?: Oid
    intent?: string
    /** Pushes of the same agent that were undone and that this one brings back. */
    again?: FactId[]
    /** The claim (the id of its ask) that it was made under. */
    claim?: FactId
  }
/** Why a leader did not land a push. Counts only from the leader of the term that it names. */
export type Refused = Stamp & { push: FactId; head?: Oid } & (
    | ({ kind: 'conflict'; against: Other[] } & Named)
    | { kind: 'check'; checks: CheckRun[]; output: string }
    | { kind: 'unrelated' }
    | { kind: 'contained' }
    /** The claim that it was made under was over by another hand than its author's. */
    | { kind: 'stale'; claim: FactId }
  )
/** The other side of a conflict: a landed push that changed the same files. */
export type Other = { push: FactId; commit: Oid }
/** One advance of the integration ref; counts once the term chain confirms these very bytes. */
export type Landed = Stamp & {
  kind?: undefined
  push: FactId
  /** The integration commit before; absent for the first landing of a room without a base. */
  prev?: Oid
  commit: Oid
  tree: Oid
  checks: CheckRun[]
  /** Files of the push that change what the checks mean; the next landing is under them. */
  steers?: string[]
}
/** A member's wish to take the last landing back. It counts while `head` is the head. */
export type UndoAsked = Stamp & {
  kind: 'undo'
  landing: FactId
  /** The integration commit that its author saw; none is ever the head twice. */
  head: Oid
  reason?: string
}
/** The answer: an advance to the state before a landing; counts once the chain confirms it. */
export type Undone = Stamp & {
  kind: 'undone'
  landing: FactId
  /** Who asked: the place of the wish on this topic. */
  ask: AskPlace
  /** The integration commit before, which is the first and only parent of `commit`. */
  prev: Oid
  commit: Oid
  tree: Oid
  /** The words of the wish. */
  reason?: string
}

/** A member's wish to end the volume; void in the next one. */
export type CutAsked = Stamp & { kind: 'cut'; volume: number }

/** The topics that carry facts so far, and what stands there. */
export type Facts = {
  chat: Said
  tasks: TaskAdded
  refs: Based | Pushed
  verdicts: Refused
  landings: Landed | UndoAsked | Undone
  claims: ClaimFact
  locks: LockFact
  plans: Doing
  agents: CutAsked
}

/** A fact as the string that stands in the document. */
export function writeFact<T extends keyof Facts>(_topic: T, fact: Facts[T]): string {
  return JSON.stringify(fact)
}

/** Reads the string of a place; undefined when it is not a fact of that topic. */
export function readFact<T extends keyof Facts>(topic: T, value: string): Facts[T] | undefined {
  const json = parseObject(value)
  if (json === undefined || !isStamped(json)) return undefined
  return READ[topic](json)
}

type Stamped = Json & Stamp

const READ: { [T in keyof Facts]: (json: Stamped) => Facts[T] | undefined } = {
  chat: ({ at, term, text }) =>
    isText(text, MESSAGE_MAX_BYTES) ? { at, term, text } : undefined,
  tasks: readTask,
  refs: (json) => (json['kind'] === 'base' ? readBased(json) : readPushed(json)),
  verdicts: readRefused,
  landings: readLandings,
  claims: readClaimFact,
  locks: readLockFact,
  plans: readDoing,
  agents: ({ at, term, kind, volume }) =>
    kind === 'cut' && isCount(volume) ? { at, term, kind, volume } : undefined,
}

function readBased({ at, term, commit }: Stamped): Based | undefined {
  return isOid(commit) ? { at, term, kind: 'base', commit } : undefined
}

function readPushed(json: Stamped): Pushed | undefined {
  const { at, term, kind, commit, base, intent } = json
  const named = readNames(json)
  if (kind !== 'push' || !isOid(commit) || named === undefined) return undefined
  if (base !== undefined && !isOid(base)) return undefined
  if (intent !== undefined && !isText(intent, TITLE_MAX_BYTES)) return undefined
  const { again, claim } = json as Json
  if (again !== undefined && !isAgain(again)) return undefined
  if (claim !== undefined && !isFactId(claim)) return undefined
  const told = {
    ...(intent === undefined ? {} : { intent }),
    ...(again === undefined ? {} : { again }),
    ...(claim === undefined ? {} : { claim }),
  }
  return { at, term, kind, commit, ...(base === undefined ? {} : { base }), ...named, ...told }
}

function readRefused(json: Stamped): Refused | undefined {
  const { at, term, kind, push, head } = json
  if (!isFactId(push) || (head !== undefined && !isOid(head))) return undefined
  const stamp = { at, term, push, ...(head === undefined ? {} : { head }) }
  switch (kind) {
    case 'unrelated':
    case 'contained':
      return { ...stamp, kind }
    case 'stale': {
      const { claim } = json as Json
      return isFactId(claim) ? { ...stamp, kind, claim } : undefined
    }
    case 'conflict': {
      const named = readNames(json)
      const against = readList(json['against'], OTHERS_MAX, readOther)
      if (named === undefined || against === undefined) return undefined
      return { ...stamp, kind, ...named, against }
    }
    case 'check': {
      const checks = readList(json['checks'], CHECKS_NAMED_MAX, readCheck)
      const output = json['output']
      if (checks === undefined || typeof output !== 'string') return undefined
      return { ...stamp, kind, checks, output }
    }
    default:
      return undefined
  }
}

function isAgain(value: unknown): value is FactId[] {
  return Array.isArray(value) && value.length <= AGAIN_NAMED_MAX && value.every(isFactId)
}

function readLandings(json: Stamped): Facts['landings'] | undefined {
  switch (json['kind']) {
    case undefined:
      return readLanded(json)
    case 'undo':
      return readUndoAsked(json)
    case 'undone':
      return readUndone(json)
    default:
      return undefined
  }
}

function readUndoAsked({ at, term, landing, head, reason }: Stamped): UndoAsked | undefined {
  if (!isFactId(landing) || !isOid(head)) return undefined
  const asked = { at, term, kind: 'undo' as const, landing, head }
  if (reason === undefined) return asked
  return isText(reason, TITLE_MAX_BYTES) ? { ...asked, reason } : undefined
}

function readUndone(json: Stamped): Undone | undefined {
  const { at, term, landing, ask, prev, commit, tree, reason } = json
  if (!isFactId(landing) || !isOid(prev) || !isOid(commit) || !isOid(tree)) return undefined
  if (!isAskPlace(ask)) return undefined
  const { actor, n } = ask
  const done = { landing, ask: { actor, n }, prev, commit, tree }
  const undone = { at, term, kind: 'undone' as const, ...done }
  if (reason === undefined) return undone
  return isText(reason, TITLE_MAX_BYTES) ? { ...undone, reason } : undefined
}

function readLanded(json: Stamped): Landed | undefined {
  const { at, term, push, prev, commit, tree } = json
  const checks = readList(json['checks'], CHECKS_NAMED_MAX, readCheck)
  if (!isFactId(push) || !isOid(commit) || !isOid(tree) || checks === undefined) return undefined
  if (prev !== undefined && !isOid(prev)) return undefined
  const landed = { at, term, push, commit, tree, checks, ...(prev === undefined ? {} : { prev }) }
  const { steers } = json
  if (steers === undefined) return landed
  if (!Array.isArray(steers) || steers.length > STEERS_NAMED_MAX) return undefined
  return steers.every((file) => typeof file === 'string') ? { ...landed, steers } : undefined
}

function readCheck(json: Json): CheckRun | undefined {
  const { name, command, outcome, exit, ms, digest, toolchain, sandbox } = json
  if (typeof name !== 'string' || typeof command !== 'string') return undefined
  if (!isOutcome(outcome) || !isCount(ms) || typeof digest !== 'string') return undefined
  const told = {
    ...(typeof toolchain === 'string' ? { toolchain } : {}),
    ...(typeof sandbox === 'string' ? { sandbox } : {}),
  }
  const run = { name, command, outcome, ms, digest, ...told }
  if (exit === undefined) return run
  return Number.isSafeInteger(exit) ? { ...run, exit: exit as number } : undefined
}

function readOther({ push, commit }: Json): Other | undefined {
  return isFactId(push) && isOid(commit) ? { push, commit } : undefined
}

function readNames({ files, fileCount }: Json): Named | undefined {
  if (!Array.isArray(files) || files.length > FILES_NAMED_MAX) return undefined
  if (!files.every((name): name is string => typeof name === 'string')) return undefined
  return isCount(fileCount) && fileCount >= files.length ? { files, fileCount } : undefined
}

/** A list of at most so many objects, all of which must read. */
function readList<T>(
  value: unknown,
  max: number,
  read: (json: Json) => T | undefined,
): T[] | undefined {
  if (!Array.isArray(value) || value.length > max) return undefined
  const items = value.map((item) => (isObject(item) ? read(item) : undefined))
  return items.every((item): item is T & {} => item !== undefined) ? items : undefined
}

function isOutcome(value: unknown): value is CheckRun['outcome'] {
  return ['passed', 'failed', 'timeout', 'missing'].includes(value as string)
}
