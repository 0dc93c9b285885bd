/** The other end of the local API: a connection to the daemon of one checkout. */
import { connect as open, type Socket } from 'node:net'
import { API_STREAM_ITEMS_MAX } from '../core/limits.ts'
import { Failure, problemFrom } from './errors.ts'
import { lineWriter, readLines } from './lines.ts'
import type { CallMethod, Input, Item, Output, StreamMethod } from './types.ts'

/** Calls that may overlap on one socket; a refusal is thrown as a `Failure`. */
export type Client = {
  call: <M extends CallMethod>(
    method: M,
    input: Input<M>,
    signal?: AbortSignal,
  ) => Promise<Output<M>>
  /** Yields the items and returns the output; leaving early cancels the call. */
  stream: <M extends StreamMethod>(
    method: M,
    input: Input<M>,
    signal?: AbortSignal,
  ) => AsyncGenerator<Item<M>, Output<M>, void>
  close: () => void
}

/** A client, or why there is none: nobody serves this path, or this process may not open it. */
export type Connected =
  | { kind: 'connected'; client: Client }
  | { kind: 'absent' }
  | { kind: 'denied'; why: string }

/** Connects to a daemon's socket. */
export function connect(path: string, signal?: AbortSignal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const socket = open({ path, ...(signal === undefined ? {} : { signal }) })
    const refused = (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') return reject(error)
      const denied = error.code === 'EACCES' || error.code === 'EPERM'
      resolve(denied ? { kind: 'denied', why: error.message } : { kind: 'absent' })
    }
    socket.once('error', refused)
    socket.once('connect', () => {
      socket.off('error', refused)
      resolve({ kind: 'connected', client: clientOf(socket) })
    })
  })
}

type Call = {
  items: unknown[]
  end?: { kind: 'result'; value: unknown } | { kind: 'failure'; failure: Failure }
  wake: () => void
}

type Wire = {
  calls: Map<number, Call>
  start: (method: string, params: unknown) => [number, Call]
  cancel: (id: number) => void
  resume: () => void
}

function clientOf(socket: Socket): Client {
  const wire = wireOf(socket)
  return {
    call: async (method, input, signal) => {
      const items = follow(wire, method, input, signal)
      const end = await items.next()
      if (end.done === true) return end.value as never
      throw new Failure('FAILED', `the daemon answered ${method} with a stream`)
    },
    stream: (method, input, signal) => follow(wire, method, input, signal) as never,
    close: () => socket.destroy(),
  }
}

function wireOf(socket: Socket): Wire {
  const calls = new Map<number, Call>()
  const write = lineWriter(socket)
  let last = 0
  let gone: Failure | undefined

  const end = (failure: Failure) => {
    gone ??= failure
    for (const call of calls.values()) {
      call.end ??= { kind: 'failure', failure: gone }
      call.wake()
    }
  }
  const left = () =>
    end(new Failure('DAEMON_GONE', 'the daemon went away before it answered.', 'try again'))
  socket.on('error', left)
  socket.on('close', left)
  readLines(socket, (line) => {
    if (line.kind === 'value') return receive(calls, line.value, end, socket)
    end(new Failure('FAILED', `the daemon sent a line that cannot be read (${line.kind}).`))
    socket.destroy()
  })

  return {
    calls,
    start: (method, params) => {
      const id = ++last
      const call: Call = { items: [], wake: () => undefined }
      calls.set(id, call)
      if (gone !== undefined) call.end = { kind: 'failure', failure: gone }
      else write({ id, method, params }).catch((failure: Failure) => {
        call.end = { kind: 'failure', failure }
        call.wake()
      })
      return [id, call]
    },
    // A cancel that cannot be sent has nobody left to cancel anything for.
    cancel: (id) => void write({ cancel: id }).catch(() => undefined),
    resume: () => socket.resume(),
  }
}

function receive(
  calls: Map<number, Call>,
  value: unknown,
  end: (failure: Failure) => void,
  socket: Socket,
): void {
  const answer = (value ?? {}) as Record<string, unknown>
  const failure = 'error' in answer ? failureFrom(answer['error']) : undefined
  const id = answer['id']
  // An error without an id is about the connection, which the daemon then closes.
  if (typeof id !== 'number') return failure === undefined ? undefined : end(failure)
  const call = calls.get(id)
  if (call === undefined) return

  if (failure !== undefined) call.end = { kind: 'failure', failure }
  else if ('item' in answer) call.items.push(answer['item'])
  else call.end = { kind: 'result', value: answer['result'] }
  if (call.items.length >= API_STREAM_ITEMS_MAX) socket.pause()
  call.wake()
}

function failureFrom(error: unknown): Failure {
  const { code, message, fix } = problemFrom(error)
  return new Failure(code, message, fix)
}

async function* follow(
  wire: Wire,
  method: string,
  params: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, unknown, void> {
  const [id, call] = wire.start(method, params)
  const aborted = () => {
    call.end ??= { kind: 'failure', failure: new Failure('CANCELLED', `${method} was cancelled.`) }
    wire.cancel(id)
    call.wake()
  }
  if (signal?.aborted === true) aborted()
  signal?.addEventListener('abort', aborted)
  try {
    for (;;) {
      while (call.items.length > 0) {
        yield call.items.shift()
        if (call.items.length < API_STREAM_ITEMS_MAX) wire.resume()
      }
      if (call.end?.kind === 'failure') throw call.end.failure
      if (call.end?.kind === 'result') return call.end.value
      await new Promise<void>((resolve) => {
        call.wake = resolve
      })
    }
  } finally {
    signal?.removeEventListener('abort', aborted)
    if (call.end === undefined) wire.cancel(id)
    wire.calls.delete(id)
    wire.resume()
  }
}
