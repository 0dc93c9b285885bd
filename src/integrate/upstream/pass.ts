/**
 * One pass over the shared remote: publish what is ours, get what is missing here, hear who
 * published while we were apart, and move the integration ref on.
 *
 * Each step is recomputed from the remote's refs and the room as they are now, so a pass may end
 * anywhere and the next one goes on. Nothing on the remote is taken for the truth: commits must
 * have the names that signed records give them, and the integration ref is never followed.
 */
import type { AgentId, Oid } from '../../core/brand.ts'
import type { Verify } from '../../core/crypto.ts'
import { FETCH_REFS_MAX } from '../../core/limits.ts'
import type { FactId } from '../../core/room/facts.ts'
import { type Word, writeWord } from '../../core/sync/word.ts'
import { isAncestor } from '../../git/merge.ts'
import { hasCommit } from '../../git/mirror.ts'
import { readRef } from '../../git/moves.ts'
import { agentRef, INTEGRATION_REF, pushRef, wordRef } from '../../git/refs.ts'
import { writeTag } from '../../git/tag.ts'
import {
  fetchUpstream, listUpstream, pushUpstream, type Upstream, type UpstreamMove,
} from '../../git/upstream.ts'
import type { OwnPush, Picture } from './picture.ts'
import { listen } from './words.ts'

/** Where the remote's integration ref is, seen from the confirmed landings. */
export type Standing =
  /** No landing is confirmed, and none is there. */
  | { kind: 'none' }
  | { kind: 'same'; at: Oid }
  /** An earlier landing, or nothing: it will be moved on. */
  | { kind: 'behind'; at?: Oid }
  /** Something that no leader of this room confirmed, as far as is known here. */
  | { kind: 'foreign'; at: Oid }

/** What passes learn and the next ones need. */
export type Memory = {
  refs: Map<string, Oid>
  /** The newest word of each agent that is newer than what the room knows. */
  words: Map<AgentId, Word>
  /** The last word of each agent that was looked at. */
  heard: Map<AgentId, Oid>
  standing: Standing
  /** What the remote refused, by what it was. */
  refused: Map<string, string>
  /** Where the integration ref was put or found last, to tell a deletion from a beginning. */
  landed: Oid | undefined
}

/** What a pass works with. */
export type Passing = {
  upstream: Upstream
  picture: Picture
  memory: Memory
  verify: Verify
  log: (text: string) => void
  /** A push's commit is here now. */
  held: (push: FactId) => void
  signal: AbortSignal
}

export type Passed =
  | { kind: 'passed'; brought: boolean; refused: string | undefined }
  /** The remote did not answer. */
  | { kind: 'away'; why: string }

/** A memory that has seen nothing. */
export function emptyMemory(): Memory {
  return {
    refs: new Map(),
    words: new Map(),
    heard: new Map(),
    standing: { kind: 'none' },
    refused: new Map(),
    landed: undefined,
  }
}

/** Does everything that is to be done; what is refused holds up nothing else. */
export async function pass(passing: Passing): Promise<Passed> {
  const { memory, picture } = passing
  const away = await look(passing)
  if (away !== undefined) return away
  memory.refused.clear()
  if (picture.part !== 'reads') {
    for (const own of picture.own) {
      const away = await publish(passing, own)
      if (away !== undefined) return away
    }
  }
  await gather(passing)
  const brought = await listen(passing)
  const late = await land(passing)
  if (late !== undefined) return late
  const [refused] = memory.refused.values()
  return { kind: 'passed', brought, refused }
}

type Away = Extract<Passed, { kind: 'away' }> | undefined

async function look({ upstream, memory, signal }: Passing): Promise<Away> {
  const listed = await listUpstream(upstream, signal)
  if (listed.kind === 'failed') return { kind: 'away', why: listed.why }
  memory.refs = listed.refs
  return undefined
}

/** Puts one push there, and with the newest one the agent's own ref and its word. */
async function publish(passing: Passing, own: OwnPush): Promise<Away> {
  const { me, own: all } = passing.picture
  const wanted = new Map([[pushRef(own.push), own.commit]])
  if (own === all.at(-1)) {
    wanted.set(agentRef(me.agent), own.commit)
    // What an earlier key or incarnation said is not for this one to say again.
    if (own.actor === me.actor) wanted.set(wordRef(me.agent), await wordOf(passing, own))
  }
  return put(passing, wanted)
}

/** The tag that says so; Ed25519 signs the same bytes alike, so it is always the same object. */
async function wordOf({ upstream, picture, signal }: Passing, own: OwnPush): Promise<Oid> {
  const { push, ...said } = own
  const { commit, at } = said
  const { room, me } = picture
  const text = `knot word ${writeWord(room, said, me.signer)}`
  return writeTag(upstream.mirror, { commit, name: push, by: me.agent, at, text }, signal)
}

/**
 * Has refs of the remote at commits, from wherever they are. What git says of a failed push is not
 * believed: the refs are listed again, and if one was elsewhere it is tried once from there.
 */
async function put(passing: Passing, wanted: ReadonlyMap<string, Oid>): Promise<Away> {
  const { upstream, memory, signal } = passing
  const [name = ''] = wanted.keys()
  for (let tries = 0; ; tries++) {
    const before = memory.refs
    const moves = [...wanted].flatMap(([ref, to]): UpstreamMove[] => {
      const from = before.get(ref)
      return from === to ? [] : [{ ref, to, ...(from === undefined ? {} : { from }) }]
    })
    if (moves.length === 0) return undefined
    const pushed = await pushUpstream(upstream, moves, signal)
    if (pushed.kind === 'pushed') {
      for (const { ref, to } of moves) memory.refs.set(ref, to)
      return undefined
    }
    const away = await look(passing)
    if (away !== undefined) return away
    const missed = moves.some(({ ref, from }) => memory.refs.get(ref) !== from)
    if (missed && tries === 0) continue
    if (moves.every(({ ref, to }) => memory.refs.get(ref) === to)) return undefined
    memory.refused.set(name, pushed.why)
    return undefined
  }
}

/** Fetches pushes that the room knows and nobody here has. */
async function gather({ upstream, picture, memory, held, log, signal }: Passing): Promise<void> {
  const want = picture.missing
    .filter(({ push, commit }) => memory.refs.get(pushRef(push)) === commit)
    .slice(0, FETCH_REFS_MAX)
    .map(({ push, commit }) => ({ ref: pushRef(push), oid: commit, push }))
  if (want.length === 0) return
  const fetched = await fetchUpstream(upstream, want, signal)
  if (fetched.kind === 'failed') return log(`not fetched from origin: ${fetched.why}`)
  for (const { kind, ref } of fetched.refs) {
    const push = want.find((one) => one.ref === ref)?.push
    if (push !== undefined && (kind === 'fetched' || kind === 'present')) held(push)
  }
}

/** Moves the integration ref on, over confirmed landings only. */
async function land(passing: Passing): Promise<Away> {
  const { upstream, picture, memory, log, signal } = passing
  const before = memory.standing
  const standing = await standingOf(passing)
  memory.standing = standing
  if (standing.kind === 'foreign' && !isSame(before, standing)) {
    log(`origin has ${INTEGRATION_REF} at ${standing.at}, which nobody here confirmed: left alone`)
  }
  if (standing.kind === 'same') memory.landed = standing.at
  const head = picture.line.at(-1)
  if (standing.kind !== 'behind' || head === undefined || picture.part === 'reads') return undefined
  // The leader first. When it does not, because it cannot reach the remote, another one may.
  if (picture.part === 'writes' && !isSame(before, standing)) return undefined
  if ((await readRef(upstream.mirror, INTEGRATION_REF, signal)) !== head) return undefined
  if (standing.at === undefined && memory.landed !== undefined) {
    log(`origin had lost ${INTEGRATION_REF}: it is put back`)
  }
  const away = await swap(passing, { from: standing.at, to: head })
  if (away === undefined) memory.standing = await standingOf(passing)
  if (memory.standing.kind === 'same') memory.landed = memory.standing.at
  return away
}

/** One compare-and-swap, never tried again from elsewhere: what is there then is judged anew. */
async function swap(
  passing: Passing,
  { from, to }: { from: Oid | undefined; to: Oid },
): Promise<Away> {
  const { upstream, memory, signal } = passing
  const move = { ref: INTEGRATION_REF, to, ...(from === undefined ? {} : { from }) }
  const pushed = await pushUpstream(upstream, [move], signal)
  if (pushed.kind === 'failed') {
    const away = await look(passing)
    if (away !== undefined) return away
    if (memory.refs.get(INTEGRATION_REF) === from) memory.refused.set(INTEGRATION_REF, pushed.why)
    return undefined
  }
  memory.refs.set(INTEGRATION_REF, to)
  return undefined
}

async function standingOf({ upstream, picture, memory, signal }: Passing): Promise<Standing> {
  const { mirror } = upstream
  const at = memory.refs.get(INTEGRATION_REF)
  const head = picture.line.at(-1)
  if (at === undefined) return { kind: head === undefined ? 'none' : 'behind' }
  if (head === undefined) return { kind: 'foreign', at }
  if (at === head) return { kind: 'same', at }
  if (picture.line.includes(at)) return { kind: 'behind', at }
  // What the confirmed head contains is lost to nobody when the ref moves there.
  const known = (await hasCommit(mirror, at, signal)) && (await hasCommit(mirror, head, signal))
  const inside = known && (await isAncestor(mirror, { ancestor: at, commit: head }, signal))
  return inside ? { kind: 'behind', at } : { kind: 'foreign', at }
}

function isSame(a: Standing, b: Standing): boolean {
  const at = (standing: Standing) => ('at' in standing ? standing.at : undefined)
  return a.kind === b.kind && at(a) === at(b)
}
