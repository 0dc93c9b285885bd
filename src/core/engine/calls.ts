/** Calls of local front ends that change the room. Each ends in one answer, after what it wrote. */
import { isCapability } from '../capability.ts'
import { parseGlobs } from '../globs.ts'
import { utf8 } from '../bytes/text.ts'
import { makeInvite } from '../auth/author.ts'
import { mayGive } from '../auth/roles.ts'
import {
  LOCKS_PER_AGENT_MAX,
  MESSAGE_MAX_BYTES,
  TASK_BODY_MAX_BYTES,
  TITLE_MAX_BYTES,
} from '../limits.ts'
import type { ActorId } from '../brand.ts'
import { factId, type Facts, readFact, writeFact } from '../room/facts.ts'
import { idOf, mayBeSaidAgain } from '../room/origin.ts'
import { placeIn } from '../room/place.ts'
import type { TaskTerms } from '../room/task-facts.ts'
import { isOneAgent } from './alive.ts'
import { takeOps } from './authority.ts'
import type { Answer, Call, Governing } from './call.ts'
import { seenOf, termOf } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { govern, isGoverning } from './governing.ts'
import { spot } from './joining.ts'
import { memberOf } from './names.ts'
import { writingRefusal } from './standing.ts'
import { stepDown } from './stepping-down.ts'
import { hold } from './objects.ts'
import { type Engine, streamOf } from './state.ts'
import { author } from './streams.ts'

/** Performs one call and answers it. */
export function onCall(
  engine: Engine,
  now: Now,
  out: Effect[],
  { call, request }: { call: number; request: Call },
): void {
  const answer = isGoverning(request)
    ? govern(engine, now, out, request)
    : request.kind === 'step-down'
    ? stepDown(engine, now, out)
    : (refusalOf(engine, request) ?? perform(engine, now, out, request))
  out.push({ kind: 'answer', call, answer })
}

function perform(
  engine: Engine,
  now: Now,
  out: Effect[],
  request: Exclude<Call, Governing | { kind: 'step-down' }>,
): Answer {
  const stamp = { at: now.wall, term: termOf(engine) }
  switch (request.kind) {
    case 'say':
      return write(engine, now, out, { topic: 'chat', fact: { ...stamp, text: request.text } })
    case 'task': {
      const { kind: _, ...task } = request
      return write(engine, now, out, { topic: 'tasks', fact: { ...stamp, kind: 'add', ...task } })
    }
    case 'base': {
      const fact = { ...stamp, kind: 'base' as const, commit: request.commit }
      return write(engine, now, out, { topic: 'refs', fact })
    }
    case 'push': {
      const answer = write(engine, now, out, { topic: 'refs', fact: { ...stamp, ...request } })
      if (answer.kind === 'made') hold(engine, out, answer.id)
      return answer
    }
    case 'ask': {
      const fact = { ...stamp, ...request, after: seenOf(engine) }
      return write(engine, now, out, { topic: 'claims', fact })
    }
    case 'lock': {
      const { kind: _, ...terms } = request
      const fact = { ...stamp, kind: 'ask' as const, ...terms, after: seenOf(engine) }
      return write(engine, now, out, { topic: 'locks', fact })
    }
    case 'withdraw': {
      const { topic, ask } = request
      return write(engine, now, out, { topic, fact: { ...stamp, kind: 'withdraw', ask } })
    }
    case 'doing':
      return announce(engine, now, out, request)
    case 'undo':
      return write(engine, now, out, { topic: 'landings', fact: { ...stamp, ...request } })
    case 'cut': {
      const fact = { ...stamp, kind: 'cut' as const, volume: engine.volume.number }
      return write(engine, now, out, { topic: 'agents', fact })
    }
    case 'invite': {
      const { key, role, uses, expires } = request
      const made = makeInvite(engine.me.signer, spot(engine, now), { key, role, uses, expires })
      if (takeOps(engine, now, out, { from: undefined, ops: [made.bytes] }) > 0) {
        return { kind: 'invited', invite: made.id }
      }
      const message = 'the auth log refused the invite; the daemon log says why'
      return { kind: 'refused', code: 'TOO_LARGE', message }
    }
  }
}

function write<T extends keyof Facts>(
  engine: Engine,
  now: Now,
  out: Effect[],
  { topic, fact }: { topic: T; fact: Facts[T] },
): Answer {
  const value = writeFact(topic, fact)
  // What no view could read back would be kept for ever and seen by nobody.
  if (readFact(topic, value) === undefined) {
    const message = `not a fact of ${topic}: a title or a commit is empty, or a list too long`
    return { kind: 'refused', code: 'USAGE', message }
  }
  if (!mayBeSaidAgain(value)) {
    return { kind: 'refused', code: 'TOO_LARGE', message: 'the fact is too large for the room' }
  }
  const [place] = author(engine, now, out, [{ topic, value }])
  if (place !== undefined) return { kind: 'made', id: idOf({ place, value }) }
  return GATE
}

const GATE: Answer = {
  kind: 'refused',
  code: 'TOO_LARGE',
  message: 'the fact was refused by the gate; the daemon log says why',
}

/** Says what this agent does and asks for its lock, both in one change or neither. */
function announce(
  engine: Engine,
  now: Now,
  out: Effect[],
  { text, lock: terms, keeps }: Extract<Call, { kind: 'doing' }>,
): Answer {
  const stamp = { at: now.wall, term: termOf(engine) }
  const plan = { ...stamp, kind: 'doing' as const, text }
  if (terms === undefined) {
    const fact = keeps === undefined ? plan : { ...plan, lock: keeps }
    return write(engine, now, out, { topic: 'plans', fact })
  }
  const count = streamOf(engine, engine.me.actor).state.topics.locks?.count ?? 0
  const n = placeIn(engine.volume.number, count)
  const lock = factId({ actor: engine.me.actor, topic: 'locks', n })
  const ask = { ...stamp, kind: 'ask' as const, ...terms, after: seenOf(engine) }
  const value = writeFact('plans', { ...plan, lock })
  const drafts = [
    { topic: 'locks' as const, value: writeFact('locks', ask) },
    { topic: 'plans' as const, value },
  ]
  const places = author(engine, now, out, drafts)
  const said = places.find(({ topic }) => topic === 'plans')
  if (said === undefined) return GATE
  return { kind: 'made', id: idOf({ place: said, value }), with: lock }
}

/** Why a call may not be performed, or undefined. */
function refusalOf(engine: Engine, request: Call): Answer | undefined {
  const refusal = writingRefusal(engine)
  if (refusal !== undefined) return refusal
  switch (request.kind) {
    case 'say':
      return tooLarge('the message', request.text, MESSAGE_MAX_BYTES)
    case 'task':
      return (
        tooLarge('the title', request.title, TITLE_MAX_BYTES) ??
        tooLarge('the body', request.body ?? '', TASK_BODY_MAX_BYTES) ??
        badTerms(request)
      )
    case 'push':
      return tooLarge('the intent', request.intent ?? '', TITLE_MAX_BYTES)
    case 'lock':
      return tooLarge('the reason', request.reason, TITLE_MAX_BYTES) ?? badLock(engine, request)
    case 'doing': {
      const why = tooLarge('what you do', request.text, TITLE_MAX_BYTES)
      return why ?? (request.lock === undefined ? undefined : badLock(engine, request.lock))
    }
    case 'undo':
      return tooLarge('the reason', request.reason ?? '', TITLE_MAX_BYTES) ?? stale(engine, request)
    case 'invite': {
      const role = memberOf(engine, engine.me.signer.key)?.role ?? 'relay'
      if (mayGive(role, request.role)) return undefined
      const message = `a ${role} may not invite a ${request.role}`
      return { kind: 'refused', code: 'NOT_AUTHORISED', message }
    }
    default:
      return undefined
  }
}

/** A list that no view reads, or globs that name no paths. */
function badTerms({ needs = [], paths = [] }: TaskTerms): Answer | undefined {
  const need = needs.find((each) => !isCapability(each))
  if (need !== undefined) {
    const message = `"${need}" is no capability: a word of small letters, digits and . _ : + -`
    return { kind: 'refused', code: 'USAGE', message, fix: 'name it as in rust or gpu:24gb' }
  }
  return paths.length === 0 ? undefined : badGlobs(paths)
}

function badLock(
  engine: Engine,
  { globs, wait }: { globs: readonly string[]; wait?: true },
): Answer | undefined {
  return badGlobs(globs) ?? oneTooMany(engine) ?? inTheWay(engine, wait)
}

/** Who waits while it holds something others wait for could make all of them wait for ever. */
function inTheWay(engine: Engine, wait: true | undefined): Answer | undefined {
  const { held, asks, withdrawn } = engine.board.locks
  const isOwn = (actor: ActorId) => isOneAgent(engine, actor, engine.me.actor)
  const own = [...held.values(), ...asks.values()].filter(({ id, actor }) => {
    return isOwn(actor) && !withdrawn.get(id)?.some((back) => isOwn(back.actor))
  })
  const waits = own.find((lock) => 'fact' in lock && lock.fact.wait === true)
  if (waits !== undefined) {
    const globs = waits.terms.globs.join(' ')
    const message = `this agent waits for ${globs}, and gets no lock meanwhile`
    const fix = `knot unlock ${waits.id}, then name all that it takes in one lock`
    return { kind: 'refused', code: 'HOLDS', message, fix }
  }
  const [has] = own
  if (wait === undefined || has === undefined) return undefined
  const globs = has.terms.globs.join(' ')
  const message = `this agent has ${globs} locked, and nobody waits while it keeps others waiting`
  const fix = `knot unlock ${has.id}, then name all that it takes in one lock`
  return { kind: 'refused', code: 'HOLDS', message, fix }
}

function badGlobs(globs: readonly string[]): Answer | undefined {
  const read = parseGlobs(globs)
  if (read.kind === 'globs') return undefined
  const { glob, why } = read
  const message = glob === undefined ? why : `"${glob}" names no paths: ${why}`
  const fix = 'name paths or globs from the root of the repository, like src/core or "docs/**"'
  return { kind: 'refused', code: 'USAGE', message, fix }
}

/** No leader grants more of them, so that the ask would wait for ever. */
function oneTooMany(engine: Engine): Answer | undefined {
  const { held, asks } = engine.board.locks
  const all = [...held.values(), ...asks.values()]
  const own = all.filter(({ actor }) => isOneAgent(engine, actor, engine.me.actor))
  if (own.length < LOCKS_PER_AGENT_MAX) return undefined
  const message = `this agent has ${own.length} locks, and nobody gets more`
  const fix = 'give some back: knot unlock; a folder or a glob stands for many files'
  return { kind: 'refused', code: 'TOO_LARGE', message, fix }
}

/** A wish about anything but the last landing on the head would never count. */
function stale(engine: Engine, asked: Extract<Call, { kind: 'undo' }>): Answer | undefined {
  const { stack, line } = engine.board
  const top = stack.at(-1)
  const isLast = asked.landing === top?.id && asked.head === line.at(-1)?.fact.commit
  if (isLast && top?.fact.prev !== undefined) return undefined
  const message = isLast
    ? `landing ${asked.landing} is where the room begins: there is nothing before it`
    : `landing ${asked.landing} is not the last one any more`
  return { kind: 'refused', code: 'STALE', message, fix: 'knot log shows what landed last' }
}

function tooLarge(what: string, text: string, max: number): Answer | undefined {
  const size = utf8(text).length
  if (size <= max) return undefined
  const message = `${what} has ${size} bytes, the limit is ${max}`
  const fix = 'put long text into a file and push it, or send it in parts'
  return { kind: 'refused', code: 'TOO_LARGE', message, fix }
}
