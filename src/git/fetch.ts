/**
 * Fetching the work of others into the mirror, from one peer.
 *
 * A peer can answer a ref name with any commit. So a fetch goes to a place of its own below
 * `refs/knot/incoming/`, and only a tip that equals the signed commit moves to its own name.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Oid, PublicKey } from '../core/brand.ts'
import { FETCH_IDLE_MS, FETCH_MS, FETCH_REFS_MAX, REF_TRIES_MAX,
  STDERR_MAX_BYTES } from '../core/limits.ts'
import { startGroup, tailOf } from './group.ts'
import { hasCommit } from './mirror.ts'
import { clearIncoming, readRef, updateRef } from './moves.ts'
import { INCOMING, isImmutable, isKnotRef } from './refs.ts'
import { commandEnvironment, inside, pathWith, type Mirror } from './repository.ts'

/** A commit, under the ref by which its author signed it. */
export type Want = { oid: Oid; ref: string }

export type RefFetched =
  | { kind: 'fetched'; ref: string; oid: Oid }
  /** The commit was here already; no peer was asked. */
  | { kind: 'present'; ref: string; oid: Oid }
  | { kind: 'not-there'; ref: string }
  /** The peer's ref, or an immutable ref of our own, is at another commit than was signed. */
  | { kind: 'refused'; ref: string; wanted: Oid; found: Oid }

export type Fetched =
  | { kind: 'answered'; refs: RefFetched[] }
  /** The peer could not be reached, broke off, or sent objects that fsck refuses. */
  | { kind: 'failed'; why: string }

export type FetchProgress = { phase: string; percent: number }

/** How `git fetch` reaches a peer: the remote helper's folder, and the daemon's socket. */
export type Route = { helperFolder: string; socket: string }

/** Fetches commits from one peer, and answers for each; rejects only when aborted. */
export async function fetchFrom(
  { mirror, peer, route, want }: {
    mirror: Mirror
    peer: PublicKey
    route: Route
    want: readonly Want[]
  },
  signal: AbortSignal,
  progress: (step: FetchProgress) => void = () => {},
): Promise<Fetched> {
  if (want.length > FETCH_REFS_MAX) throw new Error(`bug: ${want.length} refs in one fetch`)
  for (const { ref } of want) if (!isKnotRef(ref)) throw new Error(`bug: not a knot ref: ${ref}`)
  const place = `${INCOMING}${randomBytes(8).toString('hex')}`
  const answers = new Map<string, RefFetched>()
  for (const { ref, oid } of want) {
    if (await hasCommit(mirror, oid, signal)) answers.set(ref, { kind: 'present', ref, oid })
  }

  try {
    for (;;) {
      const rest = want.filter(({ ref }) => !answers.has(ref))
      if (rest.length === 0) break
      const refspecs = rest.map(({ ref }, n) => `+${ref}:${place}/${n}`)
      const fetched = await spawnFetch({ mirror, peer, route, refspecs }, signal, progress)
      if (fetched.kind === 'failed') return fetched
      if (fetched.kind === 'not-there') {
        // Git gives up at the first name that the peer does not have; the others are asked again.
        const { ref } = fetched
        if (!rest.some((other) => other.ref === ref)) return { kind: 'failed', why: fetched.why }
        answers.set(ref, { kind: 'not-there', ref })
        continue
      }
      for (const [n, { ref, oid }] of rest.entries()) {
        const found = await readRef(mirror, `${place}/${n}`, signal)
        if (found === oid) answers.set(ref, { kind: 'fetched', ref, oid })
        else if (found === undefined) answers.set(ref, { kind: 'not-there', ref })
        else answers.set(ref, { kind: 'refused', ref, wanted: oid, found })
      }
    }
    return { kind: 'answered', refs: await keep({ mirror, want, answers }, signal) }
  } finally {
    await clearIncoming(mirror, place)
  }
}

/**
 * Makes a folder with an executable `git-remote-knot`, which git finds by its name in PATH. It
 * names this very node: an agent's PATH may have another one, or none.
 */
export async function installHelper(
  { folder, script }: { folder: string; script: string },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const draft = join(folder, `.git-remote-knot.${process.pid}`)
  const quoted = [process.execPath, script].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  await writeFile(draft, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`)
  await chmod(draft, 0o755)
  await rename(draft, join(folder, 'git-remote-knot'))
}

async function keep(
  { mirror, want, answers }: {
    mirror: Mirror
    want: readonly Want[]
    answers: ReadonlyMap<string, RefFetched>
  },
  signal: AbortSignal,
): Promise<RefFetched[]> {
  const kept: RefFetched[] = []
  for (const { ref, oid } of want) {
    const answer = answers.get(ref)
    if (answer === undefined) throw new Error(`bug: no answer for ${ref}`)
    if (answer.kind !== 'fetched' && answer.kind !== 'present') {
      kept.push(answer)
      continue
    }
    const found = await settle(mirror, { ref, oid }, signal)
    kept.push(found === oid ? answer : { kind: 'refused', ref, wanted: oid, found })
  }
  return kept
}

/** Puts the ref on the commit and answers where it is: elsewhere only if it never moves. */
async function settle(mirror: Mirror, { ref, oid }: Want, signal: AbortSignal): Promise<Oid> {
  for (let tries = 0; tries < REF_TRIES_MAX; tries++) {
    const from = await readRef(mirror, ref, signal)
    if (from !== undefined && (from === oid || isImmutable(ref))) return from
    const move = { ref, to: oid, ...(from === undefined ? {} : { from }) }
    if ((await updateRef(mirror, move, signal)).kind === 'moved') return oid
  }
  throw new Error(`${ref} was moved by another process ${REF_TRIES_MAX} times during one fetch`)
}

type FetchEnd =
  | { kind: 'fetched' }
  | { kind: 'not-there'; ref: string; why: string }
  | { kind: 'failed'; why: string }

async function spawnFetch(
  { mirror, peer, route, refspecs }: {
    mirror: Mirror
    peer: PublicKey
    route: Route
    refspecs: readonly string[]
  },
  signal: AbortSignal,
  progress: (step: FetchProgress) => void,
): Promise<FetchEnd> {
  signal.throwIfAborted()
  const at = inside(mirror)
  const env = {
    ...commandEnvironment(at),
    PATH: pathWith(route.helperFolder),
    KNOT_SOCKET: route.socket,
    GIT_ALLOW_PROTOCOL: 'knot',
  }
  const fetch = ['fetch', '--progress', '--no-write-fetch-head', '--no-tags', '--no-prune',
    '--no-auto-maintenance', '--no-write-commit-graph', '--recurse-submodules=no', '--refmap=']
  const config = at.config.flatMap((setting) => ['-c', setting])
  const args = [...config, ...fetch, `knot://${peer}/`, ...refspecs]
  const group = startGroup(['git', ...args], { cwd: at.cwd, env })
  group.stdin.end()
  group.stdout.resume()

  let stopped: string | undefined
  const stop = (why: string) => {
    stopped ??= why
    group.stop()
  }
  const onAbort = () => stop('aborted')
  signal.addEventListener('abort', onAbort, { once: true })
  const whole = setTimeout(stop, FETCH_MS, `took longer than ${FETCH_MS} ms`)
  const silent = () => setTimeout(stop, FETCH_IDLE_MS, `was silent for ${FETCH_IDLE_MS} ms`)
  let idle = silent()
  const stderr = tailOf(group.stderr, STDERR_MAX_BYTES)
  group.stderr.on('data', (chunk: Buffer) => {
    clearTimeout(idle)
    idle = silent()
    for (const step of readProgress(chunk.toString('utf8'))) progress(step)
  })

  const ending = await group.ended
  await group.drained
  clearTimeout(idle)
  clearTimeout(whole)
  signal.removeEventListener('abort', onAbort)
  signal.throwIfAborted()
  if (stopped !== undefined) return { kind: 'failed', why: `the fetch ${stopped}` }
  if (ending.kind === 'exited' && ending.code === 0) return { kind: 'fetched' }
  const why = complaint(stderr().toString('utf8'))
  const [, ref] = /couldn't find remote ref (\S+)/.exec(why) ?? []
  return ref === undefined ? { kind: 'failed', why } : { kind: 'not-there', ref, why }
}

function readProgress(text: string): FetchProgress[] {
  const steps = text.matchAll(/(?:^|[\r\n])(?:remote: )?([A-Z][a-z]+ [a-z]+): +(\d+)%/g)
  return [...steps].map(([, phase = '', percent]) => ({ phase, percent: Number(percent) }))
}

function complaint(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line !== '' && !/\d+%/.test(line))
  return lines.slice(-8).join('\n') || 'git fetch failed and said nothing'
}
