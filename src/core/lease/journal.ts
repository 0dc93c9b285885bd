/**
 * What a voter must never forget: the newest grant and the newest accept it signed.
 *
 * An entry is on disk before the word it holds leaves this peer. The signed words themselves are
 * the entries, so what was promised follows from what was said.
 */
import type { ActorId } from '../brand.ts'
import { decode, type Decoded } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import {
  readAccept,
  readGrant,
  writeAccept,
  writeGrant,
  type Accept,
  type Grant,
} from './ballot.ts'
import { comparePositions } from './position.ts'
import type { Rules } from './rules.ts'

export type JournalEntry =
  | { readonly kind: 'grant'; readonly era: number; readonly grant: Grant }
  | { readonly kind: 'accept'; readonly era: number; readonly accept: Accept }

export type Journal = {
  /** No word of a lower term is given any more. */
  promised: number
  granted: Grant | undefined
  accepted: Accept | undefined
}

/** The journal of a voter that has said nothing. */
export function emptyJournal(): Journal {
  return { promised: 0, granted: undefined, accepted: undefined }
}

/** Takes one entry in: what a voter said binds it from here on. */
export function enter(journal: Journal, entry: JournalEntry, rules: Rules): void {
  if (entry.kind === 'grant') {
    if (entry.grant.term > (journal.granted?.term ?? 0)) journal.granted = entry.grant
    journal.promised = Math.max(journal.promised, entry.grant.term)
    return
  }
  const { accept } = entry
  if (journal.accepted === undefined || comparePositions(accept, journal.accepted) > 0) {
    journal.accepted = accept
  }
  journal.promised = rules.promiseOfAccept(journal.promised, accept.term)
}

/** The entries that say all that a whole journal says, for the store to rewrite it with. */
export function essence(journal: Journal, era: number): readonly JournalEntry[] {
  const { granted, accepted } = journal
  return [
    ...(granted === undefined ? [] : [{ kind: 'grant', era, grant: granted } as const]),
    ...(accepted === undefined ? [] : [{ kind: 'accept', era, accept: accepted } as const]),
  ]
}

/** Whether a signed word of this very actor is one that its journal does not know. */
export function isForgotten(
  journal: Journal,
  word: { readonly term: number; readonly seq: number; readonly by: ActorId },
): boolean {
  if (word.term > journal.promised) return true
  const { accepted } = journal
  return accepted !== undefined && word.term === accepted.term && word.seq > accepted.seq
}

/** An entry as it is kept on disk. */
export function encodeEntry(entry: JournalEntry): Uint8Array {
  const writer = new Writer().u8(entry.kind === 'grant' ? 1 : 2).uint(entry.era)
  if (entry.kind === 'grant') writeGrant(writer, entry.grant)
  else writeAccept(writer, entry.accept)
  return writer.done()
}

/** Reads an entry from this peer's own disk. */
export function decodeEntry(bytes: Uint8Array): Decoded<JournalEntry> {
  return decode(bytes, (reader) => {
    const kind = reader.u8()
    const era = reader.uint()
    if (kind === 1) return { kind: 'grant', era, grant: readGrant(reader) } as const
    if (kind === 2) return { kind: 'accept', era, accept: readAccept(reader) } as const
    return reader.fail('unknown kind of journal entry')
  })
}
