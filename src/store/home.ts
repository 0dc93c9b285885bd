/** The layout of `.knot/`: everything one agent keeps, in one private directory of its checkout. */
import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { utf8 } from '../core/bytes/text.ts'
import type { Fault } from './disk.ts'
import { faultOf } from './disk.ts'
import { writeOnce } from './files.ts'
import { nodeDisk } from './node-disk.ts'

/** Every path below `.knot/`, so that nobody joins strings. */
export type Home = {
  readonly root: string
  readonly keys: string
  readonly key: string
  /** A key that may take the place of the other: see `next-key.ts` of the daemon. */
  readonly nextKey: string
  readonly config: string
  readonly invites: string
  readonly cache: string
  readonly bin: string
  readonly peers: string
  readonly room: string
  readonly roomLog: string
  readonly journal: string
  readonly snapshot: string
  readonly repo: string
  readonly check: string
  readonly rpc: string
  readonly daemonLog: string
  readonly playbook: string
}

/** The layout below a checkout; touches nothing. */
export function homeAt(checkout: string): Home {
  const root = join(checkout, '.knot')
  const below = (...names: string[]): string => join(root, ...names)
  return {
    root,
    keys: below('keys'),
    key: below('keys', 'agent.key.json'),
    nextKey: below('keys', 'agent.key.next.json'),
    config: below('config.json'),
    invites: below('invites.json'),
    cache: below('cache'),
    bin: below('bin'),
    peers: below('peers.json'),
    room: below('room'),
    roomLog: below('room', 'room.log'),
    journal: below('room', 'journal.log'),
    snapshot: below('room', 'document.automerge'),
    repo: below('repo.git'),
    check: below('check'),
    rpc: below('rpc'),
    daemonLog: below('daemon.log'),
    playbook: below('playbook.md'),
  }
}

/** Makes the folder of a file, and those above it, for its owner only. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
}

export type CreatedHome = { kind: 'ok' } | { kind: 'failed'; fault: Fault }

/** Makes `.knot/` and what the store needs in it, all 0700; what is there is kept and closed. */
export async function createHome(home: Home): Promise<CreatedHome> {
  for (const path of [home.root, home.keys, home.room]) {
    try {
      await mkdir(path, { mode: 0o700 }).catch(error => {
        if (error.code !== 'EEXIST') throw error
      })
      await chmod(path, 0o700)
    } catch (error) {
      return { kind: 'failed', fault: faultOf(error, path) }
    }
  }

  // A key that is committed by mistake is a key that is lost: git is told to see nothing in here.
  const ignore = await writeOnce(nodeDisk, join(home.root, '.gitignore'), utf8('*\n'))
  return ignore.kind === 'failed' ? ignore : { kind: 'ok' }
}
