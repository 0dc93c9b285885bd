/**
 * The daemon's end of the local API.
 *
 * A connection is a line of calls that may overlap, each with an id of the
 * client's choice. What is on the wire, one JSON value a line:
 *
 *     -> {"id":1,"method":"log","params":{"follow":true}}
 *     <- {"id":1,"item":{…}}            any number, of a stream
 *     <- {"id":1,"result":{…}}          or {"id":1,"error":{"code":…,"message":…,"fix":…}}
 *     -> {"cancel":1}                   at any time; the answer is still sent
 *     -> {"git":…}                      as the first line: the connection is git's from here on
 */
import { createServer, type Socket } from 'node:net'
import type { z } from 'zod'
import { API_CALLS_MAX, API_CONNECTIONS_MAX, API_LINE_MAX_BYTES } from '../core/limits.ts'
import { bind } from './bind.ts'
import { contract, type Entry } from './contract.ts'
import { type ApiError, problem, problemOf } from './errors.ts'
import { lineWriter, type LineWriter, readLines } from './lines.ts'
import type { Answers } from './types.ts'

/** What a server does beside answering calls. */
export type ServeOptions = {
  /**
   * Takes over a git helper's connection: paused, none of its bytes lost, and half-open, because
   * git ends its own side first and reads on.
   */
  onGit?: (socket: Socket, header: Record<string, unknown>) => void
  /** Hears of failures that no table names: each is a bug, and the client only sees its message. */
  onBug?: (error: unknown, method: string) => void
}

/** A running server, or the news that another process already serves this path. */
export type Served =
  | { kind: 'serving'; close: () => Promise<void> }
  | { kind: 'already-running' }

/** Serves the contract on a Unix socket that only this user can open. */
export async function serve(
  path: string,
  answers: Answers,
  options: ServeOptions = {},
): Promise<Served> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The close that follows says all there is to know: nobody is left to tell.
    socket.on('error', () => undefined)
    attend(socket, answers, options)
  })
  server.maxConnections = API_CONNECTIONS_MAX

  const bound = await bind(server, path)
  const close = () =>
    new Promise<void>((resolve) => {
      if (bound.kind === 'bound') bound.release()
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  if (bound.kind === 'bound') return { kind: 'serving', close }
  await close()
  return bound
}

type Connection = {
  write: LineWriter
  answers: Answers
  options: ServeOptions
  live: Map<number, AbortController>
}

function attend(socket: Socket, answers: Answers, options: ServeOptions): void {
  const write = lineWriter(socket)
  const connection: Connection = { write, answers, options, live: new Map() }
  socket.on('close', () => {
    for (const call of connection.live.values()) call.abort()
  })

  const finish = () => socket.end()
  socket.on('end', finish)
  const refuse = (error: ApiError) => void write({ error }).then(() => socket.destroySoon())
  let first = true
  readLines(socket, (line, detach) => {
    const opening = first
    first = false
    if (line.kind === 'too-long') {
      detach()
      const limit = `a line is longer than ${API_LINE_MAX_BYTES} bytes`
      return refuse(problem('LINE_TOO_LONG', limit, 'send less in one call'))
    }
    const request = line.kind === 'value' ? objectOf(line.value) : undefined
    if (request === undefined) {
      detach()
      const why = 'a line is not a JSON object'
      return refuse(problem('LINE_MALFORMED', why, 'send one JSON object a line'))
    }
    if (opening && 'git' in request && options.onGit !== undefined) {
      detach()
      socket.off('end', finish)
      return options.onGit(socket, request)
    }
    const cancelled = request['cancel']
    if (typeof cancelled === 'number') return connection.live.get(cancelled)?.abort()
    void answer(connection, request)
  })
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value)
  return object ? (value as Record<string, unknown>) : undefined
}

/** Answers one request; settles when the client has the whole answer. Never rejects. */
async function answer(connection: Connection, request: Record<string, unknown>): Promise<void> {
  const { live, write, options } = connection
  const id = request['id']
  if (typeof id !== 'number' || live.has(id)) {
    const error = problem('INPUT_INVALID', `id ${JSON.stringify(id)} is not a new number`)
    return write({ id, error })
  }
  if (live.size >= API_CALLS_MAX) {
    const error = problem('BUSY', `${live.size} calls are under way`, 'wait for an answer first')
    return write({ id, error })
  }

  const call = new AbortController()
  live.set(id, call)
  const method = String(request['method'])
  try {
    const input = parse(method, request['params'])
    if (input.kind === 'refused') await write({ id, error: input.error })
    else await write({ id, result: await run(connection, call.signal, id, input) })
  } catch (thrown) {
    const error = problemOf(thrown)
    if (error.code === 'INTERNAL' && !call.signal.aborted) options.onBug?.(thrown, method)
    await write({ id, error })
  } finally {
    live.delete(id)
  }
}

type Call = { kind: 'parsed'; method: keyof typeof contract; stream: boolean; input: unknown }

function parse(method: string, params: unknown): Call | { kind: 'refused'; error: ApiError } {
  if (!Object.hasOwn(contract, method)) {
    const known = Object.keys(contract).join(', ')
    const error = problem('METHOD_UNKNOWN', `"${method}" is no method`, `use one of ${known}`)
    return { kind: 'refused', error }
  }
  const key = method as keyof typeof contract
  const entry: Entry = contract[key]
  const parsed = entry.input.safeParse(params ?? {})
  if (!parsed.success) return { kind: 'refused', error: invalid(parsed.error) }
  return { kind: 'parsed', method: key, stream: entry.stream !== undefined, input: parsed.data }
}

function invalid(error: z.ZodError): ApiError {
  const [issue] = error.issues
  if (issue === undefined) throw new Error('bug: a parse failed without an issue')
  const where = issue.path.length === 0 ? 'the input' : issue.path.join('.')
  const fix = 'params' in issue ? issue.params?.['fix'] : undefined
  const sentence = `${where} ${issue.message.replace(/^Invalid input: /, 'is wrong: ')}`
  return problem('INPUT_INVALID', sentence, typeof fix === 'string' ? fix : undefined)
}

type AnyCall = (input: unknown, signal: AbortSignal) => Promise<unknown>
type AnyStream = (input: unknown, signal: AbortSignal) => AsyncGenerator<unknown, unknown, void>

async function run(
  { answers, write }: Connection,
  signal: AbortSignal,
  id: number,
  { method, stream, input }: Call,
): Promise<unknown> {
  // The table ties each method to its input, and `parse` has just held this input against it.
  if (!stream) return (answers[method] as AnyCall)(input, signal)

  const items = (answers[method] as AnyStream)(input, signal)
  try {
    for (;;) {
      const next = signal.aborted ? await items.return({}) : await items.next()
      if (next.done === true) return next.value
      await write({ id, item: next.value })
    }
  } finally {
    // Does nothing after the end; after a failed write it lets it clean up.
    await items.return({})
  }
}
