/**
 * `sync`: publish a commit, bring everybody's here. It never moves HEAD, the index, a branch or a
 * file, and does not wait for the landing.
 *
 * Order of a push: objects into the mirror, then the signed fact, then the push's own ref. A crash
 * between two of them leaves less than was promised to nobody, because nothing was answered yet;
 * the next start completes the ref, and so does the next sync of the same commit.
 */
import { Failure } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import type { Oid } from '../../core/brand.ts'
import { leaders } from '../../core/engine/chain.ts'
import { headOf as integrationHead } from '../../core/engine/landing.ts'
import { liveSessions } from '../../core/engine/state.ts'
import { GIT_COMMAND_MS, HOLD_WAIT_MS } from '../../core/limits.ts'
import { boundedFiles } from '../../core/room/bounded.ts'
import type { FactId } from '../../core/room/facts.ts'
import { sorted, standingOf, type Undoing } from '../../core/room/views/board.ts'
import { dirtyFiles, filesBetween, headOf, resolveRev } from '../../git/checkout.ts'
import { isAncestor, mergeBase } from '../../git/merge.ts'
import { whileBusy } from '../../git/again.ts'
import { hasCommit, publish, type Published } from '../../git/mirror.ts'
import type { GitProgress } from '../../git/percent.ts'
import { updateRef } from '../../git/moves.ts'
import { agentRef, pushRef } from '../../git/refs.ts'
import type { Checkout, Mirror } from '../../git/repository.ts'
import { bring } from '../../integrate/objects.ts'
import { isMine } from '../rows.ts'
import { claimOf } from './under.ts'
import type { RunningRoom } from '../running.ts'
import { telling } from '../telling.ts'
import { workplaceOf } from '../worktrees.ts'
import { pushesOf, undoneIn, undoneWords } from './again.ts'
import { type FindRoom, made } from './talk.ts'
import {
  attempt, confirming, heldBy, isWorthIt, type Publication, rows, untilHeld, wayOf,
} from './ways.ts'
import { roundOf, watch } from './watch.ts'

type Done = Output<'sync'>
type Pushed = Pick<Done, 'push' | 'commit' | 'base' | 'again' | 'files' | 'fileCount'>
/** Whether a commit that was published before may be published again. */
type Again = 'asked' | 'never'
type Progress = AsyncGenerator<Item<'sync'>, Pushed, void>

/** What all syncs of one daemon know of each other. */
type Shared = { waited: Set<FactId>; turn: () => Promise<() => void> }

/** The handler, for a room that is looked up at each call. */
export function sync(room: FindRoom): Pick<Answers, 'sync' | 'sync.watch'> {
  const waited = new Set<FactId>()
  let pushing: Promise<unknown> = Promise.resolve()
  // One push after another: two at once would move one ref, and publish one commit twice.
  const turn = async () => {
    const before = pushing
    const mine = Promise.withResolvers<void>()
    pushing = mine.promise
    await before
    return mine.resolve
  }
  return {
    sync: async function* (input, signal) {
      return yield* run(await room(), { ...input, again: 'asked', waited, turn }, signal)
    },
    'sync.watch': async function* (input, signal) {
      const asked = { ...roundOf(input), waited, turn }
      const { checkout } = (await room()).repositories
      const of = await workplaceOf(checkout, input.worktree, signal)
      return yield* watch(room, of, (now) => run(now, asked, signal), signal)
    },
  }
}

/** Pushes that a sync may wait for: not here yet, never failed to come, not waited for before. */
export function stillComing(
  { board, holding, fetching }: RunningRoom['engine'],
  waited: ReadonlySet<FactId>,
): FactId[] {
  const failed = (id: FactId) => (fetching.get(id)?.tries ?? 0) > 0
  const ids = [...board.unlanded.keys()]
  return ids.filter((id) => !holding.has(id) && !failed(id) && !waited.has(id))
}

async function* run(
  room: RunningRoom,
  { mode, rev, intent, again, worktree, waited, turn }: Parsed<'sync'> & { again: Again } & Shared,
  signal: AbortSignal,
): AsyncGenerator<Item<'sync'>, Done, void> {
  let pushed: Pushed = { files: [], fileCount: 0 }
  if (mode !== 'pull') {
    const done = await turn()
    try {
      const { checkout } = room.repositories
      const from = await workplaceOf(checkout, worktree, signal)
      const claim = await claimOf(room, worktree)
      pushed = yield* push(room, { from, rev, intent, again, claim }, signal)
    } finally {
      done()
    }
  }
  const passing = attempt(room)
  const held = publicationOf(pushed)
  const near = liveSessions(room.engine).length > 0
  if (held !== undefined && (passing !== undefined || near)) {
    const remote = room.upstream?.seen()?.remote
    const toOrigin = passing !== undefined && isWorthIt(room) && remote !== undefined
    if (toOrigin) yield { step: 'upstream', text: `pushing to origin, ${remote}` }
    else if (near) yield { step: 'hold', text: 'waiting for another peer to hold it' }
    await untilHeld(room, { publication: held, passing }, signal)
  }
  if (mode !== 'push') {
    yield { step: 'bring', text: 'bringing everybody’s commits here' }
    const { engine } = room
    const worth = isWorthIt(room)
    const coming = () => (liveSessions(engine).length === 0 ? [] : stillComing(engine, waited))
    const passed = () => passing === undefined || passing.ended || !worth
    const caughtUp = () => passed() && coming().length === 0 && !isAdvancing(room)
    await room.watch.until(caughtUp, { ms: HOLD_WAIT_MS, signal })
    for (const id of waited) if (!engine.board.unlanded.has(id)) waited.delete(id)
    for (const id of coming()) waited.add(id)
    const brought = await bring(room.repositories, signal)
    if (brought.kind === 'failed') {
      throw new Failure('GIT_FAILED', `refs/knot/* could not be brought here: ${brought.why}`)
    }
  }
  const teammates = await rows(room, signal)
  const way = { ...wayOf(room), ...confirming(room) }
  return { ...pushed, heldBy: heldBy(room, held), ...way, rows: teammates }
}

function publicationOf({ push, commit }: Pushed): Publication | undefined {
  if (push === undefined || commit === undefined) return undefined
  return { push: push as FactId, commit: commit as Oid }
}

type Wish = {
  from: Checkout
  rev: string | undefined
  intent: string | undefined
  again: Again
  /** The claim in whose worktree it is asked for. */
  claim: FactId | undefined
}

/** Publishes a commit, unless the room has it already. */
async function* push(
  room: RunningRoom,
  { from, rev, intent, again, claim }: Wish,
  signal: AbortSignal,
): Progress {
  const { mirror } = room.repositories
  const commit = await commitOf(from, rev, signal)
  const back = await undoneIn(room, commit, signal)
  if (back.length > 0 && again === 'never') {
    const text = `${commit.slice(0, 8)} has ${undoneWords(room, back)} in it, and is not published`
    yield { step: 'undone', text: `${text} by itself; to bring that back: knot sync` }
    return { commit, files: [], fileCount: 0 }
  }
  const known = await knownAs(room, { commit, back }, signal)
  if (known !== undefined) return { commit, files: [], fileCount: 0, ...known }
  if (again === 'never' && wasPublished(room, commit)) return { commit, files: [], fileCount: 0 }
  if (rev === undefined) {
    const dirty = await dirtyFiles(from, signal)
    const text =
      dirty === 1
        ? '1 changed file is not committed and stays here'
        : `${dirty} changed files are not committed and stay here`
    if (dirty > 0) yield { step: 'dirty', text }
  }
  if (back.length > 0) yield { step: 'again', text: `bringing back ${undoneWords(room, back)}` }
  yield { step: 'publish', text: `publishing ${commit.slice(0, 8)}` }
  const refs = [agentRef(room.engine.me.agent)]
  const published = yield* telling<Item<'sync'>, Published>((tell) => {
    const told = ({ phase, percent }: GitProgress) =>
      tell({ step: 'publish', text: `${phase}: ${percent} %`, percent })
    const what = { checkout: from, mirror, rev: commit, refs }
    return whileBusy(() => publish(what, signal, told), signal)
  })
  if (published.kind !== 'published') throw refusal(published)
  const { base, files, fileCount } = await changed(room, { commit, back }, signal)
  const told = {
    ...(base === undefined ? {} : { base }),
    ...(back.length === 0 ? {} : { again: pushesOf(back) }),
  }
  const why = {
    ...(intent === undefined ? {} : { intent }),
    ...(claim === undefined ? {} : { claim }),
  }
  const id = await made(room, { kind: 'push', commit, files, fileCount, ...told, ...why })
  await name(mirror, { push: id, commit })
  return { push: id, commit, files, fileCount, ...told }
}

/**
 * Gives a push its ref, by which the others fetch it. Not under the caller's signal: whoever is
 * interrupted after the room was told of the push leaves none that nobody can fetch.
 */
async function name(mirror: Mirror, { push, commit }: { push: string; commit: Oid }) {
  const signal = AbortSignal.timeout(GIT_COMMAND_MS)
  await updateRef(mirror, { ref: pushRef(push), to: commit }, signal)
}

async function commitOf(
  checkout: Checkout,
  rev: string | undefined,
  signal: AbortSignal,
): Promise<Oid> {
  if (rev !== undefined) {
    const oid = await resolveRev(checkout, rev, signal)
    if (oid !== undefined) return oid
    throw new Failure('NOT_FOUND', `"${rev}" is no commit here`, 'git log --all shows what is')
  }
  const head = await headOf(checkout, signal)
  if (head.kind === 'commit') return head.oid
  const fix = 'make a first commit, then knot sync'
  throw new Failure('NOT_FOUND', `branch ${head.branch} has no commit yet: nothing to publish`, fix)
}

/** A commit to publish, with the own undone pushes that are to come back with it. */
type Publishing = { commit: Oid; back: readonly Undoing[] }

/** What the room knows of a commit already: an own push that is not refused, or a landed state. */
async function knownAs(
  room: RunningRoom,
  { commit, back }: Publishing,
  signal: AbortSignal,
): Promise<Partial<Pushed> | undefined> {
  const { engine, repositories } = room
  const own = sorted(engine.board.pushes).filter(({ place, fact }) => {
    const brings = pushesOf(back).every((push) => fact.again?.includes(push) === true)
    return isMine(room, place.actor) && fact.commit === commit && brings
  })
  const standing = own.find(
    ({ id }) => standingOf(engine.board, id, leaders(engine)).kind === 'queued',
  )
  const { mirror } = repositories
  if (standing !== undefined) {
    await name(mirror, { push: standing.id, commit })
    const { files, fileCount, base } = standing.fact
    return { push: standing.id, files, fileCount, ...(base === undefined ? {} : { base }) }
  }
  // It is in the history of the head, and undone there.
  if (back.length > 0) return undefined
  const head = integrationHead(engine)
  const known = async (oid: Oid | undefined) =>
    oid !== undefined && (await hasCommit(mirror, oid, signal))
  if (head === undefined) return undefined
  const both = await Promise.all([known(head), known(commit)])
  if (both.includes(false)) return undefined
  return (await isAncestor(mirror, { ancestor: commit, commit: head }, signal)) ? {} : undefined
}

/** Whether this agent published the commit before, in whichever life, and whatever became of it. */
function wasPublished(room: RunningRoom, commit: Oid): boolean {
  return [...room.engine.board.pushes.values()].some(({ place, fact }) => {
    return fact.commit === commit && isMine(room, place.actor)
  })
}

async function changed(
  room: RunningRoom,
  { commit, back: [earliest] }: Publishing,
  signal: AbortSignal,
) {
  const { mirror } = room.repositories
  const head = earliest?.undoes.fact.prev ?? integrationHead(room.engine)
  const known = head !== undefined && (await hasCommit(mirror, head, signal))
  const base = known ? await mergeBase(mirror, [head, commit], signal) : undefined
  const tip = base === undefined ? { tip: commit } : { base, tip: commit }
  const { names, total } = await filesBetween(mirror, tip, signal)
  return { base, ...boundedFiles(names, total) }
}

type Unpublished = Exclude<Awaited<ReturnType<typeof publish>>, { kind: 'published' }>

function refusal(published: Unpublished): Failure {
  switch (published.kind) {
    case 'shallow': {
      const why = 'this clone is shallow: it cannot give a whole commit to anybody'
      return new Failure('GIT_FAILED', why, 'git fetch --unshallow')
    }
    case 'no-such-commit':
      return new Failure('NOT_FOUND', `"${published.rev}" is no commit here`)
    case 'holds-knot': {
      const commit = published.oid.slice(0, 8)
      const why = `commit ${commit} has .knot/ in it, and whoever merged it would lose his keys`
      return new Failure('GIT_FAILED', why, 'git rm -r --cached .knot, then commit')
    }
    case 'immutable':
      return new Failure('GIT_FAILED', `${published.ref} is at ${published.found} already`)
    case 'refused':
      return new Failure('GIT_FAILED', `git refused the commit: ${published.why}`)
  }
}

/** Whether a confirmed landing is on its way here, and has not failed to come. */
function isAdvancing({ engine }: RunningRoom): boolean {
  const { taken, retry } = engine.integration
  const reachable = liveSessions(engine).length > 0
  return reachable && retry.tries === 0 && taken < engine.board.line.length
}
