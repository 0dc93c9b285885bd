/** What the supervisor and its worker say to each other: one request, then its one reply. */

/** Many changes in one buffer, which is handed over and not copied; `ends` are their ends in it. */
export type Packed = { bytes: Uint8Array<ArrayBuffer>; ends: readonly number[] }

/** Facts as Automerge holds them: topic, actor, bucket, key, text. */
export type Facts = Readonly<Record<string, Record<string, Record<string, Record<string, string>>>>>

/** A change that Automerge would not take although it had passed the gate. */
export type RefusedChange = { index: number; why: string }

export type Ask =
  | { kind: 'load'; genesis: Uint8Array; saved: Uint8Array | undefined }
  | { kind: 'apply'; changes: Packed }
  | { kind: 'heads' }
  | { kind: 'facts'; topic: string | undefined }
  | { kind: 'save' }

export type Answers = {
  load: { heads: readonly string[] }
  apply: { refused: readonly RefusedChange[] }
  heads: { heads: readonly string[]; changes: number }
  facts: { facts: Facts }
  save: { saved: Uint8Array<ArrayBuffer> }
}

export type Reply =
  | { id: number; kind: 'done'; answer: Answers[keyof Answers] }
  /** The request failed and the document is as it was before. */
  | { id: number; kind: 'failed'; why: string }

/** Joins changes into one buffer: a view of a chunk is otherwise sent with all of the chunk. */
export function pack(changes: readonly Uint8Array[]): Packed {
  const bytes = new Uint8Array(changes.reduce((sum, change) => sum + change.length, 0))
  const ends: number[] = []
  let at = 0
  for (const change of changes) {
    bytes.set(change, at)
    at += change.length
    ends.push(at)
  }
  return { bytes, ends }
}

/** The changes of a packed buffer, as views. */
export function unpack({ bytes, ends }: Packed): Uint8Array[] {
  return ends.map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end))
}
