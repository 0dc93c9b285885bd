/** The stage of a story: a repository, a clone and a home for each speaker, and their daemons. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/api/client.ts'
import { socketPath } from '../../src/api/socket.ts'

const LAUNCHER = fileURLToPath(new URL('../../cli/knot.mjs', import.meta.url))
const COMMAND_MS = 60_000
const STOP_MS = 10_000

/** What a command printed, on both streams in order, and how it ended. */
export type Printed = { output: string; exit: number }

/** A stage; `strike` stops every daemon that was started on it and removes it. */
export type Stage = {
  type: (speaker: string, command: string, words: Record<string, string>) => Promise<Printed>
  strike: () => Promise<void>
}

/** The daemon of each clone that somebody typed in, if one was seen. */
type Daemons = Map<string, { pid: number; born: number } | undefined>

/** Sets a stage up with the repository that `setup` makes, or with a small Node project. */
export async function setStage(setup: string | undefined): Promise<Stage> {
  const root = mkdtempSync(join(tmpdir(), 'knot-story-'))
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const wrapper = `#!/bin/sh\nexec "${process.execPath}" "${LAUNCHER}" "$@"\n`
  writeFileSync(join(bin, 'knot'), wrapper)
  chmodSync(join(bin, 'knot'), 0o755)

  const daemons: Daemons = new Map()
  const seed = folderOf(root, 'seed')
  await must(run(seed.clone, setup ?? PROJECT, environment(bin, seed.home, 'seed', {})))

  return {
    type: async (speaker, command, words) => {
      const place = folderOf(root, speaker)
      const env = environment(bin, place.home, speaker, words)
      if (!existsSync(join(place.clone, '.git'))) {
        const clone = `git clone -q '${seed.clone}' . && git remote remove origin`
        await must(run(place.clone, clone, env))
      }
      // Known from here on, so that `strike` asks there even if nothing could be noted.
      if (!daemons.has(place.clone)) daemons.set(place.clone, undefined)
      const printed = await run(place.clone, command, env)
      await note(place.clone, daemons)
      return printed
    },
    strike: async () => {
      const stops = [...daemons].map(([clone, known]) => stop(clone, known?.pid))
      const stopped = await Promise.allSettled(stops)
      rmSync(root, { recursive: true, force: true })
      for (const each of stopped) if (each.status === 'rejected') throw each.reason
    },
  }
}

/** A project whose test fails when somebody breaks `add`. */
const PROJECT = `
git init -q -b main .
mkdir src test
cat > package.json <<'END'
{ "name": "sums", "version": "1.0.0", "type": "module", "scripts": { "test": "node --test" } }
END
echo 'export const add = (a, b) => a + b' > src/add.js
cat > test/add.test.js <<'END'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add } from '../src/add.js'
test('adds', () => assert.equal(add(2, 3), 5))
END
git add -A
git commit -qm 'Begin'
`

function folderOf(root: string, speaker: string): { home: string; clone: string } {
  const home = join(root, speaker, 'home')
  const clone = join(root, speaker, 'sums')
  mkdirSync(home, { recursive: true })
  mkdirSync(clone, { recursive: true })
  const config = join(home, '.gitconfig')
  if (existsSync(config)) return { home, clone }
  const user = `[user]\n\tname = ${speaker}\n\temail = ${speaker}@example.com\n`
  writeFileSync(config, `${user}[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n`)
  return { home, clone }
}

/** Nothing of the person who runs the tests reaches a story, but where programs are. */
function environment(
  bin: string,
  home: string,
  speaker: string,
  words: Record<string, string>,
): NodeJS.ProcessEnv {
  const named = Object.entries(words).map(([name, word]) => [name.toUpperCase(), word])
  const { PATH = '', KNOT_SOURCE } = process.env
  return {
    ...Object.fromEntries(named),
    ...(KNOT_SOURCE === undefined ? {} : { KNOT_SOURCE }),
    PATH: [bin, dirname(process.execPath), PATH].join(delimiter),
    HOME: home,
    KNOT_NAME: speaker,
    GIT_CONFIG_NOSYSTEM: '1',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TERM: 'dumb',
  }
}

function run(cwd: string, command: string, env: NodeJS.ProcessEnv): Promise<Printed> {
  const child = spawn('sh', ['-c', `exec 2>&1\n${command}`], { cwd, env, detached: true })
  child.stdin.end()
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      output += `\n(stopped after ${COMMAND_MS / 1000} s)`
      // The whole group: a shell that is killed alone leaves its children at work.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, COMMAND_MS)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(late)
      // Said only where the machine is slow, and by any command.
      resolve({ output: output.replaceAll('starting the daemon…\n', ''), exit: code ?? 137 })
    })
  })
}

async function must(running: Promise<Printed>): Promise<void> {
  const { output, exit } = await running
  if (exit !== 0) throw new Error(`the stage could not be set (exit ${exit}):\n${output}`)
}

/** Writes down the pid of a daemon that a command started, while it can still be asked. */
async function note(clone: string, daemons: Daemons): Promise<void> {
  const knot = join(clone, '.knot')
  if (!existsSync(knot)) return
  const path = await socketPath(knot)
  const born = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (born === undefined || daemons.get(clone)?.born === born) return
  const connected = await connect(path)
  if (connected.kind !== 'connected') return
  try {
    const { pid } = await connected.client.call('version', {})
    daemons.set(clone, { pid, born })
  } catch {
    // It was killed, which a story may do, and had not quite ended yet.
  } finally {
    connected.client.close()
  }
}

/** Asks a daemon to end, and ends it if it does not. */
async function stop(clone: string, noted: number | undefined): Promise<void> {
  if (!existsSync(join(clone, '.knot'))) return
  // A story that failed may have left it stopped.
  if (noted !== undefined && isAlive(noted)) process.kill(noted, 'SIGCONT')
  const connected = await connect(await socketPath(join(clone, '.knot')))
  let pid = noted
  if (connected.kind === 'connected') {
    const down = connected.client.call('down', {}, AbortSignal.timeout(STOP_MS))
    pid = (await down.catch(() => undefined))?.pid ?? noted
    connected.client.close()
  }
  for (const began = Date.now(); pid !== undefined && isAlive(pid); await sleep(20)) {
    if (Date.now() - began < STOP_MS) continue
    process.kill(pid, 'SIGKILL')
    throw new Error(`the daemon ${pid} of ${clone} did not end by itself`)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
