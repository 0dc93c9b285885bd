/** Events in words: the one line (or, for output, the lines) that people and agents read. */
import type { Oid, PublicKey } from '../core/brand.ts'
import { keyOf } from '../core/brand.ts'
import type { Engine } from '../core/engine/state.ts'
import { tellDecision } from './decisions.ts'
import type { CheckRun, FactId } from '../core/room/facts.ts'
import type { Event } from '../core/room/views/events.ts'
import { lockWords, taskName, taskWords } from './claim-words.ts'

/** An event as the local API shows it. */
export type Told = {
  id: string
  at: number
  kind: string
  by: { id: string; name: string }
  text: string
  fields: Record<string, unknown>
}

/** Who a key belongs to. */
export function whoIs(engine: Engine, key: PublicKey): { id: string; name: string } {
  const member = engine.membership.byKey(key)
  return member === undefined
    ? { id: key.slice(0, 16), name: key.slice(0, 8) }
    : { id: member.agent, name: member.name }
}

/** Tells an event with names in it. */
export function tellEvent(engine: Engine, event: Event): Told {
  const { id, at, kind } = event
  const told = { id, at, kind }
  switch (event.kind) {
    case 'founded':
      return by(engine, event.by, { ...told, text: `made the room ${event.name}`, fields: {} })
    case 'joined':
      return by(engine, event.who, { ...told, text: 'joined', fields: { name: event.name } })
    case 'asked':
    case 'approved':
    case 'removed':
    case 'role':
    case 'revoked':
    case 'rotated':
      return tellDecision(engine, event, told)
    case 'said':
      return by(engine, keyOf(event.by), { ...told, text: spoken(event.text), fields: {} })
    case 'task': {
      const fields = { task: event.task, title: event.title }
      const text = `added task ${event.task.slice(0, 8)}: ${event.title}`
      return by(engine, keyOf(event.by), { ...told, text, fields })
    }
    case 'pushed': {
      const { commit, files, fileCount, intent } = event
      const fields = { push: id, commit, files, fileCount, ...(intent ? { intent } : {}) }
      const why = intent === undefined ? '' : `: ${intent}`
      const text = `pushed ${commit.slice(0, 8)}, ${count(fileCount, 'file')}${why}`
      return by(engine, keyOf(event.by), { ...told, text, fields })
    }
    case 'ruled':
    case 'released':
    case 'ask-lost':
      return by(engine, keyOf(event.by), { ...told, ...taskWords(engine, event) })
    case 'locked':
    case 'unlocked':
    case 'lock-lost':
      return by(engine, keyOf(event.by), { ...told, ...lockWords(engine, event) })
    case 'doing': {
      const text = event.text === '' ? 'is done with what it did' : `is doing: ${event.text}`
      return by(engine, keyOf(event.by), { ...told, text, fields: { doing: event.text } })
    }
    default:
      return tellVerdict(engine, event, told)
  }
}

/** A message, which cannot pose as an outcome: those begin with a sign, and are nobody's words. */
function spoken(text: string): string {
  return /^[\p{C}\p{Z}\p{M}]*\p{S}/u.test(text) ? `says: ${text}` : text
}

type Verdict = Extract<
  Event,
  { kind: 'landed' | 'conflict' | 'check-failed' | 'unrelated' | 'contained' | 'stale' | 'undone' }
>

/** Outcomes are told of the push's author, whoever led. */
function tellVerdict(
  engine: Engine,
  event: Verdict,
  told: { id: string; at: number; kind: string },
): Told {
  const pushed = engine.board.pushes.get(event.push)
  const { text, fields } = outcome(engine, event, pushName(engine, event.push))
  const named = { push: event.push, ...(pushed ? { commit: pushed.fact.commit } : {}), ...fields }
  const entry = { ...told, text, fields: named }
  if (pushed === undefined) return { ...entry, by: { id: event.push, name: '?' } }
  return by(engine, keyOf(pushed.place.actor), entry)
}

function outcome(engine: Engine, event: Verdict, push: string) {
  switch (event.kind) {
    case 'landed': {
      const { commit: landed, checks, term } = event
      const unchecked = checks.length === 0 ? ' unchecked' : ''
      const { steers = [] } = event
      const steered = steers.length === 0 ? '' : ` (changes the checks: ${steers.join(' ')})`
      const fields = { landed, checks, term, steers }
      return { text: `✓ landed ${push}${unchecked}${steered}`, fields }
    }
    case 'conflict': {
      const { files, fileCount } = event
      const against = event.against.map((other) => pushName(engine, other.push))
      const more = fileCount > files.length ? ` and ${fileCount - files.length} more` : ''
      const other = against.length === 0 ? '' : ` (with ${against.join(', ')})`
      const text = `✗ conflict ${push} ${files.join(' ')}${more}${other}`
      return { text, fields: { files, fileCount, against } }
    }
    case 'check-failed': {
      const { checks, output } = event
      const failed = checks.find(({ outcome }) => outcome !== 'passed')
      const text = `✗ check failed ${push} ${failed === undefined ? '' : checkWords(failed)}`
      return { text: `${text.trimEnd()}\n${output}`.trimEnd(), fields: { checks, output } }
    }
    case 'unrelated':
      return { text: `✗ unrelated ${push} shares no history with integration`, fields: {} }
    case 'contained':
      return { text: `= contained ${push} brings nothing that integration lacks`, fields: {} }
    case 'stale': {
      const task = engine.board.claims.over.get(event.claim)?.task
      const of = task === undefined ? '' : ` of task ${taskName(engine, task)}`
      const fields = { claim: event.claim, ...(task === undefined ? {} : { task }) }
      return { text: `✗ stale ${push} its claim${of} is over`, fields }
    }
    case 'undone': {
      const { asker, commit: undo, landing, term, reason } = event
      const asked = whoIs(engine, keyOf(asker))
      const why = reason === undefined ? '' : `: ${reason}`
      const fields = { undo, landing, term, asked, ...(reason === undefined ? {} : { reason }) }
      return { text: `↶ undone ${push} by ${asked.name}${why}`, fields }
    }
  }
}

/** A push as people name it: its author and the commit, `coder-1@a1b2c3d4`. */
export function pushName(engine: Engine, push: FactId): string {
  const entry = engine.board.pushes.get(push)
  if (entry === undefined) return push
  return commitName(whoIs(engine, keyOf(entry.place.actor)).name, entry.fact.commit)
}

function commitName(name: string, commit: Oid): string {
  return `${name}@${commit.slice(0, 8)}`
}

function checkWords({ command, outcome, exit, ms }: CheckRun): string {
  if (outcome === 'missing') return `(${command}: the tool is missing)`
  if (outcome === 'timeout') return `(${command}: stopped after ${Math.round(ms / 1000)} s)`
  return `(${command}: exit ${exit ?? '?'})`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

function by(engine: Engine, key: PublicKey, told: Omit<Told, 'by'>): Told {
  return { ...told, by: whoIs(engine, key) }
}
