/** The same edits made through Automerge's own API: what our bytes are held against. */
import * as A from '@automerge/automerge'
import type { Line } from './cast.ts'
import { volume } from './cast.ts'
import { TOPICS } from '../../../src/core/room/topics.ts'

type Bucket = Record<string, A.ImmutableString>
export type RoomDocument = Record<string, Record<string, Record<string, Bucket>>>

export function genesisByAutomerge(): Uint8Array {
  const empty = A.init<RoomDocument>({ actor: volume.actor })
  const made = A.change(empty, { time: 0 }, doc => {
    for (const topic of TOPICS) doc[topic] = {}
  })
  return A.getLastLocalChange(made) as Uint8Array
}

/** A document that holds only the genesis. */
export function emptyRoom(actor?: string): A.Doc<RoomDocument> {
  const empty = actor === undefined ? A.init<RoomDocument>() : A.init<RoomDocument>({ actor })
  const [doc] = A.applyChanges(empty, [volume.bytes])
  return doc
}

/** An author who writes through Automerge. */
export type AutomergePen = { doc: A.Doc<RoomDocument>; counts: Map<string, number> }

export function automergePen(actor: string): AutomergePen {
  return { doc: emptyRoom(actor), counts: new Map() }
}

export function writeByAutomerge(
  by: AutomergePen,
  facts: readonly Line[],
  { time, message }: { time: number; message: string },
): Uint8Array {
  const actor = A.getActorId(by.doc)
  by.doc = A.change(by.doc, { time, message }, doc => {
    for (const { topic, value } of facts) {
      const n = by.counts.get(topic) ?? 0
      const bucket = String(n >> 8)
      const topicMap = doc[topic] as Record<string, Record<string, Bucket>>
      if (n === 0) topicMap[actor] = {}
      const own = topicMap[actor] as Record<string, Bucket>
      if (n % 256 === 0) own[bucket] = {}
      const into = own[bucket] as Bucket
      into[String(n)] = new A.ImmutableString(value)
      by.counts.set(topic, n + 1)
    }
  })
  return A.getLastLocalChange(by.doc) as Uint8Array
}

/** Every fact of a document as `topic/actor/bucket/n value`, sorted. */
export function factsOf(doc: A.Doc<RoomDocument>): string[] {
  const found: string[] = []
  for (const [topic, authors] of Object.entries(doc)) {
    for (const [actor, buckets] of Object.entries(authors)) {
      for (const [bucket, facts] of Object.entries(buckets)) {
        for (const [n, value] of Object.entries(facts)) {
          found.push(`${topic}/${actor}/${bucket}/${n} ${value.val}`)
        }
      }
    }
  }
  return found.sort()
}
