/** Facts of every kind, as their authors mean them, and values that are none. */
import type { ActorId, Instant, Oid } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import type {
  CheckRun,
  FactId,
  Facts,
  Landed,
  Pushed,
  Refused,
  UndoAsked,
  Undone,
} from '../../../src/core/room/facts.ts'
import { factId, writeFact } from '../../../src/core/room/facts.ts'
import { idOf } from '../../../src/core/room/origin.ts'
import { alice } from './cast.ts'

export const oid = (name: string | number): Oid => hashOf(utf8(`oid ${name}`)).slice(0, 40) as Oid
export const at = (ms: number): Instant => ms as Instant
/** The id of somebody's n-th push, or one that no push has. */
export function pushId(n: number, actor: ActorId = alice.actor, fact?: Pushed): FactId {
  const place = { actor, topic: 'refs' as const, n }
  return fact === undefined ? factId(place) : idOf({ place, value: writeFact('refs', fact) })
}

export const passed: CheckRun = {
  name: 'tsc',
  command: 'npx tsc --noEmit',
  outcome: 'passed',
  exit: 0,
  ms: 1200,
  digest: hashOf(utf8('output')),
}
export const failed: CheckRun = { ...passed, name: 'test', outcome: 'failed', exit: 1 }

export function pushed(name: string | number, more: Partial<Pushed> = {}): Pushed {
  const stamp = { at: at(1_000), term: 0, kind: 'push' as const }
  return { ...stamp, commit: oid(name), files: ['src/a.ts'], fileCount: 1, ...more }
}

export function refused(push: FactId, more: { at?: Instant; term?: number } = {}): Refused {
  return { at: at(2_000), term: 1, push, head: oid('head'), kind: 'unrelated', ...more }
}

export function landed(push: FactId, commit: Oid, prev?: Oid): Landed {
  const fact = { at: at(3_000), term: 1, push, commit, tree: oid(`tree ${commit}`) }
  return { ...fact, checks: [passed], ...(prev === undefined ? {} : { prev }) }
}

/** The id of somebody's n-th task, and of its n-th ask about one. */
export const taskId = (n: number, actor: ActorId = alice.actor): FactId =>
  factId({ actor, topic: 'tasks', n })
export const askId = (n: number, actor: ActorId = alice.actor): FactId =>
  factId({ actor, topic: 'claims', n })
const spot = (n: number) => ({ actor: alice.actor, n })
const terms = { globs: ['src', 'docs/*.md'], mode: 'exclusive' as const, reason: 'moving' }

export function asked(landing: FactId, head: Oid, more: Partial<UndoAsked> = {}): UndoAsked {
  return { at: at(4_000), term: 1, kind: 'undo', landing, head, ...more }
}

/** The answer to somebody's nth wish. */
export function undone(landing: FactId, prev: Oid, more: Partial<Undone> = {}): Undone {
  const commit = oid(`undo ${prev}`)
  const fact = { at: at(5_000), term: 1, kind: 'undone' as const, landing, prev, commit }
  return { ...fact, ask: { actor: alice.actor, n: 7 }, tree: oid(`tree ${commit}`), ...more }
}

const stamp = { at: at(1), term: 2 }
const conflict = { kind: 'conflict' as const, files: ['a', 'ü'], fileCount: 3 }

/** One of each form, with all its fields and with the least. */
export const samples: { [T in keyof Facts]: Facts[T][] } = {
  chat: [{ ...stamp, text: 'hé 👋\n' }, { ...stamp, text: '' }],
  tasks: [
    { ...stamp, kind: 'add', title: 'log in', body: 'with a key' },
    { ...stamp, kind: 'add', title: 't' },
  ],
  agents: [{ ...stamp, kind: 'cut', volume: 3 }],
  refs: [
    { ...stamp, kind: 'base', commit: oid('base') },
    pushed('push', { base: oid('base'), intent: 'say hello' }),
    pushed('bare', { files: [], fileCount: 0 }),
    pushed('again', { again: [pushId(0), pushId(1)] }),
    pushed('under', { claim: pushId(7) }),
  ],
  verdicts: [
    refused(pushId(0)),
    { ...stamp, push: pushId(0), kind: 'contained' },
    { ...stamp, push: pushId(0), kind: 'stale', claim: pushId(7) },
    { ...stamp, push: pushId(0), ...conflict, against: [{ push: pushId(1), commit: oid(1) }] },
    { ...stamp, push: pushId(0), ...conflict, against: [] },
    { ...stamp, push: pushId(0), kind: 'check', checks: [passed, failed], output: 'not ok 1' },
    { ...stamp, push: pushId(0), kind: 'check', checks: [], output: '' },
  ],
  landings: [landed(pushId(0), oid('landing'), oid('base')), landed(pushId(0), oid('first')),
    asked(pushId(0), oid('head')),
    asked(pushId(0), oid('head'), { reason: 'breaks the import' }),
    undone(pushId(0), oid('head')),
    undone(pushId(0), oid('head'), { reason: 'breaks the import' }),
  ],
  claims: [
    { ...stamp, kind: 'ask', want: 'claim', task: taskId(0), after: 0 },
    { ...stamp, kind: 'ask', want: 'done', task: taskId(0), after: 3, claim: askId(0), wait: true },
    { ...stamp, kind: 'withdraw', ask: askId(0) },
    { ...stamp, kind: 'rule', want: 'drop', task: taskId(0), ask: spot(0), claim: askId(0) },
    { ...stamp, kind: 'rule', want: 'claim', task: taskId(0), ask: spot(0) },
    { ...stamp, kind: 'release', task: taskId(0), claim: askId(0), why: 'silent' },
  ],
  locks: [
    { ...stamp, kind: 'ask', ...terms, after: 0 },
    { ...stamp, kind: 'withdraw', ask: askId(0) },
    { ...stamp, kind: 'grant', ...terms, mode: 'shared', ask: spot(0) },
    { ...stamp, kind: 'free', lock: askId(0), why: 'removed' },
  ],
  plans: [
    { ...stamp, kind: 'doing', text: 'mend the gate', lock: askId(0) },
    { ...stamp, kind: 'doing', text: '' },
  ],
}
