import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { connect } from '../../src/api/client.ts'
import { socketPath } from '../../src/api/socket.ts'
import type { Output } from '../../src/api/types.ts'
import { lease, status } from '../api/fake-daemon.ts'
import { type Said, terminal, type Terminal } from './terminal.ts'

type Member = Output<'status'>['members'][number]

let open: Terminal[] = []

function at(stage: Parameters<typeof terminal>[0]): Terminal {
  const made = terminal(stage)
  open.push(made)
  return made
}

afterEach(async () => {
  for (const each of open) await each.close()
  open = []
})

const gone = (pid: unknown) => {
  try {
    return !process.kill(Number(pid), 0)
  } catch {
    return true
  }
}

describe('before there is a daemon', () => {
  test('S380: outside a git repository every command names the folder and the fix', async () => {
    const here = at('folder')
    for (const words of [['init'], ['up'], ['join', 'knot://a'], ['status'], ['down'], ['check']]) {
      const { exit, err } = await here.knot(...words)
      expect([words, exit]).toEqual([words, 5])
      expect(err).toContain(`${here.root} is not in a git repository`)
      expect(err).toContain('fix: git init')
    }
    expect((await here.knot('version')).exit).toBe(0)
  })

  test('S380: in a checkout that was never prepared the fix is knot init', async () => {
    const here = at('git')
    expect(await here.knot('status')).toEqual({
      exit: 5, out: '', err: `error: ${here.root} has no .knot folder yet.\nfix: knot init\n`,
    })
  })

  test('S381: without a room no daemon is started for a command that needs one', async () => {
    const here = at('initialised')
    const { exit, err } = await here.knot('status')
    expect(exit).toBe(5)
    expect(err).toContain('is in no room yet')
    expect(err).toContain('knot join')
    expect(() => here.starts()).toThrow('ENOENT')
  })

  test('S382: init passes on --name, else KNOT_NAME, else git’s user.name', async () => {
    const here = at('git')
    here.env['GIT_CONFIG_COUNT'] = '1'
    here.env['GIT_CONFIG_KEY_0'] = 'user.name'
    here.env['GIT_CONFIG_VALUE_0'] = 'Ada Lovelace'
    expect((await here.json('init')).envelope.result).toMatchObject({
      kind: 'created', id: 'ag_aaaaaaaaaaaaaaaa', agent: { name: 'Ada Lovelace' },
    })
    here.env['KNOT_NAME'] = 'coder-1'
    const { out } = await here.knot('init', '--name', 'zed')
    expect(out).toContain('already initialised: zed (knot:0a1b')
    await here.knot('init')
    const other = at('git')
    other.env['KNOT_NAME'] = 'coder-1'
    await other.knot('init')
    const given = [...here.starts(), ...other.starts()].map((line) => line.replace('--init', '').trim())
    expect(given).toEqual(['--name Ada Lovelace', '--name zed', '', '--name coder-1'])
  })

  test('S750: a --name that is no name is refused, with one that would do, before anything', async () => {
    const here = at('git')
    for (const words of [['init'], ['up'], ['join', 'knot://a']]) {
      const { exit, err } = await here.knot(...words, '--name', 'refs/heads/main')
      expect([words, exit]).toEqual([words, 2])
      expect(err).toContain('"refs/heads/main" cannot be a name')
      expect(err).toContain('fix: --name refs-heads-main')
    }
    expect(() => here.starts()).toThrow('ENOENT')
  })

  test('whoami needs no daemon before there is a room', async () => {
    const here = at('initialised')
    expect((await here.json('whoami')).envelope.result?.['id']).toBe('ag_aaaaaaaaaaaaaaaa')
    expect(here.starts()).toEqual(['--init'])
  })
})

describe('starting and stopping', () => {
  test('S383: up prepares, starts the daemon and prints the link on a line of its own', async () => {
    const here = at('git')
    const { exit, out, err } = await here.knot('up', '--name', 'ada', '--port', '4321')
    expect(exit).toBe(0)
    expect(out.split('\n')).toContain('knot://AbC-dEf_123/192.168.1.7:4001')
    expect(out).toContain('You work in a shared room.')
    expect(err).toBe('next: knot status\n')
    expect(here.starts()).toEqual(['--init --name ada', '--port 4321'])
    expect(statSync(join(here.root, '.knot', 'daemon.log')).mode & 0o777).toBe(0o600)
  })

  test('S383: up on a running daemon says so when the port is another one', async () => {
    const here = at('git')
    await here.knot('up', '--port', '4321')
    expect((await here.knot('up', '--port', '4321')).exit).toBe(0)
    const { exit, err } = await here.knot('up', '--port', '4322')
    expect(exit).toBe(1)
    expect(err).toContain('listens on 127.0.0.1:4321, not on port 4322')
  })

  test('S907: up --no-integrate is written, and fails where the daemon began otherwise', async () => {
    const founding = at('git')
    const refused = await founding.json('up', '--no-integrate')
    expect(refused.exit).toBe(2)
    expect(refused.envelope.error?.message).toContain('a room that nobody can lead')

    const here = at('in-room')
    const mine = { ...status.members[0], me: true, integrates: true } as Member
    let voters = lease.voters.filter(({ me }) => me)
    await here.serve({
      status: async () => ({ ...status, members: [mine] }),
      lease: async () => ({ ...lease, voters }),
    })
    const last = await here.json('up', '--no-integrate')
    expect(last.exit).toBe(2)
    expect(last.envelope.error?.message).toContain('leave a room that nobody can lead')
    voters = lease.voters.map((voter) => ({ ...voter, integrates: true }))
    const { exit, envelope } = await here.json('up', '--no-integrate')
    expect([exit, envelope.error]).toEqual([1, {
      code: 'FAILED',
      message: 'integrate = false is written; the running daemon began before, and may lead.',
      fix: 'knot down && knot up',
      retryable: false,
    }])
    expect(here.starts()).toEqual(['--settings --set integrate=false'])
    expect((await here.json('up', '--integrate')).exit).toBe(0)
    expect(here.starts().at(-1)).toBe('--settings --set integrate=true')
    here.env['KNOT_INTEGRATE'] = 'true'
    const { err } = await here.knot('up', '--no-integrate')
    expect(err).toContain('KNOT_INTEGRATE is true, and stands above what was written.')
  })

  test('S384: join needs no init before it', async () => {
    const here = at('git')
    const { exit, out } = await here.knot('join', 'knot://AbC-dEf/127.0.0.1:1', '--name', 'bob')
    expect([exit, out]).toEqual([0, expect.stringContaining('weft (2 members)')])
    expect(here.starts()[0]).toContain('--init --name bob')
  })

  test('S385: any command starts the daemon of a room again, down stops it for good', async () => {
    const here = at('in-room')
    const first = (await here.json('status')).envelope.result
    expect((await here.json('status')).envelope.result?.['pid']).toBe(first?.['pid'])
    const { exit, envelope } = await here.json('down')
    expect([exit, envelope.result]).toEqual([0, { stopped: true, pid: first?.['pid'] }])
    expect(gone(first?.['pid'])).toBe(true)
    expect((await here.knot('down')).out).toBe('no daemon was running\n')
    expect((await here.json('status')).envelope.result?.['pid']).not.toBe(first?.['pid'])
  })

  test('S385: a daemon that was killed is started again over what it left', async () => {
    const here = at('in-room')
    const pid = Number((await here.json('status')).envelope.result?.['pid'])
    process.kill(pid, 'SIGKILL')
    await until(() => gone(pid))
    expect((await here.json('say', 'still there?')).envelope.result?.['id']).toBe('e1')
  })

  test('S386: commands that start the daemon at once end up with the same one', async () => {
    const here = at('in-room')
    const said = await Promise.all([1, 2, 3].map(() => here.json('status')))
    const pids = new Set(said.map(({ envelope }) => envelope.result?.['pid']))
    expect(pids.size).toBe(1)
    await here.knot('down')
    const started = here.starts().length
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await here.knot('down')).out).toBe('no daemon was running\n')
    expect(here.starts()).toHaveLength(started)
  })

  test('S387: a daemon’s own refusal to start is the command’s error', async () => {
    const here = at('in-room')
    here.env['FAKE_KNOTD'] = 'port'
    expect(await here.knot('status')).toEqual({
      exit: 1, out: '', err: 'error: port 4001 is taken.\nfix: knot up --port 4002\n',
    })
  })

  test('S387: a daemon that dies without a word shows the end of its log', async () => {
    const here = at('in-room')
    here.env['FAKE_KNOTD'] = 'crash'
    await here.knot('status')
    const { exit, err } = await here.knot('status')
    expect(exit).toBe(1)
    expect(err).toContain('the daemon ended with code 3. The end of its log:\n  loading\n')
    expect(err.match(/loading/g)).toHaveLength(1)
    expect(err).toContain('the sky fell\ufffd[2J')
    expect(err).toContain(join('.knot', 'daemon.log'))
  })

  test('S387: a slow start is announced after a second', async () => {
    const here = at('in-room')
    here.env['FAKE_KNOTD'] = 'slow'
    const { exit, err } = await here.knot('status')
    expect([exit, err]).toEqual([0, 'starting the daemon…\n'])
  })

  test('S388: inside an agent’s sandbox no daemon is started, a running one is used', async () => {
    const here = at('in-room')
    here.env['CODEX_SANDBOX'] = 'seatbelt'
    const { exit, err } = await here.knot('status')
    expect(exit).toBe(1)
    expect(err).toContain('in this sandbox (CODEX_SANDBOX)')
    expect(err).toContain(`cd ${here.root} && knot up`)
    expect(() => here.starts()).toThrow('ENOENT')
    await here.serve()
    expect((await here.knot('status')).exit).toBe(0)
  })

  test('S389: the daemon outlives the command and its terminal', async () => {
    const here = at('in-room')
    const pid = Number((await here.json('status')).envelope.result?.['pid'])
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[5]).toBe(String(pid))
    const connected = await connect(await socketPath(join(here.root, '.knot')))
    if (connected.kind === 'connected') connected.client.close()
    expect(connected.kind).toBe('connected')
  })
})

describe('the launcher', () => {
  const launcher = new URL('../../cli/knot.mjs', import.meta.url).pathname
  const pretendOld = 'Object.defineProperty(process, "versions", { value: { node: "18.19.0" } })'

  function launch(env: Record<string, string>, ...words: string[]): Promise<Said> {
    const preload = env['OLD'] === undefined ? [] : ['--import', `data:text/javascript,${pretendOld}`]
    const child = spawn(process.execPath, [...preload, launcher, ...words], {
      env: { PATH: process.env['PATH'], ...env },
    })
    return new Promise((resolve) => {
      const said = { exit: 0, out: '', err: '' }
      child.stdout.on('data', (chunk) => { said.out += chunk })
      child.stderr.on('data', (chunk) => { said.err += chunk })
      child.on('close', (code) => resolve({ ...said, exit: code ?? -1 }))
    })
  }

  test('S390: an old Node hands over to the one that KNOT_NODE names', async () => {
    const said = await launch({ OLD: '1', KNOT_NODE: process.execPath }, 'version', '--json')
    expect([said.exit, said.err]).toEqual([0, ''])
    expect(JSON.parse(said.out).result.node).toBe(process.version)
  })

  test('S390: the exit code of the handed over command is kept', async () => {
    expect((await launch({ OLD: '1', KNOT_NODE: process.execPath }, 'frobnicate')).exit).toBe(2)
  })

  test('S391: without a newer Node it says what to do and ends with 78', async () => {
    const missing = await launch({ OLD: '1', KNOT_NODE: '/nowhere/node' }, 'version')
    expect(missing.exit).toBe(78)
    expect(missing.err).toContain('/nowhere/node could not be started')
    const tried = await launch({ OLD: '1', KNOT_NODE_TRIED: '1' }, 'version')
    expect([tried.exit, tried.out]).toEqual([78, ''])
    expect(tried.err).toMatch(/^error: knot needs Node 22\.\d+ or newer/)
    expect(tried.err).toContain('fix: install Node 24, or set KNOT_NODE')
  })

  test('S392: from its source knot answers the same as from its bundle', async () => {
    const source = await launch({ KNOT_SOURCE: '1' }, 'version')
    expect(source).toEqual(await launch({}, 'version'))
  })
})

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5))
}
