/**
 * Real peers for tests: a clone and a home each, a daemon each, and nothing between them but the
 * mesh. The repository that they were cloned from is gone before the first of them starts.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Item, Output } from '../src/api/types.ts'
import { isAlive, processesOf, until } from './world.ts'

/** The program behind `knot`. */
export const LAUNCHER = fileURLToPath(new URL('../cli/knot.mjs', import.meta.url))
const COMMAND_MS = 90_000

/** How a program ended and what it printed. */
export type Done = { exit: number; stdout: string; stderr: string }

/** What every command prints with `--json`. */
export type Envelope<T> = {
  ok: boolean
  result: T
  error?: { code: string; message: string; fix?: string; retryable: boolean }
}

/** One line of `knot log --follow --json`. */
export type Event = Item<'log'>

/** Puts a command where the peer lives: in a namespace, or nowhere in particular. */
export type Place = (argv: string[]) => string[]

/** One peer: what a person at that machine can do. */
export class Peer {
  readonly name: string
  readonly home: string
  readonly clone: string
  readonly env: NodeJS.ProcessEnv
  readonly #place: Place

  constructor(at: { name: string; root: string; place?: Place }) {
    this.name = at.name
    this.home = join(at.root, at.name, 'home')
    this.clone = join(at.root, at.name, 'sums')
    this.env = environment(this.home, at.name)
    this.#place = at.place ?? ((argv) => argv)
  }

  /** A path below `.knot/`. */
  knotPath(...names: string[]): string {
    return join(this.clone, '.knot', ...names)
  }

  /** Runs `knot` and gives whatever became of it. */
  knot(...args: string[]): Promise<Done> {
    return this.run([process.execPath, LAUNCHER, ...args])
  }

  /** Runs any program in the clone. */
  run(argv: string[]): Promise<Done> {
    return run(this.#place(argv), { cwd: this.clone, env: this.env })
  }

  /** Runs `knot … --json`, whatever the exit code. */
  async asked<T>(...args: string[]): Promise<Envelope<T> & { exit: number }> {
    const { exit, stdout, stderr } = await this.knot(...args, '--json')
    try {
      return { ...(JSON.parse(stdout) as Envelope<T>), exit }
    } catch {
      throw new Error(`${this.name} $ knot ${args.join(' ')}: exit ${exit}\n${stdout}${stderr}`)
    }
  }

  /** Runs `knot … --json`, which must succeed. */
  async told<T>(...args: string[]): Promise<T> {
    const { ok, result, error, exit } = await this.asked<T>(...args)
    if (ok) return result
    throw new Error(`${this.name} $ knot ${args.join(' ')}: exit ${exit} ${JSON.stringify(error)}`)
  }

  /** Runs git in the clone, which must succeed. */
  async git(...args: string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.run(['git', ...args])
    if (exit !== 0) throw new Error(`${this.name} $ git ${args.join(' ')}: ${exit}\n${stderr}`)
    return stdout.trim()
  }

  /** Writes files and commits them; gives the commit. */
  async commit(files: Record<string, string>): Promise<string> {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(this.clone, path), text)
    await this.git('add', '--', ...Object.keys(files))
    await this.git('commit', '-qm', Object.keys(files).join(' '))
    return await this.git('rev-parse', 'HEAD')
  }

  status(): Promise<Output<'status'>> {
    return this.told('status')
  }

  async events(): Promise<Event[]> {
    return (await this.told<{ events: Event[] }>('log')).events
  }

  /** Follows the log until `close`. */
  follow(): Follower {
    return new Follower(this.#place([process.execPath, LAUNCHER, 'log', '--follow', '--json']), this)
  }

  /** The processes of this checkout's daemon: one, or none; two would be a defect. */
  daemons(): number[] {
    return processesOf((argv) => argv[argv.indexOf('--home') + 1] === this.clone)
      .filter(({ argv }) => argv.some((word) => /(knotd\.js|daemon\/main\.ts)$/.test(word)))
      .map(({ pid }) => pid)
  }

  /** kill -9, and waits for the end; gives whether there was something to kill. */
  async kill(): Promise<boolean> {
    const pids = this.daemons()
    for (const pid of pids) signal(pid, 'SIGKILL')
    await until(`${this.name}'s daemon is gone`, () => pids.every((pid) => !isAlive(pid)))
    return pids.length > 0
  }

  /** Stops (SIGSTOP) or continues (SIGCONT) the daemon. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    for (const pid of this.daemons()) signal(pid, name)
  }

  /** The daemon's own log. */
  daemonLog(): string {
    return readFileSync(this.knotPath('daemon.log'), 'utf8')
  }
}

/** A running `knot log --follow --json`. */
export class Follower {
  readonly events: Event[] = []
  readonly #child: ChildProcess
  #errors = ''

  constructor(argv: string[], { clone, env }: Pick<Peer, 'clone' | 'env'>) {
    const [program = '', ...args] = argv
    this.#child = spawn(program, args, { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.events.push(JSON.parse(line) as Event)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
  }

  /** The first event that fits, seen already or within the time. */
  async until(what: string, fits: (event: Event) => boolean, ms?: number): Promise<Event> {
    await until(`${what}\n${this.#errors}`, () => this.events.some(fits), ms)
    return this.events.find(fits) as Event
  }

  close(): void {
    this.#child.kill()
  }
}

/** Several peers that were cloned from one repository. */
export type Peers = {
  root: string
  peers: Peer[]
  /** Stops every daemon and removes everything. */
  strike: () => Promise<void>
}

/** A project whose check is as quick as a check can be: it fails where a file says so. */
export const QUICK: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'sums', type: 'module', scripts: { test: 'node check.js' } }),
  'check.js': [
    "import { existsSync } from 'node:fs'",
    "if (existsSync('broken.txt')) { console.log('broken.txt says no'); process.exit(1) }",
    "console.log('fine')",
    '',
  ].join('\n'),
}

/** Clones without a room; on the loopback alone, unless a peer lives in a place of its own. */
export async function setPeers(
  names: readonly string[],
  { files = QUICK, place, root = mkdtempSync(join(tmpdir(), 'knot-e2e-')) }: {
    files?: Record<string, string>
    place?: (name: string) => Place
    root?: string
  } = {},
): Promise<Peers> {
  const peers = names.map((name) => {
    return new Peer({ name, root, ...(place === undefined ? {} : { place: place(name) }) })
  })
  const seed = new Peer({ name: 'seed', root })
  makeFolders(seed)
  await seed.git('init', '-q', '-b', 'main', '.')
  await seed.commit(files)
  for (const peer of peers) {
    makeFolders(peer)
    await seed.run(['git', 'clone', '-q', '--no-hardlinks', seed.clone, peer.clone])
    if (place !== undefined) continue
    await peer.told('init')
    setConfig(peer, { listen: ['127.0.0.1'] })
  }
  // From here on nobody can get an object but from a peer.
  rmSync(join(root, 'seed'), { recursive: true })
  const strike = async () => {
    for (const peer of peers) peer.signal('SIGCONT')
    await Promise.all(peers.map((peer) => peer.knot('down').catch(() => undefined)))
    await Promise.all(peers.map((peer) => peer.kill()))
    rmSync(root, { recursive: true, force: true })
  }
  return { root, peers, strike }
}

/** Makes the room at the first peer, has the others join, and waits until all of them vote. */
export async function makeRoom(peers: readonly Peer[]): Promise<{ link: string }> {
  const [first, ...others] = peers
  if (first === undefined) throw new Error('bug: a room of nobody')
  const { link } = await first.told<{ link: string }>('up')
  for (const peer of others) await peer.told('join', link)
  await settled(peers)
  return { link }
}

/** Waits until all see one leader and everybody online and voting; gives the leader. */
export async function settled(peers: readonly Peer[], ms = 60_000): Promise<Peer> {
  const names = peers.map(({ name }) => name).sort()
  let leader: string | undefined
  await until(`${names.join(', ')} agree on a leader`, async () => {
    const seen = await Promise.all(peers.map((peer) => peer.status()))
    leader = seen[0]?.leader?.name
    return leader !== undefined && seen.every((status) => {
      const online = status.members.filter(({ online }) => online).length
      const voters = status.voters.filter(({ name }) => names.includes(name)).length
      const one = status.leader?.name === leader && status.leader?.lapsed === false
      return one && online === names.length && voters >= votersOf(names.length)
    })
  }, ms)
  return peers.find(({ name }) => name === leader) as Peer
}

/** An even number of voters is one too many, but for two. */
function votersOf(members: number): number {
  return members > 2 && members % 2 === 0 ? members - 1 : members
}

/** Changes settings of a peer whose daemon does not run. */
export function setConfig(peer: Peer, settings: Record<string, unknown>): void {
  const path = peer.knotPath('config.json')
  const before = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  writeFileSync(path, JSON.stringify({ ...before, ...settings }))
}

/** Expects a command to be refused: exit code, error code, and words of the message and the fix. */
export async function refused(
  peer: Peer,
  args: string[],
  expected: { exit: number; code: string; says: (string | RegExp)[] },
): Promise<void> {
  const { ok, error, exit } = await peer.asked(...args)
  assert.deepEqual({ ok, exit, code: error?.code }, {
    ok: false, exit: expected.exit, code: expected.code,
  }, JSON.stringify(error))
  const words = `${error?.message}\n${error?.fix}`
  for (const said of expected.says) {
    const found = typeof said === 'string' ? words.includes(said) : said.test(words)
    assert.ok(found, `${said} is not in: ${words}`)
  }
  assert.ok(error?.fix, `a fix for: ${error?.message}`)
}

function makeFolders({ home, clone, name }: Peer): void {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  mkdirSync(clone, { recursive: true })
  const user = `[user]\n\tname = ${name}\n\temail = ${name}@example.com\n`
  writeFileSync(join(home, '.gitconfig'), `${user}[init]\n\tdefaultBranch = main\n`)
}

/** Nothing of the person who runs the tests reaches a peer, but where programs are. */
function environment(home: string, name: string): NodeJS.ProcessEnv {
  const { PATH = '', KNOT_SOURCE } = process.env
  return {
    ...(KNOT_SOURCE === undefined ? {} : { KNOT_SOURCE }),
    PATH: [dirname(process.execPath), PATH].join(delimiter),
    HOME: home,
    KNOT_NAME: name,
    // Clones of a seed have it as their origin, and these tests are about the mesh.
    KNOT_TRANSPORT: 'mesh',
    GIT_CONFIG_NOSYSTEM: '1',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  }
}

/** Runs a program to its end, or for COMMAND_MS. */
export function run(
  [program = '', ...args]: string[],
  at: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Done> {
  const child = spawn(program, args, { ...at, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const done: Done = { exit: -1, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    done.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    done.stderr += text
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      done.stderr += `\n(stopped after ${COMMAND_MS / 1000} s)`
      if (child.pid !== undefined) signal(-child.pid, 'SIGKILL')
    }, COMMAND_MS)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(late)
      resolve({ ...done, exit: code ?? 137 })
    })
  })
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}
