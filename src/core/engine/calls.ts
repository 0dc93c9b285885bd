/** Calls of local front ends that change the room. Each ends in one answer, after what it wrote. */
import { utf8 } from '../bytes/text.ts'
import { makeInvite } from '../auth/author.ts'
import { mayGive, writes } from '../auth/roles.ts'
import { MESSAGE_MAX_BYTES, TASK_BODY_MAX_BYTES, TITLE_MAX_BYTES } from '../limits.ts'
import { factId, type Facts, readFact, writeFact } from '../room/facts.ts'
import { takeOps } from './authority.ts'
import type { Answer, Call } from './call.ts'
import { termOf } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { spot } from './joining.ts'
import { memberOf } from './names.ts'
import { hold } from './objects.ts'
import type { Engine } from './state.ts'
import { author } from './streams.ts'

/** Performs one call and answers it. */
export function onCall(
  engine: Engine,
  now: Now,
  out: Effect[],
  { call, request }: { call: number; request: Call },
): void {
  const answer = refusalOf(engine, request) ?? perform(engine, now, out, request)
  out.push({ kind: 'answer', call, answer })
}

function perform(engine: Engine, now: Now, out: Effect[], request: Call): Answer {
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
  const [place] = author(engine, now, out, [{ topic, value }])
  if (place !== undefined) return { kind: 'made', id: factId(place) }
  const message = 'the fact was refused by the gate; the daemon log says why'
  return { kind: 'refused', code: 'TOO_LARGE', message }
}

/** Why a call may not be performed, or undefined. */
function refusalOf(engine: Engine, request: Call): Answer | undefined {
  const member = memberOf(engine, engine.me.signer.key)
  const role = member?.status === 'member' ? member.role : undefined
  if (role === undefined || !writes(role)) {
    const name = member?.name ?? 'this agent'
    const message = `${name} may not write here: it is ${role ?? 'no member'}`
    const fix = 'ask an admin of the room for the role member'
    return { kind: 'refused', code: 'NOT_AUTHORISED', message, fix }
  }
  switch (request.kind) {
    case 'say':
      return tooLarge('the message', request.text, MESSAGE_MAX_BYTES)
    case 'task':
      return (
        tooLarge('the title', request.title, TITLE_MAX_BYTES) ??
        tooLarge('the body', request.body ?? '', TASK_BODY_MAX_BYTES)
      )
    case 'push':
      return tooLarge('the intent', request.intent ?? '', TITLE_MAX_BYTES)
    case 'invite': {
      if (mayGive(role, request.role)) return undefined
      const message = `a ${role} may not invite a ${request.role}`
      return { kind: 'refused', code: 'NOT_AUTHORISED', message }
    }
    default:
      return undefined
  }
}

function tooLarge(what: string, text: string, max: number): Answer | undefined {
  const size = utf8(text).length
  if (size <= max) return undefined
  const message = `${what} has ${size} bytes, the limit is ${max}`
  const fix = 'put long text into a file and push it, or send it in parts'
  return { kind: 'refused', code: 'TOO_LARGE', message, fix }
}
