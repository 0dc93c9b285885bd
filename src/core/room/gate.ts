/**
 * The gate: what may become part of a stream. Nothing reaches Automerge that was not accepted here,
 * because a change that Automerge itself takes can still make the document unloadable for ever.
 *
 * A verdict is a function of the stream, its volume and the auth log, so every peer that holds the
 * same gives the same one, in whatever order things arrived. It knows no clock and no sender.
 */
import { type ActorId, type Hash, type PublicKey, keyOf } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import { RUN_MAX_CHANGES } from '../limits.ts'
import type { Change, Fact } from './change.ts'
import { decodeChange } from './decode.ts'
import { judgeChange } from './gate-change.ts'
import type { Volume } from './genesis.ts'
import { type StreamState, advance, sameHeads, signingBytes } from './stream.ts'

/** What the auth log says. Each answer about heads, once given, never changes. */
export type Authority = {
  /** Whether a key may write under these heads; unknown while one of them is not here. */
  readonly mayWrite: (key: PublicKey, heads: readonly Hash[]) => 'may' | 'may-not' | 'unknown'
  /** Whether all of `earlier` is in the past of `later`, or is `later` itself. */
  readonly covers: (later: readonly Hash[], earlier: readonly Hash[]) => boolean
  /** The last change that is still accepted of a stream that was ended; seq 0: none is. */
  readonly sealOf: (actor: ActorId) => { seq: number; hash: Hash } | undefined
}

/** Consecutive changes of one stream with the author's signature over the last. */
export type Run = { readonly changes: readonly Uint8Array[]; readonly signature: Uint8Array }

export type Accepted = {
  readonly actor: ActorId
  readonly seq: number
  readonly hash: Hash
  /** Seconds since the Unix epoch, as the author's clock told it. */
  readonly time: number
  /** The auth heads in force. */
  readonly heads: readonly Hash[]
  readonly facts: readonly Fact[]
}

/** Why the changes of a run behind the accepted ones were not taken. */
export type Rest =
  | { readonly kind: 'none' }
  /** Not shown to be the author's: says nothing about the stream, something about the sender. */
  | { readonly kind: 'unproven'; readonly why: string }
  /** From this seq on: to be judged again when the stream holds the change before it. */
  | { readonly kind: 'pending'; readonly seq: number; readonly waits: 'predecessor' }
  /** From this seq on: to be judged again when the auth log has grown. */
  | {
      readonly kind: 'pending'
      readonly seq: number
      readonly waits: 'heads'
      readonly heads: readonly Hash[]
    }
  /** For ever: the author signed it, and the stream can never go on from it. */
  | { readonly kind: 'invalid'; readonly seq: number; readonly why: string }
  /** From this seq on beyond the stream's seal: kept and served, without effect. */
  | { readonly kind: 'sealed'; readonly seq: number }
  /**
   * The author signed two changes at one seq. The sibling is in this run, or (`elsewhere`) is only
   * named as a predecessor by it.
   */
  | {
      readonly kind: 'fork'
      readonly seq: number
      readonly held: Hash
      readonly other: Hash
      readonly sibling: 'in run' | 'elsewhere'
    }

/** What became of a run: first those already held, then those accepted, then the rest. */
export type RunOutcome = {
  /** The stream with what was accepted. */
  readonly stream: StreamState
  readonly duplicates: number
  readonly accepted: readonly Accepted[]
  readonly rest: Rest
}

export type Judgement = {
  readonly volume: Volume
  readonly stream: StreamState
  readonly run: Run
  readonly authority: Authority
  readonly verify: Verify
  /** The hash held at a seq of the stream, from 1 to its last. */
  readonly hashAt: (seq: number) => Hash
}

/** Judges a run against the stream it claims to belong to. */
export function judgeRun(judgement: Judgement): RunOutcome {
  const { stream, run, volume, verify } = judgement
  const chain = chainOf(stream.actor, run)
  if (chain.kind === 'unproven') return { stream, duplicates: 0, accepted: [], rest: chain }

  // A seal, a fork or a verdict needs the author's word; what is already held does not.
  const { links } = chain
  const duplicates = countHeld(judgement, links)
  const none: RunOutcome = { stream, duplicates, accepted: [], rest: { kind: 'none' } }
  if (duplicates === links.length) return none

  const { change, hash } = links.at(-1) as Link
  const message = signingBytes(volume, { actor: stream.actor, seq: change.seq, hash })
  if (!verify(keyOf(stream.actor), message, run.signature)) {
    const why = `the signature does not hold for seq ${change.seq}, ${hash}`
    return { ...none, duplicates: 0, rest: { kind: 'unproven', why } }
  }
  return takeLinks(judgement, links, duplicates)
}

type Link = { readonly change: Change; readonly hash: Hash }
type Unproven = Extract<Rest, { kind: 'unproven' }>
type Chain = { readonly kind: 'chain'; readonly links: Link[] } | Unproven

/** The run decoded, when its last change's hash covers all the others. */
function chainOf(actor: ActorId, run: Run): Chain {
  const count = run.changes.length
  if (count === 0 || count > RUN_MAX_CHANGES) return unproven(`a run of ${count} changes`)

  const links: Link[] = []
  for (const bytes of run.changes) {
    const decoded = decodeChange(bytes)
    if (decoded.kind === 'malformed') return unproven(`change ${links.length}: ${decoded.why}`)

    const { change, hash } = decoded
    const before = links.at(-1)
    if (change.actor !== actor) return unproven(`a change of ${change.actor}, not of ${actor}`)
    if (before !== undefined && change.seq !== before.change.seq + 1) {
      return unproven(`seq ${change.seq} behind ${before.change.seq}`)
    }
    if (before !== undefined && change.predecessor !== before.hash) {
      return unproven(`seq ${change.seq} does not follow the change before it in the run`)
    }
    links.push({ change, hash })
  }
  return { kind: 'chain', links }
}

function unproven(why: string): Unproven {
  return { kind: 'unproven', why }
}

function countHeld({ stream, hashAt }: Judgement, links: readonly Link[]): number {
  const end = links.findIndex(
    ({ change, hash }) => change.seq > stream.seq || hashAt(change.seq) !== hash,
  )
  return end < 0 ? links.length : end
}

function takeLinks(judgement: Judgement, links: readonly Link[], duplicates: number): RunOutcome {
  let stream = judgement.stream
  const accepted: Accepted[] = []
  for (const link of links.slice(duplicates)) {
    const rest = placeOf(judgement, stream, link) ?? underHeads(judgement, stream, link.change)
    if (rest !== undefined) return { stream, duplicates, accepted, rest }

    const { change, hash } = link
    const verdict = judgeChange(judgement.volume, stream, change)
    if (verdict.kind === 'invalid') {
      return { stream, duplicates, accepted, rest: { ...verdict, seq: change.seq } }
    }
    stream = advance(stream, { change, hash, topics: verdict.topics })
    const { actor, seq, time } = change
    accepted.push({ actor, seq, hash, time, heads: stream.heads, facts: verdict.facts })
  }
  return { stream, duplicates, accepted, rest: { kind: 'none' } }
}

/** Why a change is not the stream's next; undefined when it is. */
function placeOf(judgement: Judgement, stream: StreamState, link: Link): Rest | undefined {
  const { volume, authority, hashAt } = judgement
  const { change, hash } = link
  const { seq, predecessor } = change

  const seal = authority.sealOf(stream.actor)
  const beyond = seal !== undefined && (seq > seal.seq || (seq === seal.seq && hash !== seal.hash))
  if (beyond) return { kind: 'sealed', seq }
  if (seq > stream.seq + 1) return { kind: 'pending', seq, waits: 'predecessor' }

  // Held or not: a fork is proved by two siblings, and no right change is a sibling of this one.
  if (seq === 1 && predecessor !== volume.id) {
    return { kind: 'invalid', seq, why: `begins at ${predecessor}, not at volume ${volume.id}` }
  }

  // The two branches part where they name one predecessor, so that place is the one to prove.
  if (seq > 1) {
    const held = seq === stream.seq + 1 ? stream.hash : hashAt(seq - 1)
    if (predecessor !== held) {
      return { kind: 'fork', seq: seq - 1, held, other: predecessor, sibling: 'elsewhere' }
    }
  }
  if (seq <= stream.seq) {
    return { kind: 'fork', seq, held: hashAt(seq), other: hash, sibling: 'in run' }
  }
  return undefined
}

/** Why a change may not be written under its auth heads; undefined when it may. */
function underHeads(
  { authority }: Judgement,
  stream: StreamState,
  { actor, seq, heads }: Change,
): Rest | undefined {
  if (heads.length === 0) {
    // The predecessor was accepted under the same heads, and no answer about heads ever changes.
    if (stream.seq > 0) return undefined
    return { kind: 'invalid', seq, why: 'names no auth heads, and has no predecessor that did' }
  }
  if (sameHeads(heads, stream.heads)) {
    return { kind: 'invalid', seq, why: 'repeats the auth heads of its predecessor' }
  }

  const may = authority.mayWrite(keyOf(actor), heads)
  if (may === 'unknown') return { kind: 'pending', seq, waits: 'heads', heads }
  if (may === 'may-not') return { kind: 'invalid', seq, why: 'may not write under its auth heads' }
  if (stream.seq > 0 && !authority.covers(heads, stream.heads)) {
    return { kind: 'invalid', seq, why: 'goes back to auth heads before those of its predecessor' }
  }
  return undefined
}
