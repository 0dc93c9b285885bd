/**
 * The demo's stage: a temporary folder with a sample repository, and for each agent a clone, a home
 * and a daemon of its own. Everything is done by starting `git` and `knot` as a person would.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../src/api/errors.ts'
import { clean } from '../print.ts'

const COMMAND_MS = 60_000
/** Of a failed command's output, for the error. */
const TOLD_CHARS = 2_000

/** What a program printed, and how it ended. */
export type Ran = { exit: number; out: string; err: string }

/** A stage that is set; whoever set it strikes it. */
export type Stage = {
  root: string
  cloneOf: (agent: string) => string
  /** Runs knot to its end, even when the demo was interrupted meanwhile. */
  knot: (agent: string, words: string[]) => Promise<Ran>
  /** Runs git, and gives what it printed; a failure of git ends the demo. */
  git: (agent: string, words: string[]) => Promise<string>
  write: (agent: string, files: Record<string, string>) => void
  /** Starts a knot that goes on until it is stopped. */
  start: (agent: string, words: string[]) => ChildProcess
  /** Remembers a daemon, to be ended by force if it does not end when asked. */
  remember: (pid: number) => void
  /** Stops every daemon; false when one had to be ended by force. */
  stop: () => Promise<boolean>
  remove: () => void
}

type Env = Record<string, string | undefined>

/** Sets the stage: the sample repository, and one clone of it for each agent. */
export async function setStage(agents: readonly string[], files: Record<string, string>, env: Env) {
  // Here and below, not at the top: every command is in one file with the demo.
  const { tmpdir } = process.getBuiltinModule('node:os')
  const root = mkdtempSync(join(tmpdir(), 'knot-demo-'))
  const stage = stageAt(root, agents, env)
  try {
    for (const agent of [SEED, ...agents]) {
      mkdirSync(join(root, agent, 'home', 'tmp'), { recursive: true })
    }
    mkdirSync(stage.cloneOf(SEED), { recursive: true })
    await stage.git(SEED, ['init', '-q', '-b', 'main'])
    stage.write(SEED, files)
    await stage.git(SEED, ['add', '-A'])
    await stage.git(SEED, [...settings('ada'), 'commit', '-qm', 'Begin'])
    await Promise.all(agents.map(async (agent) => {
      mkdirSync(stage.cloneOf(agent), { recursive: true })
      await stage.git(agent, ['clone', '-q', ...settings(agent), stage.cloneOf(SEED), '.'])
      await stage.git(agent, ['remote', 'remove', 'origin'])
    }))
    rmSync(join(root, SEED), { recursive: true })
    return stage
  } catch (error) {
    stage.remove()
    throw error
  }
}

const SEED = 'seed'

/** A clone keeps them as its own, so that a kept stage works without the demo's environment. */
function settings(agent: string): string[] {
  const own = [`user.name=${agent}`, `user.email=${agent}@example.com`, 'commit.gpgSign=false']
  return own.flatMap((setting) => ['-c', setting])
}

function stageAt(root: string, agents: readonly string[], env: Env): Stage {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const cloneOf = (agent: string) => join(root, agent, 'sums')
  const begin = (agent: string, program: string, words: string[]) =>
    // A group of its own: Ctrl-C is for the demo, which then lets each command end.
    spawn(program, words, {
      cwd: cloneOf(agent),
      env: environment(root, agent, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  const start = (agent: string, words: string[]) =>
    begin(agent, process.execPath, [knotProgram(), ...words])
  const knot = (agent: string, words: string[]) => ended(start(agent, words))
  const daemons = new Set<number>()
  return {
    root, cloneOf, knot, start,
    remember: (pid) => void daemons.add(pid),
    git: async (agent, words) => {
      const ran = await ended(begin(agent, 'git', words))
      if (ran.exit === 0) return ran.out
      throw failed(`git ${words.join(' ')}`, agent, ran)
    },
    write: (agent, files) => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(cloneOf(agent), name), text)
      }
    },
    stop: async () => {
      const there = agents.filter((agent) => existsSync(join(cloneOf(agent), '.knot')))
      const stopped = await Promise.all(there.map((agent) => knot(agent, ['down'])))
      const all = stopped.every(({ exit }) => exit === 0)
      if (!all) daemons.forEach(killed)
      return all
    },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** A command that did not end as it should, for whoever reads the error. */
export function failed(command: string, agent: string, { exit, out, err }: Ran): Failure {
  const said = clean(`${err}${out}`.trim().slice(-TOLD_CHARS)) || 'It printed nothing.'
  const fix = 'knot demo --keep leaves the folder, with each daemon’s log, for a look'
  return new Failure('FAILED', `${agent}’s \`${command}\` ended with ${exit}. ${said}`, fix)
}

/** Nothing of this person's settings reaches the stage, but where programs are. */
function environment(root: string, agent: string, env: Env): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !/^(GIT|KNOT|XDG|CODEX|SANDBOX)_/.test(name))
  const { PATH = '', KNOT_SOURCE } = env
  const home = join(root, agent, 'home')
  return {
    ...Object.fromEntries(own),
    ...(KNOT_SOURCE === undefined ? {} : { KNOT_SOURCE }),
    PATH: [dirname(process.execPath), PATH].join(delimiter),
    HOME: home,
    // What a daemon or a check puts there goes with the rest.
    TMPDIR: join(home, 'tmp'),
    KNOT_NAME: agent,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    GIT_TERMINAL_PROMPT: '0',
    NO_COLOR: '1',
  }
}

/** The launcher, beside the bundle's folder or in the source tree. */
function knotProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const besideBundle = join(here, '..', 'cli', 'knot.mjs')
  return existsSync(besideBundle) ? besideBundle : join(here, '..', 'knot.mjs')
}

function ended(child: ChildProcess): Promise<Ran> {
  const ran: Ran = { exit: 1, out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (ran.out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (ran.err += text))
  const late = setTimeout(() => {
    ran.err += `stopped after ${COMMAND_MS / 1000} s\n`
    kill(child)
  }, COMMAND_MS)
  return new Promise((resolve) => {
    child.once('error', (error) => {
      clearTimeout(late)
      resolve({ ...ran, err: `${ran.err}${error.message}\n` })
    })
    child.once('close', (code) => {
      clearTimeout(late)
      resolve({ ...ran, exit: code ?? 137 })
    })
  })
}

/** Ends a child with everything that it started and did not let go. */
export function kill(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) killed(-child.pid)
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}

/** Makes a daemon listen on loopback only: nobody else has business with a demo. */
export function listenOnLoopback(clone: string): void {
  const path = join(clone, '.knot', 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, `${JSON.stringify({ ...config, listen: ['127.0.0.1'] }, undefined, 2)}\n`)
}
