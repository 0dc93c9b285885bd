/**
 * What plain Automerge makes of the poison corpus: `node control.ts <case>…`, or all but the bombs
 * where no case is named. Prints one line of JSON for each case; a case may take the process with it.
 */
import * as A from '@automerge/automerge'
import { hashOfChunk } from './raw.ts'
import { POISON, honest } from './poison.ts'
import { volume } from './cast.ts'

/** Cases that take minutes and gigabytes, each in a process of its own. */
export const BOMBS: readonly string[] = ['10^9 ops in few bytes']

export type Fate =
  /** Automerge itself refused it, and its document is as it was. */
  | 'refused'
  /** It threw, and the document takes no further change, or cannot be saved any more. */
  | 'spoilt'
  /** Taken, and what is saved cannot be loaded again, or loads as something else. */
  | 'unloadable'
  /** Taken, and it works. Knot refuses it for a reason of its own. */
  | 'taken'

/** Applies one change as automerge users do, and looks what is left. */
export function fateOf(bytes: Uint8Array, seq: number): Fate {
  const before = seq > 1 ? [volume.bytes, honest.first] : [volume.bytes]
  const [start] = A.applyChanges(A.init<Record<string, unknown>>(), before)
  const heads = A.getHeads(start)
  let doc = start
  let threw = false
  try {
    ;[doc] = A.applyChanges(start, [bytes])
  } catch {
    threw = true
  }
  try {
    // The next one, of another author, as it would come a moment later.
    doc = A.change(A.clone(doc), { time: 0 }, draft => {
      draft['next'] = 1
    })
    const loaded = A.load(A.save(doc))
    if (A.getHeads(loaded).join() !== A.getHeads(doc).join()) return 'unloadable'
    const known = A.getAllChanges(loaded).map(hashOfChunk)
    if (threw || !known.includes(hashOfChunk(bytes))) {
      return heads.every(head => known.some(hash => hash === head)) ? 'refused' : 'spoilt'
    }
    return 'taken'
  } catch {
    return threw ? 'spoilt' : 'unloadable'
  }
}

if (import.meta.main) {
  const wanted = process.argv.slice(2)
  for (const { name, bytes, seq } of POISON) {
    if (wanted.length > 0 ? !wanted.includes(name) : BOMBS.includes(name)) continue
    if (wanted.length > 0) console.log(JSON.stringify({ name, fate: 'begun' }))
    console.log(JSON.stringify({ name, fate: fateOf(bytes, seq) }))
  }
}
