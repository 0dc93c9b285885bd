/** What members decided about each other, in words. */
import { fingerprintOf } from '../core/auth/identity.ts'
import type { Engine } from '../core/engine/state.ts'
import type { Event } from '../core/room/views/events.ts'
import { type Told, whoIs } from './words.ts'

/** The events that ops about agents and invites become. */
export type Decision = Extract<
  Event,
  { kind: 'asked' | 'approved' | 'removed' | 'role' | 'revoked' | 'rotated' }
>

/** Tells who decided what about whom; who asks to be let in speaks for itself. */
export function tellDecision(
  engine: Engine,
  event: Decision,
  told: Pick<Told, 'id' | 'at' | 'kind'>,
): Told {
  if (event.kind === 'revoked') {
    const { invite } = event
    const text = `revoked the invite ${invite.slice(0, 8)}`
    return { ...told, by: whoIs(engine, event.by), text, fields: { invite } }
  }
  if (event.kind === 'rotated') {
    const fingerprint = fingerprintOf(event.key)
    const fields = { fingerprint }
    return { ...told, by: whoIs(engine, event.by), text: `has a new key: ${fingerprint}`, fields }
  }
  const who = whoIs(engine, event.who)
  if (event.kind === 'asked') {
    const text = `asks to be let in: knot approve ${who.name}`
    return { ...told, by: who, text, fields: { name: event.name } }
  }
  const by = whoIs(engine, event.by)
  switch (event.kind) {
    case 'approved':
      return { ...told, by, text: `let ${who.name} in`, fields: { agent: who } }
    case 'removed': {
      const text = by.id === who.id ? 'left the room' : `removed ${who.name}`
      return { ...told, by, text, fields: { agent: who } }
    }
    case 'role': {
      const { role } = event
      const text = `made ${who.name} ${role === 'member' || role === 'relay' ? 'a' : 'an'} ${role}`
      return { ...told, by, text, fields: { agent: who, role } }
    }
  }
}
