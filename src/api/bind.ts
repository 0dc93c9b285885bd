/**
 * One daemon a checkout, by its socket.
 *
 * Holding the path is holding the checkout. A file that nobody answers on is
 * what a killed daemon left, and is taken away; two that start at once after a
 * crash must not both think so, and neither may remove the other's new socket.
 * So a socket is born under a name of its own and linked to the path, which
 * fails if the path is taken; and a stale file is moved aside and looked at
 * before it is deleted.
 */
import { chmodSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than one contender needs between moving a file aside and putting it back. */
const SETTLE_MS = 100
/** Contenders that take the path from each other this often are no accident. */
const ATTEMPTS_MAX = 20

/** A path that is held, or the news that another daemon holds it. */
export type Bound =
  | { kind: 'bound'; release: () => void }
  | { kind: 'already-running' }

/** Makes a server listen on a path that only one living server can hold. */
export async function bind(server: Server, path: string): Promise<Bound> {
  // Shorter than the name that it will have, so it fits where that one does.
  const own = join(dirname(path), `k${drawn()}`)
  await listen(server, own)
  const mark = markOf(own)
  const outcome = await take(path, own, mark)
  rmSync(own, { force: true })
  if (outcome === 'already-running') return { kind: 'already-running' }
  return {
    kind: 'bound',
    release: () => {
      if (markOf(path) === mark) rmSync(path, { force: true })
    },
  }
}

async function take(path: string, own: string, mark: string | undefined): Promise<Bound['kind']> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (tryLink(own, path)) {
      if (attempt === 0) return 'bound'
      await sleep(SETTLE_MS)
      if (markOf(path) === mark) return 'bound'
      continue
    }
    const seen = markOf(path)
    if (seen === undefined) continue
    if (await answers(path)) return 'already-running'
    removeStale(path, seen)
  }
  return 'already-running'
}

/** Deletes the file only if it is still the one that did not answer. */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.${drawn()}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (markOf(aside) !== seen) tryLink(aside, path)
  rmSync(aside, { force: true })
}

/** Whether a living process accepts connections on this path. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // A full backlog (EAGAIN) is a busy daemon; only a refusal proves that nobody is there.
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    })
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const before = process.umask(0o177)
    server.listen(path, () => {
      server.off('error', reject)
      chmodSync(path, 0o600)
      resolve()
    })
    process.umask(before)
  })
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Tells two files apart that stood under one name; a rename or a link does not change it. */
function markOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? undefined : `${found.ino}:${found.mtimeNs}`
}

function drawn(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString('hex')
}
