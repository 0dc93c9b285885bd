/** One who keeps what the gate accepts, under an auth log that says what it is told to. */
import type { Hash } from '../../../src/core/brand.ts'
import {
  type Authority,
  type Run,
  type RunOutcome,
  judgeRun,
} from '../../../src/core/room/gate.ts'
import { type StreamState, openStream, signingBytes } from '../../../src/core/room/stream.ts'
import { type Pen, type Person, verify, volume } from './cast.ts'

/** Everyone may write under every head, and no head is before another. */
export const anyone: Authority = {
  mayWrite: () => 'may',
  covers: () => true,
  sealOf: () => undefined,
}

/** Changes `from` to `to` (seqs, inclusive) of a pen, signed by its author. */
export function run(by: Pen, from = 1, to = by.changes.length): Run {
  const hash = by.hashes[to - 1] as Hash
  return signed(by.author, by.changes.slice(from - 1, to), { seq: to, hash })
}

export function signed(
  author: Person,
  changes: readonly Uint8Array[],
  last: { seq: number; hash: Hash },
): Run {
  const signature = author.sign(signingBytes(volume, { actor: author.actor, ...last }))
  return { changes, signature }
}

export type Reader = { stream: StreamState; hashes: Hash[] }

export function reader(of: Person): Reader {
  return { stream: openStream(volume, of.actor), hashes: [] }
}

/** Shows a run to a reader, who keeps what is accepted. */
export function show(to: Reader, shown: Run, authority: Authority = anyone): RunOutcome {
  const hashAt = (seq: number): Hash => {
    const hash = to.hashes[seq - 1]
    if (hash === undefined) throw new Error(`asked for seq ${seq} of ${to.hashes.length}`)
    return hash
  }
  const outcome = judgeRun({ volume, stream: to.stream, run: shown, authority, verify, hashAt })
  to.stream = outcome.stream
  to.hashes.push(...outcome.accepted.map(change => change.hash))
  return outcome
}

