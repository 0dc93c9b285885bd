/** The engine's entries as the store takes them. */
import { hex } from '../core/bytes/text.ts'
import type { StoreEntry } from '../core/engine/effect.ts'
import type { StoredEntry } from '../store/room.ts'

/** What one flush is given for the entries of one turn, in the order of writing. */
export function storedEntries(entries: readonly StoreEntry[]): StoredEntry[] {
  return inStoreOrder(entries).map(storedEntry)
}

/**
 * Of the witnesses of own changes only the last, behind everything: one is enough for a flush, and
 * entries for one log that stand together cost one sync.
 */
function inStoreOrder(entries: readonly StoreEntry[]): StoreEntry[] {
  const others = entries.filter(({ kind }) => kind !== 'signed')
  // One that a new incarnation follows is of a life that signs nothing more.
  const life = entries.slice(entries.findLastIndex(({ kind }) => kind === 'incarnation') + 1)
  const last = life.findLast(({ kind }) => kind === 'signed')
  return last === undefined ? others : [...others, last]
}

function storedEntry(entry: StoreEntry): StoredEntry {
  switch (entry.kind) {
    case 'journal':
      return { kind: 'word', bytes: entry.bytes }
    case 'incarnation':
    case 'life':
      return { kind: entry.kind, incarnation: hex(entry.bytes) }
    default:
      return entry
  }
}
