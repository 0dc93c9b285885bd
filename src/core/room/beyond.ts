/**
 * What lies beyond a seal: signed changes that have no effect, kept because a seal may move, and
 * because their author may say again what they said. After a fork there are several branches, so
 * this is a tree, by hash.
 */
import type { ActorId, Hash } from '../brand.ts'
import { decodeChange } from './decode.ts'
import type { Place } from './facts.ts'
import { judgeChange } from './gate-change.ts'
import type { Volume } from './genesis.ts'
import { advance, type StreamState } from './stream.ts'

/** One such change; without a signature when a later one of its run carries it. */
export type CutChange = {
  readonly seq: number
  readonly hash: Hash
  readonly predecessor: Hash
  readonly bytes: Uint8Array
  signature: Uint8Array | undefined
}

/** Those of one stream, and their size. */
export type Beyond = { readonly changes: Map<Hash, CutChange>; bytes: number }

/** Nothing yet. */
export function openBeyond(): Beyond {
  return { changes: new Map(), bytes: 0 }
}

/** Keeps a change; answers whether it, or its signature, was not there yet. */
export function keepCut(beyond: Beyond, change: CutChange): 'new' | 'known' {
  const known = beyond.changes.get(change.hash)
  if (known === undefined) {
    beyond.changes.set(change.hash, change)
    beyond.bytes += change.bytes.length
    return 'new'
  }
  if (known.signature !== undefined || change.signature === undefined) return 'known'
  known.signature = change.signature
  return 'new'
}

/** Takes a change out, which has effect again. */
export function dropCut(beyond: Beyond, hash: Hash): void {
  const known = beyond.changes.get(hash)
  if (known === undefined) return
  beyond.changes.delete(hash)
  beyond.bytes -= known.bytes.length
}

/** The last changes of the branches, in the order of their hashes. */
export function tipsOf({ changes }: Beyond): CutChange[] {
  const inner = new Set([...changes.values()].map(({ predecessor }) => predecessor))
  return [...changes.values()].filter(({ hash }) => !inner.has(hash)).sort(byHash)
}

/** The changes up to one, the earliest first, as far back as they are here. */
export function pathTo({ changes }: Beyond, tip: CutChange): CutChange[] {
  const path: CutChange[] = []
  for (let at: CutChange | undefined = tip; at !== undefined; at = changes.get(at.predecessor)) {
    path.push(at)
  }
  return path.reverse()
}

/** A fact beyond the seal, with the place that it was written at. */
export type CutFact = { readonly place: Place; readonly value: string }

/**
 * The facts of all branches that grow from a stream's last change, in the order of their changes.
 * What does not connect to it yet, or is no right successor, says nothing.
 */
export function factsBeyond(volume: Volume, stream: StreamState, beyond: Beyond): CutFact[] {
  const after = new Map<Hash, CutChange[]>()
  for (const change of [...beyond.changes.values()].sort(byHash)) {
    const siblings = after.get(change.predecessor) ?? []
    after.set(change.predecessor, [...siblings, change])
  }
  const facts: (CutFact & { seq: number })[] = []
  const open = [stream]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const { bytes, hash, seq } of after.get(state.hash) ?? []) {
      const decoded = decodeChange(bytes)
      if (decoded.kind === 'malformed' || seq !== state.seq + 1) continue
      const verdict = judgeChange(volume, state, decoded.change)
      if (verdict.kind === 'invalid') continue
      open.push(advance(state, { change: decoded.change, hash, topics: verdict.topics }))
      for (const fact of verdict.facts) facts.push({ ...cutFact(state.actor, fact), seq })
    }
  }
  return facts.sort((a, b) => a.seq - b.seq).map(({ place, value }) => ({ place, value }))
}

function cutFact(
  actor: ActorId,
  { topic, n, value }: { topic: Place['topic']; n: number; value: string },
): CutFact {
  return { place: { actor, topic, n }, value }
}

function byHash(a: CutChange, b: CutChange): number {
  return a.seq - b.seq || (a.hash < b.hash ? -1 : 1)
}
