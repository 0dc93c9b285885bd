/** Keeps the Automerge document in step with the log, and its snapshot on disk. */
import type { OpenedEngine } from './opening.ts'
import { counts } from '../core/engine/streams.ts'
import { SNAPSHOT_CHANGES } from '../core/limits.ts'
import { type DocumentEvent, openDocument } from '../store/document/document.ts'
import type { Home } from '../store/home.ts'
import { nodeDisk } from '../store/node-disk.ts'

export type DocumentFollower = {
  /** Takes accepted changes that are on disk. */
  apply(changes: readonly Uint8Array[]): void
  /** Builds it anew: what it was given does not all count any more. */
  rebuild(): void
  /** The heads of the document, when it has caught up. */
  heads(): Promise<readonly string[] | undefined>
  close(): Promise<void>
}

/** Starts the document in its worker; the room does not wait for it. */
export function followDocument(
  home: Home,
  { engine, store }: OpenedEngine,
  { log, signal }: { log: (text: string) => void; signal: AbortSignal },
): DocumentFollower {
  const document = openDocument({
    genesis: () => engine.volume.bytes,
    disk: nodeDisk,
    path: home.snapshot,
    replay: () => counting(engine, store.changes(engine.volume.number)),
    signal,
    log: (event) => log(inWords(event)),
  })
  let unsaved = 0
  let saving: Promise<unknown> | undefined
  const save = () => {
    unsaved = 0
    saving = document.save().then((saved) => {
      saving = undefined
      if (saved.kind === 'failed') log(`the document was not saved: ${saved.fault.why}`)
    })
  }
  return {
    apply(changes) {
      document.apply(changes)
      unsaved += changes.length
      // While a whole room comes in, each save takes longer than the changes for the next one.
      if (unsaved >= SNAPSHOT_CHANGES && saving === undefined) save()
    },
    rebuild() {
      document.rebuild()
      unsaved = SNAPSHOT_CHANGES
    },
    async heads() {
      const asked = await document.heads()
      return asked.kind === 'ok' ? asked.heads : undefined
    },
    async close() {
      await saving
      if (unsaved > 0 && !signal.aborted) save()
      await saving
      await document.close()
    },
  }
}

/** Those changes of the log that count: it keeps what seals have cut off, too. */
async function* counting(
  engine: OpenedEngine['engine'],
  batches: AsyncIterable<Uint8Array[]>,
): AsyncGenerator<Uint8Array[]> {
  for await (const batch of batches) {
    yield engine.beyond.size === 0 ? batch : batch.filter((bytes) => counts(engine, bytes))
  }
}

function inWords(event: DocumentEvent): string {
  switch (event.kind) {
    case 'ready':
      return `document ready: ${event.changes} changes from ${event.from} in ${event.ms} ms`
    case 'restarting':
      return `document restarts in ${event.afterMs} ms: ${event.why}`
    case 'snapshot-unused':
      return `document snapshot not used: ${event.why}`
    case 'change-refused':
      return `the document refused an accepted change: ${event.why}`
  }
}
