/** Runs command lines in this process, in a checkout of its own, and hears what they print. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { KnotContext } from '../../cli/context.ts'
import { run } from '../../cli/run.ts'
import { serve } from '../../src/api/server.ts'
import { socketPath } from '../../src/api/socket.ts'
import type { Answers } from '../../src/api/types.ts'
import { fakeAnswers } from '../api/fake-daemon.ts'

/** What a command left behind. */
export type Said = { exit: number; out: string; err: string }

/** The envelope of `--json`. */
export type Envelope = {
  ok: boolean
  command: string
  v: number
  result?: Record<string, unknown>
  error?: { code: string; message: string; fix?: string; retryable: boolean }
  next: string[]
}

/** A place to type in. */
export type Terminal = {
  root: string
  knot: (...words: string[]) => Promise<Said>
  /** Runs and reads the envelope. */
  json: (...words: string[]) => Promise<Said & { envelope: Envelope }>
  serve: (overrides?: Partial<Answers>) => Promise<void>
  env: Record<string, string>
  stdin: string
  platform: NodeJS.Platform
  signal: AbortSignal
  /** Hears stdout as it is written. */
  onOut: (text: string) => void
  starts: () => string[]
  close: () => Promise<void>
}

const fakeKnotd = fileURLToPath(new URL('./fake-knotd.ts', import.meta.url))

/** A checkout as far as told: a plain folder, a git repository, prepared, or in a room. */
export function terminal(stage: 'folder' | 'git' | 'initialised' | 'in-room'): Terminal {
  const root = mkdtempSync(join(tmpdir(), 'knot-cli-'))
  if (stage !== 'folder') mkdirSync(join(root, '.git'))
  if (stage === 'initialised' || stage === 'in-room') mkdirSync(join(root, '.knot'))
  if (stage === 'in-room') {
    mkdirSync(join(root, '.knot', 'room'))
    writeFileSync(join(root, '.knot', 'room', 'room.log'), '')
  }
  const closers: (() => Promise<void>)[] = []
  const self: Terminal = {
    root,
    knot: (...words) => type(self, words),
    json: async (...words) => {
      const said = await type(self, [...words, '--json'])
      const lines = said.out.trimEnd().split('\n')
      if (lines.length !== 1) throw new Error(`not one line: ${said.out}`)
      return { ...said, envelope: JSON.parse(said.out) }
    },
    serve: async (overrides = {}) => {
      const served = await serve(await socketPath(join(root, '.knot')), fakeAnswers(overrides))
      if (served.kind === 'serving') closers.push(served.close)
    },
    env: { PATH: process.env['PATH'] ?? '', HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
    stdin: '',
    platform: 'linux',
    signal: new AbortController().signal,
    onOut: () => undefined,
    starts: () => readFileSync(join(root, 'fake-starts.txt'), 'utf8').trimEnd().split('\n'),
    close: async () => {
      // Ours first: what then still answers to `down` is a daemon that a command started.
      for (const close of closers) await close()
      delete self.env['CODEX_SANDBOX']
      await type(self, ['down'])
      rmSync(root, { recursive: true })
    },
  }
  return self
}

async function type(self: Terminal, words: string[]): Promise<Said> {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => new Writable({
    write: (chunk, _encoding, done) => {
      said[name] += String(chunk)
      if (name === 'out') self.onOut(String(chunk))
      done()
    },
  })
  const context: KnotContext = {
    env: self.env,
    stdin: self.stdin === '' ? new PassThrough().end() : Readable.from([Buffer.from(self.stdin)]),
    stdout: sink('out'),
    stderr: sink('err'),
    colorDepth: 1,
    cwd: self.root,
    knotd: fakeKnotd,
    signal: self.signal,
    now: Date.now,
    platform: self.platform,
  }
  const exit = await run(words, context)
  return { exit, ...said }
}
