import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { passed, runChecks, type Bench, type Evidence } from '../../../src/integrate/checks/run.ts'
import { confine, findSandbox } from '../../../src/integrate/checks/sandbox.ts'
import { killStragglers } from '../../../src/integrate/checks/stragglers.ts'
import { folder, signal } from '../../git/scratch.ts'

let bench: Bench
beforeEach(() => {
  const at = folder('check')
  const cache = folder('cache')
  bench = { folder: at, cache, mirror: at, sandbox: { kind: 'none', why: 'test' } }
})

async function sh(script: string, until = signal, timeoutMs?: number): Promise<Evidence> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs }
  const check = { name: 'it', command: ['sh', '-c', script] as const, tools: ['sh'], ...limit }
  const [evidence] = await runChecks(bench, [check], until)
  if (evidence === undefined) throw new Error('no evidence')
  return evidence
}

/** True until the process is gone; a zombie is gone. */
function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('evidence', () => {
  test('S347: only exit code 0 is a pass; what ran is said exactly', async () => {
    const good = await sh('echo out; echo err >&2')
    expect(good).toMatchObject({ outcome: { kind: 'exited', code: 0 }, outputBytes: 8 })
    expect(good.output.split('\n').toSorted()).toEqual(['', 'err', 'out'])
    expect(good.sandbox).toBe('none')
    expect(passed(good)).toBe(true)
    const bad = await sh('exit 3')
    expect([bad.outcome, passed(bad)]).toEqual([{ kind: 'exited', code: 3 }, false])
    const killed = await sh('kill -9 $$')
    expect(killed.outcome).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
  })

  test('S348: a check whose tool is missing did not run, and says which', async () => {
    const checks = [
      { name: 'go', command: ['knot-no-such-tool', 'test'] as const, tools: ['knot-no-such-tool'] },
      { name: 'node', command: ['node', '-e', '0'] as const, tools: ['node'] },
    ]
    const [missing, node] = await runChecks(bench, checks, signal)
    expect(missing).toMatchObject({ outcome: { kind: 'missing-tool', tool: 'knot-no-such-tool' } })
    expect(missing && passed(missing)).toBe(false)
    expect(node).toMatchObject({ outcome: { code: 0 }, toolchain: { node: process.version } })
  })

  test('of a large output the end is kept, and the digest is of all', async () => {
    const evidence = await sh('yes 0123456789 | head -n 300000; echo end')
    const whole = `${'0123456789\n'.repeat(300_000)}end\n`
    expect(evidence.outputBytes).toBe(whole.length)
    expect(evidence.output).toBe(whole.slice(-(1 << 20)))
    expect(evidence.outputDigest).toBe(createHash('sha256').update(whole).digest('hex'))
  })
})

test('S349: nothing of the daemon’s environment reaches a check', async () => {
  const secrets = { GH_TOKEN: 'a', NPM_TOKEN: 'b', npm_config_x: 'c', GIT_DIR: '/d',
    KNOT_SOCKET: 'e', SSH_AUTH_SOCK: 'f', NODE_OPTIONS: '--title=g', ANTHROPIC_API_KEY: 'h' }
  Object.assign(process.env, secrets)
  try {
    const { output } = await sh('env; pwd')
    const names = output.split('\n').map((line) => line.split('=')[0] ?? '')
    expect(names.filter((name) => name in secrets)).toEqual([])
    expect(output).toContain('CI=true\n')
    expect(output).toContain(`\n${bench.folder}\n`)
    expect(/^HOME=(.*)$/m.exec(output)?.[1]).not.toBe(process.env['HOME'])
    expect(fs.existsSync(/^HOME=(.*)$/m.exec(output)?.[1] ?? '/')).toBe(false)
    const given = await runChecks(
      { ...bench, env: { DATABASE_URL: 'postgres://x' } },
      [{ name: 'env', command: ['env'], tools: [] }],
      signal,
    )
    expect(given[0]?.output).toContain('DATABASE_URL=postgres://x\n')
  } finally {
    for (const name of Object.keys(secrets)) delete process.env[name]
  }
})

describe('ending', () => {
  const PIDS = 'sleep 300 & echo $! > p; setsid sleep 300 & echo $! >> p; mv p pids'
  const pids = () =>
    fs.readFileSync(join(bench.folder, 'pids'), 'utf8').trim().split('\n').map(Number)

  test('a check that runs too long is stopped with all that it started', async () => {
    const evidence = await sh(`${PIDS}; trap "" TERM; sleep 300`, signal, 600)
    expect(evidence.outcome).toEqual({ kind: 'timed-out', afterMs: 600 })
    expect(passed(evidence)).toBe(false)
    expect(pids().map(alive)).toEqual([false, false])
  })

  test('what a finished check left running is stopped', async () => {
    expect(passed(await sh(PIDS))).toBe(true)
    expect(pids().map(alive)).toEqual([false, false])
  })

  test('an aborted check rejects with the reason and leaves nothing running', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const watcher = fs.watch(bench.folder, (_, name) => {
      if (name === 'pids') stop.abort(reason)
    })
    const waiting = sh(`${PIDS}; sleep 300`, stop.signal)
    await expect(waiting).rejects.toBe(reason)
    watcher.close()
    expect(pids().map(alive)).toEqual([false, false])
  })

  test('stragglers of another folder are left alone', async () => {
    expect(await killStragglers('/some/other/folder')).toBe(0)
  })
})

const sandbox = await findSandbox(process.env['PATH'] ?? '', signal)

describe('the sandbox', () => {
  test.skipIf(sandbox.kind === 'none')('shows a check its folder, and no keys', async () => {
    const knot = folder('.knot')
    for (const name of ['check', 'cache', 'keys', 'repo.git']) fs.mkdirSync(join(knot, name))
    fs.writeFileSync(join(knot, 'keys', 'agent.key.json'), 'secret')
    const [at, cache, mirror] = ['check', 'cache', 'repo.git'].map((name) => join(knot, name))
    bench = { folder: at ?? '', cache: cache ?? '', mirror: mirror ?? '', sandbox }
    const { output } = await sh(
      'echo x > mine && echo written; ls ..; touch ../repo.git/x || touch /usr/x || echo refused',
    )
    expect(output).toMatch(/^written\ncache\ncheck\nrepo.git\n/)
    expect(output).toMatch(/refused\n$/)
  })

  test('is none where bubblewrap is missing or does not work', async () => {
    expect(await findSandbox('/nowhere', signal)).toMatchObject({ kind: 'none' })
    const bin = folder('bin')
    fs.writeFileSync(join(bin, 'bwrap'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    expect(await findSandbox(bin, signal)).toMatchObject({ why: expect.stringMatching(/not let/) })
  })

  test('hides before it shows: what is writable lies on top of what is hidden', () => {
    const sandbox = { kind: 'bubblewrap', path: '/usr/bin/bwrap' } as const
    const command = confine(sandbox, ['npm', 'test'], {
      folder: '/r/.knot/check',
      writable: ['/tmp/home'],
      readable: ['/r/.knot/repo.git'],
      hidden: ['/'],
    }).join(' ')
    expect(command).toMatch(/--tmpfs \/tmp --tmpfs \/ --ro-bind \/r\/\.knot\/repo\.git/)
    expect(command).toMatch(/--bind \/r\/\.knot\/check .* --chdir \/r\/\.knot\/check -- npm test$/)
  })
})
