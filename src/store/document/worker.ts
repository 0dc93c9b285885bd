/**
 * The worker thread that holds the Automerge document. It may panic, hang or run out of memory:
 * the supervisor beside it then starts another one and tells it everything again.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parentPort } from 'node:worker_threads'
import * as A from '@automerge/automerge/slim'
import { unreachable } from '../../core/brand.ts'
import type { Answers, Ask, Facts, RefusedChange, Reply } from './messages.ts'
import { unpack } from './messages.ts'

type Handle = ReturnType<typeof A.getBackend>

/** The current document. Replaced, never changed in place, so that a panic spoils only a clone. */
let current: Handle | undefined

await A.initializeWasm(readFileSync(wasmPath()))
parentPort?.on('message', ({ id, ask }: { id: number; ask: Ask }) => {
  try {
    const answer = perform(ask)
    const reply: Reply = { id, kind: 'done', answer }
    parentPort?.postMessage(reply, 'saved' in answer ? [answer.saved.buffer] : [])
  } catch (error) {
    // Out of memory or bounds, WebAssembly itself gives up, and with it every document it held.
    if (isFatal(error)) throw error
    const reply: Reply = { id, kind: 'failed', why: String(error) }
    parentPort?.postMessage(reply)
  }
})

/** Bundled, the file lies beside the bundle; from source it is in the package. */
function wasmPath(): string {
  const beside = fileURLToPath(new URL('./automerge.wasm', import.meta.url))
  return existsSync(beside)
    ? beside
    : fileURLToPath(import.meta.resolve('@automerge/automerge/automerge.wasm'))
}

function perform(ask: Ask): Answers[keyof Answers] {
  switch (ask.kind) {
    case 'load':
      return load(ask)
    case 'apply':
      return { refused: apply(unpack(ask.changes)) }
    case 'heads':
      return { heads: headsOf(held()), changes: held().stats().numChanges }
    case 'facts':
      return { facts: factsOf(held(), ask.topic) }
    case 'save':
      return { saved: save(held()) }
    default:
      return unreachable(ask)
  }
}

function load({ genesis, saved }: Extract<Ask, { kind: 'load' }>): Answers['load'] {
  const next = empty()
  next.loadIncremental(saved ?? genesis)
  if (saved !== undefined) next.applyChanges([genesis])
  current?.free()
  current = next
  return { heads: headsOf(next) }
}

/** Applies a batch to a clone; if Automerge refuses it, one by one, each to a clone of its own. */
function apply(changes: Uint8Array[]): RefusedChange[] {
  if (swap(changes) === undefined) return []
  const refused: RefusedChange[] = []
  for (const [index, change] of changes.entries()) {
    const why = swap([change])
    if (why !== undefined) refused.push({ index, why })
  }
  return refused
}

/** Puts a clone with the changes in place of the document; answers why it did not. */
function swap(changes: Uint8Array[]): string | undefined {
  const before = held()
  const next = before.clone()
  try {
    next.applyChanges(changes)
  } catch (error) {
    if (isFatal(error)) throw error
    release(next)
    return String(error)
  }
  // The log of patches grows with every change until somebody says that they were seen.
  next.updateDiffCursor()
  current = next
  before.free()
  return undefined
}

/** Automerge may save what it cannot load, so what cannot be loaded is not handed out. */
function save(handle: Handle): Uint8Array<ArrayBuffer> {
  const saved = handle.save()
  const check = empty()
  try {
    check.loadIncremental(saved)
    const same = headsOf(check).join() === headsOf(handle).join()
    if (!same) throw new Error('the saved document loads with other heads')
    return saved as Uint8Array<ArrayBuffer>
  } finally {
    release(check)
  }
}

function factsOf(handle: Handle, topic: string | undefined): Facts {
  const facts: Record<string, Facts[string]> = {}
  for (const name of handle.keys('_root')) {
    if (topic !== undefined && name !== topic) continue
    const value = handle.getWithType('_root', name)
    if (value?.[0] === 'map') facts[name] = plain(handle.materialize(value[1])) as Facts[string]
  }
  return facts
}

/** Immutable strings are objects of Automerge's own; a message can carry only their text. */
function plain(value: unknown): unknown {
  if (value instanceof A.ImmutableString) return value.toString()
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

function empty(): Handle {
  return A.getBackend(A.init())
}

function headsOf(handle: Handle): string[] {
  return handle.getHeads().sort()
}

function held(): Handle {
  if (current === undefined) throw new Error('no document was loaded')
  return current
}

/** Frees what may be broken by a panic; leaking it is then the lesser evil. */
function release(handle: Handle): void {
  try {
    handle.free()
  } catch (error) {
    if (isFatal(error)) throw error
  }
}

/** Whether WebAssembly itself gave up. A panic of Automerge is another error, and not fatal. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError'
}
