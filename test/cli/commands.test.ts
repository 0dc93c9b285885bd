import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands.ts'
import { textFrom } from '../../cli/options.ts'
import { Failure } from '../../src/api/errors.ts'
import { MESSAGE_MAX_BYTES } from '../../src/core/limits.ts'
import { terminal, type Terminal } from './terminal.ts'

let open: Terminal[] = []

afterEach(async () => {
  for (const each of open) await each.close()
  open = []
})

function at(stage: Parameters<typeof terminal>[0]): Terminal {
  const made = terminal(stage)
  open.push(made)
  return made
}

async function served(overrides: Parameters<Terminal['serve']>[0] = {}): Promise<Terminal> {
  const here = at('in-room')
  await here.serve(overrides)
  return here
}

const EVERY = [
  ['init'], ['up'], ['join', 'knot://AbC/127.0.0.1:4001'], ['invite'], ['status'], ['whoami'],
  ['say', 'hello'], ['log'], ['sync'], ['undo'], ['compact'], ['check'],
  ['tasks', 'add', 'mend'], ['tasks', 'list'], ['tasks', 'show', 'e1'], ['tasks', 'next'],
  ['help'], ['version'], ['completion', 'bash'], ['doctor'], ['logs'],
  ['config', 'list'], ['config', 'get', 'port'], ['config', 'set', 'port', '1'],
  ['members'], ['approve', 'bob'], ['role', 'bob', 'observer'], ['remove', 'bob'],
  ['invite', 'list'], ['invite', 'revoke', '1a2b'], ['key', 'show'], ['key', 'rotate'],
  ['key', 'add', 'ssh-ed25519 A'],
  ['config', 'unset', 'port'], ['claim', 'e1'], ['tasks', 'done', 'e1'], ['tasks', 'drop', 'e1'],
  ['tasks', 'reopen', 'e1'], ['lock', 'src'], ['unlock', '--all'], ['locks'], ['doing', 'mend'],
  ['service', 'status'], ['service', 'uninstall'],
  ['lease'], ['lease', 'step-down'],
]

const GROUPS = ['tasks', 'service', 'config', 'invite', 'key', 'lease']
const nameOf = (words: string[]) =>
  GROUPS.includes(words[0] ?? '') ? words.slice(0, 2).join(' ') : words[0]

/** Without what only scripts of shells call. */
const VISIBLE = COMMANDS.filter(({ usage }) => usage !== undefined)

describe('the envelope', () => {
  test('S370: every command prints one line of JSON with --json', async () => {
    for (const words of EVERY) {
      const here = await served()
      const { exit, envelope, err } = await here.json(...words)
      expect([exit, words, err]).toEqual([0, words, ''])
      const command = nameOf(words)
      expect(envelope).toMatchObject({ ok: true, command, v: 1, next: expect.any(Array) })
      expect(envelope.result).toBeTypeOf('object')
      expect(envelope.error).toBeUndefined()
    }
    const tested = EVERY.map(nameOf)
    const known = VISIBLE.map(({ paths }) => paths?.[0]?.join(' '))
    // A daemon of ours cannot be told down, the demo brings its own, and a service needs a system
    // that keeps it: e2e/stories has all three.
    expect([...tested, 'down', 'demo', 'service install'].sort()).toEqual(known.sort())
  })

  test('S370: a refusal is an envelope too, with code, sentence, fix and retryable', async () => {
    const { exit, envelope } = await at('folder').json('status')
    expect(exit).toBe(5)
    expect(envelope).toMatchObject({
      ok: false,
      command: 'status',
      error: { code: 'REPOSITORY_MISSING', fix: expect.any(String), retryable: false },
    })
    expect(envelope.result).toBeUndefined()
  })

  test('S378: the words of a peer that refused do not steer the terminal', async () => {
    const here = await served({
      'members.remove': async () => {
        throw new Failure('UNAUTHORISED', 'no\x1b[2Jbody', 'ask \u202eada')
      },
    })
    const { exit, err } = await here.knot('remove', 'bob')
    expect([exit, err]).toEqual([4, 'error: no\ufffd[2Jbody\nfix: ask \ufffdada\n'])
  })

  test('S371: the result of what makes something carries its id', async () => {
    const here = await served()
    const ids = []
    for (const words of [['say', 'a'], ['tasks', 'add', 'b'], ['sync'], ['invite'], ['whoami']]) {
      ids.push((await here.json(...words)).envelope.result?.['id'])
    }
    expect(ids).toEqual(['e1', 'e2', 'p1', 'i1', 'ag_aaaaaaaaaaaaaaaa'])
  })

  test('S370: help that is asked for with --json is an envelope as well', async () => {
    const here = at('in-room')
    const asked = { 'knot sync': ['sync', '--help'], 'knot tasks add': ['tasks', 'add', 'x', '-h'] }
    for (const [path, words] of Object.entries(asked)) {
      const { exit, envelope } = await here.json(...words)
      expect([exit, envelope.command, envelope.result?.['path']]).toEqual([0, 'help', path])
    }
  })

  test('S372: log --json is one envelope; with --follow each event is a line as it comes', async () => {
    const here = await served()
    await here.knot('say', 'one')
    await here.knot('say', 'two')
    const events = (await here.json('log')).envelope.result?.['events'] as { text: string }[]
    expect(events.map(({ text }) => text)).toEqual(['one', 'two'])

    const enough = new AbortController()
    here.signal = enough.signal
    const lines: string[] = []
    here.onOut = (line) => {
      lines.push(JSON.parse(line).text)
      if (lines.length === 2) enough.abort()
    }
    await here.knot('log', '--follow', '--json')
    expect(lines).toEqual(['one', 'two'])
  })

  test('an interrupted command ends although the daemon says nothing, and prints nothing', async () => {
    const here = await served({ say: () => new Promise(() => undefined) })
    const enough = new AbortController()
    here.signal = enough.signal
    setTimeout(() => enough.abort(), 50)
    expect(await here.knot('say', 'x')).toEqual({ exit: 1, out: '', err: '' })
  })

  test('an interrupted command does not go on waiting for its standard input', async () => {
    const enough = new AbortController()
    const reading = textFrom(new PassThrough(), { max: 10, signal: enough.signal })
    enough.abort()
    await expect(reading).rejects.toThrow('aborted')
  })

  test('S373: data goes to stdout, progress and advice to stderr, and none of that with --json', async () => {
    const here = await served()
    const { out, err } = await here.knot('sync')
    expect(out).toBe('published a1b2c3d4 (2 files) as p1, held by bob (mesh)\n')
    expect(err).toBe('packing 2 files\nnext: knot log --follow\n')
    expect((await here.json('sync')).err).toBe('')
  })

  test('S576: --quiet leaves out progress and advice, and nothing else', async () => {
    const loud = await (await served()).knot('sync')
    const quiet = await (await served()).knot('sync', '--quiet')
    expect(quiet).toEqual({ ...loud, err: '' })
    expect(loud.err).toContain('packing 2 files')
    const wrong = await (await served()).knot('tasks', 'show', 'x'.repeat(300), '-q')
    expect(wrong.err).toMatch(/^error: .*\nfix: .*\n$/)
  })
})

describe('watching', () => {
  async function watched(...words: string[]) {
    const here = await served()
    const enough = new AbortController()
    here.signal = enough.signal
    const watching = here.knot('sync', '--watch', ...words)
    setTimeout(() => enough.abort(), 200)
    return await watching
  }

  test('S615: sync --watch tells each round, and with --json each on a line', async () => {
    const { out, err } = await watched()
    expect(out).toBe('nothing to publish (mesh)\n')
    expect(err).toBe('publishing a1b2c3d4\ngit says no; git gc\n')
    const json = await watched('--json')
    expect(json.err).toBe('')
    const lines = json.out.trimEnd().split('\n').map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { kind: 'synced', sync: { transport: 'mesh', rows: [] } },
      { kind: 'failed', code: 'GIT_FAILED', fix: 'git gc' },
    ])
  })

  test('--watch and a commit to publish together are refused', async () => {
    const here = await served()
    const { exit, err } = await here.knot('sync', '--watch', 'main')
    expect([exit, err]).toEqual([2, expect.stringMatching(/follows HEAD.*\n.*git switch main/)])
  })
})

describe('exit codes', () => {
  test('S374: the code of a refusal decides the exit code of the command', async () => {
    for (const [code, exit] of [['HELD', 3], ['UNAUTHORISED', 4], ['STALE_FENCE', 6]] as const) {
      const here = await served({
        say: async () => {
          throw new Failure(code, 'no.', 'ask bob')
        },
      })
      expect(await here.knot('say', 'x')).toEqual({
        exit, out: '', err: 'error: no.\nfix: ask bob\n',
      })
    }
  })

  test('S374: a sync that only this peer holds ends with 7 and still tells the push', async () => {
    const here = await served({
      sync: async function* () {
        return {
          push: 'p9', commit: 'c'.repeat(40), files: ['a'], fileCount: 1, heldBy: [], rows: [],
          transport: 'mesh', mode: 'quorum',
        }
      },
    })
    const { exit, envelope } = await here.json('sync')
    expect(exit).toBe(7)
    expect(envelope).toMatchObject({ ok: false, result: { id: 'p9' }, error: { code: 'QUEUED' } })
    expect((await here.knot('sync')).out).toContain('held only here')
  })

  test('S720: a sync says what a landing waits for where nothing can be confirmed', async () => {
    const names = ['ada', 'bob', 'carol']
    const here = await served({
      sync: async function* () {
        return {
          push: 'p9', commit: 'c'.repeat(40), files: ['a'], fileCount: 1, rows: [],
          heldBy: [{ id: 'ag_b', name: 'bob' }], transport: 'mesh', mode: 'provisional',
          awaits: { needed: 2, voters: names.map((name) => ({ id: `ag_${name}`, name })) },
        }
      },
    })
    const said = await here.knot('sync')
    expect(said.exit).toBe(0)
    expect(said.out).toContain(
      'provisional: nothing is confirmed until 2 of the voters ada, bob, carol agree on a leader\n',
    )
    expect((await here.json('sync')).envelope.result).toMatchObject({ mode: 'provisional' })
  })

  test('S374: a failing check ends with 1, its output and the check’s name', async () => {
    const run = { name: 'test', command: 'npm test', outcome: 'failed', exit: 3, ms: 5 } as const
    const here = await served({
      check: async function* () {
        yield { check: 'test', text: 'not ok 1\n' }
        return { verdict: 'failed', ms: 5, checks: [run] }
      },
    })
    const said = await here.knot('check')
    expect(said.exit).toBe(1)
    expect(said.out).toContain('not ok 1\n')
    expect(said.out).toContain('✗  test  failed with code 3')
    expect(said.err).toContain('error: failed: test.')
    expect((await here.json('check')).envelope.result?.['output']).toBe('not ok 1\n')
  })

  test('S745: what was checked is listed, and --limit is of that list only', async () => {
    const here = await served({})
    const { out } = await here.knot('check', '--history')
    expect(out).toMatch(/CHECKED +PUSH +VERDICT +BY +TOOK +CHECKS/)
    expect(out).toMatch(/bob@a1b2c3d4 +✗ refused +alice +5 ms +npm test: exit 3\n/)
    expect(out).toMatch(/bob@a1b2c3d4 +\? unchecked +alice +-\n/)
    expect((await here.knot('check', '--history', '-n', '1')).out).toContain('the last 1 of 2')
    const { envelope } = await here.json('check', '--history')
    expect(envelope.result).toMatchObject({ total: 2, entries: [{ id: 'v2' }, { id: 'v1' }] })
    const wrong = await here.knot('check', '--limit', '3')
    expect(wrong).toMatchObject({ exit: 2, err: expect.stringContaining('of --history only') })
    expect((await here.knot('check', '--history', '-n', '0')).err).toContain('--limit "0"')
  })

  test('S374: a join that waits for approval ends with 8', async () => {
    const here = await served({
      'room.join': async function* () {
        const agent = { id: 'ag_b', name: 'bob' }
        const room = { id: '7', name: 'weft' }
        return { kind: 'pending', room, fingerprint: 'knot:1', agent, members: 0, prompt: '' }
      },
    })
    expect((await here.json('join', 'knot://abc')).exit).toBe(8)
  })
})

describe('usage', () => {
  test('S375: wrong words end with 2, and say value, reason and fix', async () => {
    const here = at('in-room')
    const cases: [string[], string, string][] = [
      [['stauts'], '"knot stauts" is no command.', 'did you mean knot status?'],
      [['sink'], '"knot sink" is no command.', 'did you mean knot sync'],
      [['xyzzyq'], '"knot xyzzyq" is no command.', 'knot help'],
      [['tasks', 'ad'], '"knot tasks ad" is no command.', 'did you mean knot tasks add?'],
      [['tasks', 'x'], '"knot tasks x" is no command.', 'knot tasks add, knot tasks list'],
      [['say'], 'knot say: not enough positional arguments.', 'knot say [--json] [--quiet,-q] <text>'],
      [['status', '--foo'], 'knot status: unsupported option name ("--foo").', 'knot status'],
      [['tasks', 'add', 'a', 'b'], 'extraneous positional argument ("b")', 'knot tasks add'],
      [['up', '--port', '70000'], '--port "70000" is not a whole number from 1 to 65535.', '--port 1'],
      [['log', '--since', 'yesterday'], '--since "yesterday" is not a length of time.', '--since 2h'],
      [['invite', '--role', 'king'], '--role "king" is not one of admin', '--role admin'],
      [['invite', '--uses', '0'], '--uses "0" is not a whole number from 1 to 200.', '--uses 1'],
      [['sync', '--push-only', '--pull-only'], 'leave nothing to do', 'knot sync'],
      [['sync', '--pull-only', 'dev'], 'has no use for "dev"', 'knot sync dev'],
      [['join', 'http://example'], '"http://example" is not an invite link', 'copy the whole line'],
      [['completion', 'tcsh'], '"tcsh" is not one of bash, zsh, fish', 'bash'],
    ]
    for (const [words, reason, fix] of cases) {
      const { exit, out, err } = await here.knot(...words)
      expect([words, exit, out]).toEqual([words, 2, ''])
      expect(err).toContain(`error: `)
      expect(err).toContain(reason)
      expect(err.split('\nfix: ')[1]).toContain(fix)
    }
  })

  test('S375: wrong words after --json are an envelope', async () => {
    const { exit, envelope } = await at('git').json('stauts')
    expect(exit).toBe(2)
    expect(envelope).toMatchObject({ ok: false, error: { code: 'COMMAND_UNKNOWN' } })
  })

  test('S376: every command explains itself with an example', async () => {
    const here = at('folder')
    const overview = await here.knot()
    expect(overview.exit).toBe(0)
    for (const { paths, usage } of VISIBLE) {
      const words = paths?.[0] ?? []
      expect(overview.out).toContain(`  knot ${words.join(' ')}  `)
      const asked = await here.knot(...words, '--help')
      expect(asked.exit).toBe(0)
      expect(asked.out).toContain(`knot ${words.join(' ')}`)
      expect(asked.out).toContain('Examples')
      expect(asked.out).toBe((await here.knot('help', ...words)).out)
      expect(usage?.examples?.length).toBeGreaterThan(0)
      expect([words, usage?.details?.trim()]).not.toEqual([words, ''])
    }
    expect((await here.knot('help', 'frobnicate')).exit).toBe(2)
  })

})

describe('what is printed', () => {
  test('S377: a pipe gets no colours, NO_COLOR beats everything, FORCE_COLOR a pipe', async () => {
    const here = await served()
    expect((await here.knot('status')).out).not.toContain('\x1b')
    here.env['FORCE_COLOR'] = '1'
    expect((await here.knot('status')).out).toContain('\x1b[32monline')
    here.env['NO_COLOR'] = '1'
    expect((await here.knot('status')).out).not.toContain('\x1b')
  })

  test('S377: colours move no column', async () => {
    const here = await served()
    const bare = (await here.knot('status')).out
    here.env['FORCE_COLOR'] = '1'
    expect((await here.knot('status')).out.replace(/\x1b\[\d+m/g, '')).toBe(bare)
  })

  test('S378: what others wrote cannot steer the terminal, and JSON has it unchanged', async () => {
    const nasty = 'hi\x1b[2J\x07\u202egnp.exe\nsecond line'
    const here = await served()
    await here.knot('say', nasty)
    const { out } = await here.knot('log')
    expect(out).toMatch(/alice {2}hi\ufffd\[2J\ufffd\ufffdgnp\.exe\n {4}second line\n$/)
    const events = (await here.json('log')).envelope.result?.['events'] as { text: string }[]
    expect(events[0]?.text).toBe(nasty)
  })

  test('status shows members, you, the leader, voters and the queue', async () => {
    const { out } = await (await served()).knot('status')
    expect(out).toMatch(/alice +founder +online +self +knot:0a1b:\S+ +← you, leader/)
    expect(out).toMatch(/bob +member +offline, seen \d+d ago/)
    expect(out).toMatch(/leader +alice \(you\), term 3, quorum/)
    expect(out).toMatch(/voters +alice, bob/)
    expect(out).toMatch(/queue +bob@beefcafe checking/)
  })

  test('say - reads standard input, and the daemon refuses what is too long', async () => {
    const here = await served()
    here.stdin = 'from a pipe'
    expect((await here.knot('say', '-')).exit).toBe(0)
    expect((await here.knot('log')).out).toContain('from a pipe')
    here.stdin = 'x'.repeat(1 << 20)
    const { exit, err } = await here.knot('say', '-')
    expect(exit).toBe(2)
    expect(err).toContain(`has ${1 << 20} bytes, and the limit is ${MESSAGE_MAX_BYTES}`)
  })

  test('a task shows its owner as provisional until that is confirmed', async () => {
    const { out } = await (await served()).knot('tasks', 'show', '4f2a')
    expect(out).toMatch(/status +claimed \(provisional\)\n.*\nowner +bob\n/)
  })

  test('a folder below the checkout is the same checkout', async () => {
    const here = await served()
    const below = join(here.root, 'src', 'deep')
    mkdirSync(below, { recursive: true })
    here.root = below
    expect((await here.knot('whoami')).exit).toBe(0)
    here.root = join(below, '..', '..')
  })
})
