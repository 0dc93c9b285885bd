import { connect as open, type Socket } from 'node:net'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, connect } from '../../src/api/client.ts'
import { EXIT, ERRORS, Failure, problemFrom } from '../../src/api/errors.ts'
import { serve, type Served, type ServeOptions } from '../../src/api/server.ts'
import { socketPath } from '../../src/api/socket.ts'
import type { Answers } from '../../src/api/types.ts'
import { API_CALLS_MAX, API_LINE_MAX_BYTES, MESSAGE_MAX_BYTES } from '../../src/core/limits.ts'
import { fakeAnswers } from './fake-daemon.ts'

let folder: string
let path: string
let running: Served[]
let clients: Client[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'knot-api-'))
  path = join(folder, 'knotd.sock')
  running = []
  clients = []
})

afterEach(async () => {
  for (const client of clients) client.close()
  for (const served of running) if (served.kind === 'serving') await served.close()
  rmSync(folder, { recursive: true })
})

async function daemon(overrides: Partial<Answers> = {}, options: ServeOptions = {}) {
  const served = await serve(path, fakeAnswers(overrides), options)
  running.push(served)
  return served
}

async function client(): Promise<Client> {
  const connected = await connect(path)
  if (connected.kind !== 'connected') throw new Error(`not connected: ${connected.kind}`)
  clients.push(connected.client)
  return connected.client
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof Failure)) throw new Error(`no Failure, but ${String(thrown)}`)
  return thrown
}

/** Sends raw bytes and gives everything that came back once the daemon hung up. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = open(path, () => socket.write(bytes))
    socket.on('data', (chunk) => {
      heard += chunk.toString()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(heard))
  })
}

describe('calls and streams', () => {
  test('S350: a call gets the output of its method, calls overlap on one connection', async () => {
    await daemon()
    const knot = await client()
    const [said, versions] = await Promise.all([
      knot.call('say', { text: 'hello' }),
      knot.call('version', {}),
    ])
    expect(said.id).toBe('e1')
    expect(versions.api).toBe(1)
  })

  test('S351: a stream yields its items in order and ends with its output', async () => {
    await daemon()
    const knot = await client()
    const items: string[] = []
    const stream = knot.stream('sync', {})
    for (;;) {
      const next = await stream.next()
      if (next.done === true) {
        expect(next.value.heldBy.map(({ name }) => name)).toEqual(['bob'])
        break
      }
      items.push(next.value.text)
    }
    expect(items).toEqual(['packing 2 files'])
  })

  test('S351: 20 000 items reach a slow reader, and all of them in order', async () => {
    await daemon({
      log: async function* () {
        for (let n = 0; n < 20_000; n++) {
          const by = { id: 'ag_a', name: 'a' }
          yield { id: String(n), at: n, kind: 'said', by, text: 'x'.repeat(100), fields: {} }
        }
        return {}
      },
    })
    const knot = await client()
    let expected = 0
    for await (const event of knot.stream('log', {})) {
      expect(event.at).toBe(expected++)
      if (expected % 5_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(expected).toBe(20_000)
  })

  test('S352: leaving a stream early aborts its answer', async () => {
    let aborted!: () => void
    const stopped = new Promise<void>((resolve) => {
      aborted = resolve
    })
    await daemon({
      log: async function* (_input, signal) {
        yield { id: '1', at: 1, kind: 'said', by: { id: 'a', name: 'a' }, text: '', fields: {} }
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        aborted()
        return {}
      },
    })
    const knot = await client()
    for await (const _event of knot.stream('log', { follow: true })) break
    await stopped
    expect((await knot.call('version', {})).api).toBe(1)
  })

  test('S352: closing the connection aborts everything that it asked for', async () => {
    const heard: string[] = []
    let both!: () => void
    const stopped = new Promise<void>((resolve) => {
      both = resolve
    })
    const wait = (name: string, signal: AbortSignal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          if (heard.push(name) === 2) both()
          resolve()
        }),
      )
    await daemon({
      say: async (_input, signal) => {
        await wait('say', signal)
        return { id: 'late' }
      },
      whoami: async (_input, signal) => {
        await wait('whoami', signal)
        throw new Failure('CANCELLED', 'gone')
      },
    })
    const knot = await client()
    const lost = [failure(knot.call('say', { text: 'a' })), failure(knot.call('whoami', {}))]
    await knot.call('version', {})
    knot.close()
    await stopped
    expect((await Promise.all(lost)).map(({ problem }) => problem.code))
      .toEqual(['DAEMON_GONE', 'DAEMON_GONE'])
  })

  test('S352: an aborted signal ends a call with CANCELLED at once', async () => {
    await daemon({ say: () => new Promise(() => undefined) })
    const knot = await client()
    const abort = new AbortController()
    const cancelled = failure(knot.call('say', { text: 'a' }, abort.signal))
    abort.abort()
    expect((await cancelled).problem.code).toBe('CANCELLED')
  })
})

describe('refusals', () => {
  test('S353: a failure crosses the socket with code, sentence, fix, retryable and exit', async () => {
    await daemon({
      say: async () => {
        throw new Failure('HELD', 'src/a.ts is held by bob.', 'knot ask bob')
      },
    })
    const { problem } = await failure((await client()).call('say', { text: 'x' }))
    expect(problem).toEqual({
      code: 'HELD', message: 'src/a.ts is held by bob.', fix: 'knot ask bob', retryable: true, exit: 3,
    })
  })

  test('S353: a code of a later version is still a failure with its sentence', () => {
    expect(problemFrom({ code: 'FROM_TOMORROW', message: 'no' }))
      .toEqual({ code: 'FAILED', message: 'no', retryable: false, exit: 1 })
    expect(problemFrom(undefined).code).toBe('FAILED')
  })

  test('S354: the exit codes are the frozen ones, and every error code has one', () => {
    expect(EXIT).toEqual({
      ok: 0, failed: 1, usage: 2, held: 3, unauthorised: 4, absent: 5, stale: 6, queued: 7,
      pending: 8, gate: 9, node: 78,
    })
    for (const [code, { exit }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/)
      expect(Object.values(EXIT).slice(1)).toContain(exit)
    }
  })

  test('S355: input is held against the contract, and the refusal names the field', async () => {
    await daemon()
    const knot = await client()
    const long = 'ä'.repeat(MESSAGE_MAX_BYTES)
    const tooLong = await failure(knot.call('say', { text: long }))
    expect(tooLong.problem).toMatchObject({
      code: 'INPUT_INVALID',
      message: `text has ${2 * MESSAGE_MAX_BYTES} bytes, and the limit is ${MESSAGE_MAX_BYTES}`,
      fix: expect.stringContaining('file'),
    })
    const empty = await failure(knot.call('say', { text: ' \n' }))
    expect(empty.message).toBe('text is empty')
    const extra = await failure(knot.call('say', { text: 'a', colour: 'red' } as never))
    expect(extra.message).toContain('colour')
    const wrong = await failure(knot.stream('sync', { mode: 'sideways' } as never).next())
    expect(wrong.message).toContain('mode')
  })

  test('S355: a method outside the contract does not exist, whatever its name', async () => {
    await daemon()
    const knot = await client()
    for (const method of ['frobnicate', '__proto__', 'constructor', '']) {
      const { problem } = await failure(knot.call(method as 'say', { text: 'a' }))
      expect(problem.code).toBe('METHOD_UNKNOWN')
      expect(problem.message).toContain(`"${method}"`)
    }
  })

  test('S356: an unexpected failure is INTERNAL, is reported, and hurts no other call', async () => {
    const bugs: string[] = []
    await daemon(
      { say: () => Promise.reject(new Error('bug: no such thing')) },
      { onBug: (_error, method) => bugs.push(method) },
    )
    const knot = await client()
    expect((await failure(knot.call('say', { text: 'a' }))).problem.code).toBe('INTERNAL')
    expect(bugs).toEqual(['say'])
    expect((await knot.call('version', {})).api).toBe(1)
  })

  test('a call that its client gave up is no bug of the daemon', async () => {
    const bugs: string[] = []
    const gone = Promise.withResolvers<void>()
    const say = (_input: unknown, signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        const stop = () => {
          reject(signal.reason as Error)
          gone.resolve()
        }
        signal.addEventListener('abort', stop, { once: true })
      })
    await daemon({ say }, { onBug: (_error, method) => bugs.push(method) })
    const knot = await client()
    const abort = new AbortController()
    const cancelled = failure(knot.call('say', { text: 'a' }, abort.signal))
    await knot.call('version', {})
    abort.abort()
    await cancelled
    await gone.promise
    expect((await knot.call('version', {})).api).toBe(1)
    expect(bugs).toEqual([])
  })

  test('S357: a line that is not a JSON object is answered and ends the connection', async () => {
    await daemon()
    for (const line of ['hello\n', 'null\n', '7\n', '[1]\n', '\u0000\n']) {
      expect(JSON.parse(await raw(line)).error.code).toBe('LINE_MALFORMED')
    }
    expect((await (await client()).call('version', {})).api).toBe(1)
  })

  test('S357: a line over the limit ends the connection without being kept', async () => {
    await daemon()
    const answer = JSON.parse(await raw(Buffer.alloc(API_LINE_MAX_BYTES + 100, 'x')))
    expect(answer.error.code).toBe('LINE_TOO_LONG')
    const knot = await client()
    const huge = await failure(knot.call('say', { text: 'x'.repeat(API_LINE_MAX_BYTES) }))
    expect(huge.problem.code).toBe('LINE_TOO_LONG')
    expect((await knot.call('version', {})).api).toBe(1)
  })

  test('S357: an answer over the limit is a failure of its own call only', async () => {
    await daemon({ say: async () => ({ id: 'x'.repeat(API_LINE_MAX_BYTES) }) })
    const knot = await client()
    expect((await failure(knot.call('say', { text: 'a' }))).problem.code).toBe('LINE_TOO_LONG')
    expect((await knot.call('version', {})).api).toBe(1)
  })

  test('S358: calls over the limit of one connection are refused as BUSY', async () => {
    await daemon({ say: () => new Promise(() => undefined) })
    const knot = await client()
    for (let n = 0; n < API_CALLS_MAX; n++) knot.call('say', { text: 'a' }).catch(() => undefined)
    const { problem } = await failure(knot.call('version', {}))
    expect(problem).toMatchObject({ code: 'BUSY', retryable: true })
  })
})

describe('the socket', () => {
  test('S359: only the user can open it, and a clean stop leaves nothing behind', async () => {
    const served = await daemon()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['knotd.sock'])
    if (served.kind === 'serving') await served.close()
    expect(readdirSync(folder)).toEqual([])
    expect((await connect(path)).kind).toBe('absent')
  })

  test('S360: a second daemon finds the first and leaves it alone', async () => {
    await daemon()
    expect((await daemon()).kind).toBe('already-running')
    expect(readdirSync(folder)).toEqual(['knotd.sock'])
    expect((await (await client()).call('version', {})).api).toBe(1)
  })

  test('S360: of ten that start at once over a stale socket exactly one serves', async () => {
    await leaveStaleSocket()
    const started = await Promise.all(Array.from({ length: 10 }, () => daemon()))
    expect(started.filter(({ kind }) => kind === 'serving')).toHaveLength(1)
    expect(readdirSync(folder)).toEqual(['knotd.sock'])
    expect((await (await client()).call('version', {})).api).toBe(1)
  })

  test('S361: what a killed daemon left is taken away', async () => {
    await leaveStaleSocket()
    expect((await daemon()).kind).toBe('serving')
    expect((await (await client()).call('version', {})).api).toBe(1)
  })

  test('S362: a first line {"git":…} hands over the connection, half-open, with every byte', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128, 10, 7])
    await daemon({}, {
      onGit: (socket: Socket, header) => {
        const chunks: Buffer[] = [Buffer.from(`${JSON.stringify(header)}|`)]
        socket.on('data', (chunk: Buffer) => chunks.push(chunk))
        socket.on('end', () => setTimeout(() => socket.end(Buffer.concat(chunks)), 20))
        socket.resume()
      },
    })
    const first = '{"git":"upload-pack","peer":"ab"}'
    const heard = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = []
      const socket = open({ path, allowHalfOpen: true }, () => {
        socket.write(Buffer.concat([Buffer.from(`${first}\n`), bytes]))
        setImmediate(() => socket.end(bytes))
      })
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('end', () => resolve(Buffer.concat(chunks)))
    })
    expect(heard).toEqual(Buffer.concat([Buffer.from(`${first}|`), bytes, bytes]))
  })

  test('S363: a long checkout path moves the socket to a private folder, by its real path', async () => {
    const deep = join(folder, 'd'.repeat(60), 'e'.repeat(60), '.knot')
    mkdirSync(deep, { recursive: true })
    const link = join(folder, 'short')
    symlinkSync(deep, link)
    const far = await socketPath(deep)
    expect(far).toMatch(/^\/tmp\/knot-\d+\/[0-9a-f]{16}\.sock$/)
    expect(await socketPath(link)).toBe(far)
    expect(statSync(far.slice(0, far.lastIndexOf('/'))).mode & 0o777).toBe(0o700)
    expect(await socketPath(folder)).toBe(join(folder, 'knotd.sock'))
  })
})

/** Leaves the file of a process that was killed while it listened. */
async function leaveStaleSocket(): Promise<void> {
  const source = `require('net').createServer().listen(${JSON.stringify(path)},()=>console.log('up'))`
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  expect(readdirSync(folder)).toEqual(['knotd.sock'])
}
