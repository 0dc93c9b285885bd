/** Making a room: the genesis on disk, then the room started from it as after any restart. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { Failure } from '../api/errors.ts'
import { makeGenesis } from '../core/auth/author.ts'
import { type Name, nameFrom, parseName } from '../core/auth/name.ts'
import type { Instant } from '../core/brand.ts'
import { headOf } from '../git/checkout.ts'
import { getPinned } from '../integrate/objects.ts'
import { updateConfig } from '../store/config.ts'
import { createHome } from '../store/home.ts'
import { nodeDisk } from '../store/node-disk.ts'
import type { Daemon } from './daemon.ts'
import type { Identity } from './identity.ts'
import { openStore, storeFailure } from './opening.ts'
import { writePlaybook } from './playbook.ts'
import { type RunningRoom, startRoom } from './running.ts'

/** Makes the room and starts it, with the founder's HEAD as the place where it begins. */
export async function foundRoom(
  daemon: Daemon,
  asked: { name?: string | undefined; room?: string | undefined; approve: boolean },
  signal: AbortSignal,
): Promise<RunningRoom> {
  const { identity } = daemon
  if (identity.config.integrate === false) throw nobodyToLead()
  const founder = chosenName(asked.name ?? identity.config.name)
  const name = asked.room === undefined ? folderName(identity) : chosenName(asked.room)
  await writeGenesis(identity, { founder, name, approve: asked.approve })
  await updateConfig(nodeDisk, identity.home.config, (before) => ({ ...before, name: founder }))
  const room = await startRoom(daemon.starting).catch(async (error) => {
    // Nobody has seen this room. The next attempt makes another one, with its base and its link.
    await rm(identity.home.room, { recursive: true, force: true })
    await createHome(identity.home)
    throw error
  })
  if (room === undefined) throw new Error('bug: the genesis was written and is not there')
  await nameBase(room, signal)
  await writePlaybook(identity.home, name)
  return room
}

/** The founder is the only voter of a new room: nobody else could be elected before it lets go. */
function nobodyToLead(): Failure {
  const why = 'integrate is false here, and a new room has nobody but its founder to lead it'
  return new Failure('USAGE', why, 'knot config set integrate true && knot down && knot up')
}

/** A name as a person chose it; the failure says what to change. */
export function chosenName(text: string): Name {
  const parsed = parseName(text)
  if (parsed.kind === 'name') return parsed.name
  throw new Failure('USAGE', parsed.why, 'use letters, digits, and . _ -')
}

function folderName({ checkout }: Identity): Name {
  return nameFrom(basename(checkout.root))
}

async function writeGenesis(
  identity: Identity,
  { founder, name, approve }: { founder: Name; name: Name; approve: boolean },
): Promise<void> {
  const { store, incarnation } = await openStore(identity, () => undefined)
  try {
    const secret = randomBytes(32)
    const at = Date.now() as Instant
    const genesis = { incarnation, founder, name, secret, approve, at }
    const { bytes } = makeGenesis(identity.signer, genesis)
    store.append([{ kind: 'auth', bytes }])
    const flushed = await store.flush()
    if (flushed.kind === 'stopped') throw storeFailure(flushed.fault)
  } finally {
    await store.close()
  }
}

/** Says where the room begins. Without a commit it begins with the first push. */
async function nameBase(room: RunningRoom, signal: AbortSignal): Promise<void> {
  const head = await headOf(room.repositories.checkout, signal)
  if (head.kind === 'unborn') return
  const got = await getPinned(room.repositories, { commit: head.oid, holders: [] }, signal)
  if (got.kind === 'failed') throw new Failure('GIT_FAILED', `HEAD was not kept: ${got.why}`)
  await room.loop.call({ kind: 'base', commit: head.oid })
}
