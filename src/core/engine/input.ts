/** Everything that can happen to the engine. */
import type { Oid, PublicKey } from '../brand.ts'
import type { CheckOutcome, MergeOutcome, UndoOutcome } from '../integration/planner.ts'
import type { FactId } from '../room/facts.ts'
import type { Path } from '../sync/session.ts'
import type { Call } from './call.ts'

export type Input =
  /** At least every TICK_MS. */
  | { kind: 'tick' }
  /** A local front end asks; answered by an `answer` effect with the same number. */
  | { kind: 'call'; call: number; request: Call }
  | { kind: 'up'; peer: PublicKey; path: Path; address: string }
  | { kind: 'down'; peer: PublicKey; why: string }
  | { kind: 'frame'; peer: PublicKey; bytes: Uint8Array }
  | { kind: 'drained'; peer: PublicKey }
  /** Discovery saw a peer of this room. */
  | { kind: 'found'; peer: PublicKey; addresses: string[] }
  /** A stranger, or a member again, speaks the join protocol. */
  | { kind: 'ask'; call: number; peer: PublicKey; question: Uint8Array }
  /** Where this peer listens now. */
  | { kind: 'listening'; addresses: string[] }
  /** The pushes whose commits the repository holds, at start. */
  | { kind: 'holding'; pushes: FactId[]; integration: Oid | undefined }
  | { kind: 'worked'; result: Worked }

export type Worked =
  | { kind: 'fetch'; push: FactId; outcome: 'held' | 'failed'; why?: string }
  | { kind: 'merge'; push: FactId; head: Oid | undefined; outcome: MergeOutcome }
  | { kind: 'check'; push: FactId; head: Oid | undefined; outcome: CheckOutcome }
  | { kind: 'undo'; ask: FactId; head: Oid; outcome: UndoOutcome }
  | { kind: 'advance'; outcome: 'done' | 'failed'; integration: Oid | undefined; why?: string }
  | { kind: 'refs' }
