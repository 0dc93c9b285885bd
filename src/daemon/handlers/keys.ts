/** This agent's key, and those of others that are let in by theirs. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Output, Parsed } from '../../api/types.ts'
import { agentIdOf, fingerprintOf } from '../../core/auth/identity.ts'
import { nameFrom, uniqueName } from '../../core/auth/name.ts'
import { keyLineOf, parseKeyLine } from '../../core/auth/ssh.ts'
import { newSeed } from '../../store/ed25519.ts'
import { type Daemon, watchEnd } from '../daemon.ts'
import { chosenName } from '../founding.ts'
import { linkFor } from '../linking.ts'
import { nextSigner } from '../next-key.ts'
import { entering } from '../one-entry.ts'
import { type RunningRoom, startRoom } from '../running.ts'
import { type FindRoom, granted } from './talk.ts'

/** The handlers. */
export function keyCalls(
  daemon: Daemon,
  room: FindRoom,
): Pick<Answers, 'key.show' | 'key.add' | 'key.rotate'> {
  return {
    'key.show': async () => {
      await daemon.opening
      return keyShown(daemon)
    },
    'key.add': async (input) => addKey(await room(), input),
    'key.rotate': async () => {
      const here = await room()
      return await entering(daemon, () => rotate(daemon, here))
    },
  }
}

/** Publishes the rotation, then starts the room again: what opens it takes the new key. */
async function rotate(daemon: Daemon, room: RunningRoom): Promise<Output<'key.rotate'>> {
  const before = fingerprintOf(daemon.identity.signer.key)
  const next = await nextSigner(daemon.identity)
  await granted(room, { kind: 'rotate', next })
  const opened = Promise.withResolvers<void>()
  opened.promise.catch(() => undefined)
  daemon.opening = opened.promise
  try {
    await room.stop()
    daemon.room = await startRoom(daemon.starting)
    watchEnd(daemon)
    opened.resolve()
  } catch (error) {
    daemon.room = undefined
    opened.reject(error)
    // The next start goes on from what is on disk, whichever step that is.
    daemon.stopping.abort()
    throw error
  }
  return { ...keyShown(daemon), before }
}

function keyShown({ identity, room }: Daemon): Output<'key.show'> {
  const { key } = identity.signer
  const member = room?.engine.membership.byKey(key)
  const name = member?.name ?? identity.config.name
  return { fingerprint: fingerprintOf(key), line: keyLineOf(key, name), name }
}

async function addKey(
  room: RunningRoom,
  { line, name, role }: Parsed<'key.add'>,
): Promise<Output<'key.add'>> {
  const parsed = parseKeyLine(line)
  if (parsed.kind === 'bad') {
    const fix = 'give the line that knot key show or a .pub file has, in quotes'
    throw new Failure('USAGE', `"${line.slice(0, 80)}" is no key: ${parsed.why}`, fix)
  }
  const { key, comment } = parsed
  const { engine } = room
  const taken = [...engine.membership.members.values()].map((member) => member.name)
  const known = engine.membership.byKey(key)
  const wanted = name === undefined ? nameFrom(comment ?? known?.name ?? '') : chosenName(name)
  // An agent that comes back keeps the name that it had.
  const free = known === undefined ? uniqueName(wanted, taken) : known.name
  const answer = await granted(room, { kind: 'add', key, name: free, role })
  const added = engine.membership.byKey(key)
  return {
    kind: answer.kind === 'unchanged' ? 'unchanged' : 'done',
    agent: { id: added?.agent ?? agentIdOf(key), name: added?.name ?? free },
    fingerprint: fingerprintOf(key),
    role: added?.role ?? role,
    status: added?.status === 'pending' ? 'pending' : 'active',
    // A link without an invite: its secret finds the room, and the key alone lets in.
    link: linkFor(room, newSeed()),
  }
}
