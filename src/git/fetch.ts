/**
 * Fetching the work of others into the mirror, from one peer or from the shared remote.
 *
 * A peer can answer a ref name with any commit. So a fetch goes to a place of its own below
 * `refs/knot/incoming/`, and only a tip that equals the signed commit moves to its own name.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Oid, PublicKey } from '../core/brand.ts'
import { FETCH_IDLE_MS, FETCH_REFS_MAX, REF_TRIES_MAX } from '../core/limits.ts'
import { hasCommit } from './mirror.ts'
import {
  clearIncoming, listRefs, moveRefs, readRef, type RefMove, updateRef,
} from './moves.ts'
import { type GitProgress, readProgress } from './percent.ts'
import { INCOMING, isImmutable, isKnotRef } from './refs.ts'
import { inside, pathWith, type Mirror, type Repository } from './repository.ts'
import { complaint, transfer } from './transfer.ts'

/** A commit, under the ref by which its author signed it; `from` is its name there, if another. */
export type Want = { oid: Oid; ref: string; from?: string }

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

/** How `git fetch` reaches a peer: the remote helper's folder, and the daemon's socket. */
export type Route = { helperFolder: string; socket: string }

/** Where a fetch goes: the address for git, and the mirror with what git needs to get there. */
export type Source = { url: string; at: Repository }

/** Fetches commits from one peer, and answers for each; rejects only when aborted. */
export async function fetchFrom(
  { mirror, peer, route, want }: {
    mirror: Mirror
    peer: PublicKey
    route: Route
    want: readonly Want[]
  },
  signal: AbortSignal,
  progress: (step: GitProgress) => void = () => {},
): Promise<Fetched> {
  const source = throughDaemon(mirror, { peer, route })
  return fetchVia({ mirror, source, want }, signal, progress)
}

/** Fetches commits and puts their refs on them; answers for each, and rejects only when aborted. */
export async function fetchVia(
  { mirror, source, want }: { mirror: Mirror; source: Source; want: readonly Want[] },
  signal: AbortSignal,
  progress: (step: GitProgress) => void = () => {},
): Promise<Fetched> {
  if (want.length > FETCH_REFS_MAX) throw new Error(`bug: ${want.length} refs in one fetch`)
  for (const { ref, from = ref } of want) {
    for (const name of [ref, from]) if (!isKnotRef(name)) throw new Error(`bug: not ours: ${name}`)
  }
  const place = `${INCOMING}${randomBytes(8).toString('hex')}`
  const answers = new Map<string, RefFetched>()
  let left: Left = 'perhaps'
  for (const { ref, oid } of want) {
    if (await hasCommit(mirror, oid, signal)) answers.set(ref, { kind: 'present', ref, oid })
  }

  try {
    for (;;) {
      const rest = want.filter(({ ref }) => !answers.has(ref))
      if (rest.length === 0) break
      const refspecs = rest.map(({ ref, from = ref }, n) => `+${from}:${place}/${n}`)
      const fetched = await spawnFetch(source, refspecs, signal, progress)
      if (fetched.kind === 'failed') return fetched
      if (fetched.kind === 'not-there') {
        // Git gives up at the first name that is not there; the others are asked again.
        const missing = rest.find(({ ref, from = ref }) => from === fetched.ref)
        if (missing === undefined) return { kind: 'failed', why: fetched.why }
        answers.set(missing.ref, { kind: 'not-there', ref: missing.ref })
        continue
      }
      const tips = new Map((await listRefs(mirror, signal, place)).map((at) => [at.ref, at.oid]))
      for (const [n, { ref, oid }] of rest.entries()) {
        const found = tips.get(`${place}/${n}`)
        if (found === oid) answers.set(ref, { kind: 'fetched', ref, oid })
        else if (found === undefined) answers.set(ref, { kind: 'not-there', ref })
        else answers.set(ref, { kind: 'refused', ref, wanted: oid, found })
      }
    }
    const kept = await keep({ mirror, want, answers, place }, signal)
    left = kept.left
    return { kind: 'answered', refs: kept.refs }
  } finally {
    if (left === 'perhaps') await clearIncoming(mirror, place)
  }
}

/** Whether there may be refs in the place of a fetch. */
type Left = 'nothing' | 'perhaps'

/** A peer, through the remote helper and the daemon. */
function throughDaemon(
  mirror: Mirror,
  { peer, route }: { peer: PublicKey; route: Route },
): Source {
  const at = inside(mirror)
  const env = {
    ...at.env,
    PATH: pathWith(route.helperFolder),
    KNOT_SOCKET: route.socket,
    GIT_ALLOW_PROTOCOL: 'knot',
  }
  return { url: `knot://${peer}/`, at: { ...at, env } }
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

type Answers = ReadonlyMap<string, RefFetched>
type Keeping = { mirror: Mirror; want: readonly Want[]; answers: Answers; place: string }

/**
 * Puts each ref on its commit: all of them in one transaction, which also forgets the place of the
 * fetch; one by one where another process moved one of them meanwhile.
 */
async function keep(
  { mirror, want, answers, place }: Keeping,
  signal: AbortSignal,
): Promise<{ refs: RefFetched[]; left: Left }> {
  const good = want.filter(({ ref }) => isHere(answers.get(ref)))
  const names = [place, ...good.map(({ ref }) => ref)]
  const now = new Map((await listRefs(mirror, signal, ...names)).map(({ ref, oid }) => [ref, oid]))
  const moves = new Map<string, RefMove>()
  for (const one of good) {
    const move = moveTo(one, now.get(one.ref))
    if (move !== undefined && !moves.has(one.ref)) moves.set(one.ref, move)
  }
  const away = [...now].filter(([ref]) => ref.startsWith(`${place}/`))
    .map(([ref, from]) => ({ ref, from }))
  const all = [...moves.values(), ...away]
  const moved = all.length === 0 || (await moveRefs(mirror, all, signal)).kind === 'moved'

  const refs: RefFetched[] = []
  for (const { ref, oid } of want) {
    const answer = answers.get(ref)
    if (answer === undefined) throw new Error(`bug: no answer for ${ref}`)
    if (!isHere(answer)) {
      refs.push(answer)
      continue
    }
    const here = moves.get(ref)?.to ?? now.get(ref)
    const found = moved && here !== undefined ? here : await settle(mirror, { ref, oid }, signal)
    refs.push(found === oid ? answer : { kind: 'refused', ref, wanted: oid, found })
  }
  return { refs, left: moved ? 'nothing' : 'perhaps' }
}

function isHere(answer: RefFetched | undefined): boolean {
  return answer?.kind === 'fetched' || answer?.kind === 'present'
}

/** How a ref gets to its commit; undefined where it is there, or never moves. */
function moveTo({ ref, oid }: Want, from: Oid | undefined): RefMove | undefined {
  if (from === undefined) return { ref, to: oid }
  return from === oid || isImmutable(ref) ? undefined : { ref, from, to: oid }
}

/** Puts the ref on the commit and answers where it is: elsewhere only if it never moves. */
async function settle(mirror: Mirror, { ref, oid }: Want, signal: AbortSignal): Promise<Oid> {
  for (let tries = 0; tries < REF_TRIES_MAX; tries++) {
    const from = await readRef(mirror, ref, signal)
    const move = moveTo({ ref, oid }, from)
    if (move === undefined) return from as Oid
    if ((await updateRef(mirror, move, signal)).kind === 'moved') return oid
  }
  throw new Error(`${ref} was moved by another process ${REF_TRIES_MAX} times during one fetch`)
}

type FetchEnd =
  | { kind: 'fetched' }
  | { kind: 'not-there'; ref: string; why: string }
  | { kind: 'failed'; why: string }

async function spawnFetch(
  { url, at }: Source,
  refspecs: readonly string[],
  signal: AbortSignal,
  progress: (step: GitProgress) => void,
): Promise<FetchEnd> {
  const fetch = ['fetch', '--progress', '--no-write-fetch-head', '--no-tags', '--no-prune',
    '--no-auto-maintenance', '--no-write-commit-graph', '--recurse-submodules=no', '--refmap=']
  const args = [...fetch, url, ...refspecs]
  const ended = await transfer(args, { at, idleMs: FETCH_IDLE_MS }, signal, (text) => {
    for (const step of readProgress(text)) progress(step)
  })
  if (ended.kind === 'stopped') return { kind: 'failed', why: ended.why }
  if (ended.code === 0) return { kind: 'fetched' }
  const why = complaint(ended.stderr)
  const [, ref] = /couldn't find remote ref (\S+)/.exec(why) ?? []
  return ref === undefined ? { kind: 'failed', why } : { kind: 'not-there', ref, why }
}
