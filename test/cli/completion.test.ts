import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands.ts'
import { SCRIPTS } from '../../cli/completion/scripts.ts'
import { terminal, type Terminal } from './terminal.ts'

let here: Terminal
beforeEach(() => void (here = terminal('in-room')))
afterEach(() => here.close())

/** The words offered when the last of these is completed. */
async function offered(...words: string[]): Promise<string[]> {
  const { out, err, exit } = await here.knot('__complete', ...words)
  expect([exit, err]).toEqual([0, ''])
  return out.split('\n').filter((line) => line !== '').map((line) => line.split('\t')[0] ?? '')
}

test('S560: every command and every option of it is offered, with what it is', async () => {
  for (const { paths, usage } of COMMANDS) {
    const path = paths?.[0] ?? []
    if (usage === undefined) continue
    const typed = [...path.slice(0, -1), (path.at(-1) ?? '').slice(0, 2)]
    expect(await offered(...typed)).toContain(path.at(-1))
    expect(await offered('help', ...typed)).toContain(path.at(-1))
    expect(await offered(...path, '--')).toEqual(expect.arrayContaining(['--json', '--help']))
  }
  const tasks = ['add', 'list', 'show', 'next', 'done', 'drop', 'reopen']
  expect(await offered('tasks', '')).toEqual(tasks)
  expect(await offered('sync', '--pu')).toEqual(['--push-only', '--pull-only'])
  expect(await offered('completion', 'f')).toEqual(['fish'])
  expect(await offered('role', 'bob', 'o')).toEqual(['observer'])
  expect(await offered('invite', '')).toEqual(['list', 'revoke'])
  expect(await offered('config', 'set', 'l')).toEqual(['listen', 'lanOnly'])
  expect((await here.knot('__complete', 'sta')).out).toMatch(/^status\t\S/)
  expect(await offered('--new-word', 'tasks')).toEqual(tasks)
})

test('S560: what follows an option that takes a value is nobody’s guess, and is passed over', async () => {
  expect(await offered('sync', '--intent', '')).toEqual([])
  await here.serve()
  expect(await offered('tasks', '--json', 'show', '')).toEqual(['qw12'])
})

test('S561: tasks come from the running daemon, and nothing when none runs', async () => {
  expect(await offered('tasks', 'show', '')).toEqual([])
  expect(() => here.starts()).toThrow()
  await here.serve()
  expect((await here.knot('__complete', 'tasks', 'show', 'q')).out).toBe('qw12\tMend: the gate\n')
  expect(await offered('tasks', 'show', 'x')).toEqual([])
  expect(await offered('remove', '')).toEqual(['alice', 'bob'])
  expect(await offered('invite', 'revoke', '')).toEqual(['1a2b3c4d'])
})

test('S561: a daemon that does not answer is not waited for', async () => {
  await here.serve({ values: () => new Promise(() => undefined) })
  const began = performance.now()
  expect(await offered('tasks', 'show', '')).toEqual([])
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('S560: bash offers them', () => {
  const launcher = fileURLToPath(new URL('../../cli/knot.mjs', import.meta.url))
  const knot = join(here.root, 'knot')
  writeFileSync(knot, `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`)
  chmodSync(knot, 0o755)
  const typed = 'COMP_WORDS=(knot tasks ""); COMP_CWORD=2; _knot; echo "${COMPREPLY[@]}"'
  const env = { ...here.env, PATH: `${here.root}:${process.env['PATH']}` }
  const out = execFileSync('bash', ['-c', `${SCRIPTS.bash}\n${typed}`], { env, cwd: here.root })
  expect(out.toString()).toBe('add list show next done drop reopen\n')
})

/** Puts `knot` on the path of a shell, with the checkout's daemon to ask, and one file beside it. */
async function shellEnv(): Promise<Record<string, string>> {
  await here.serve()
  const bin = join(here.root, 'bin')
  mkdirSync(bin)
  const launcher = fileURLToPath(new URL('../../cli/knot.mjs', import.meta.url))
  const knot = `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`
  writeFileSync(join(bin, 'knot'), knot, { mode: 0o755 })
  writeFileSync(join(here.root, 'one file.txt'), '')
  return { ...here.env, HOME: here.root, PATH: `${bin}:${process.env['PATH']}`, TERM: 'xterm' }
}

async function shell(...argv: [string, ...string[]]): Promise<string> {
  const env = await shellEnv()
  const [program, ...args] = argv
  const { stdout } = await promisify(execFile)(program, args, { env, cwd: here.root })
  return stdout
}

const hasNo = (program: string) => spawnSync(program, ['--version']).error !== undefined

test.skipIf(hasNo('fish'))('S560: fish offers them, live ones too, and files where there is none', async () => {
  const lines = ['knot sta', 'knot tasks show ', 'knot config set l', 'knot sync --intent o', "knot 'sta"]
  const asked = lines.map((line) => `complete -C ${JSON.stringify(line)}; echo .`).join('\n')
  const out = await shell('fish', '--no-config', '-c', `${SCRIPTS.fish}\n${asked}`)
  expect(out.split('.\n').slice(0, 3)).toEqual([
    expect.stringMatching(/^status\tShow members/), 'qw12\tMend: the gate\n', 'lanOnly\nlisten\n',
  ])
  expect(out.split('.\n')[3]).toContain('one file.txt')
  expect(out.split('.\n')[4]).toMatch(/^status\t/)
})

test.skipIf(hasNo('zsh'))('S560: zsh offers them, live ones too, and files where there is none', async () => {
  writeFileSync(join(here.root, '_knot'), `${SCRIPTS.zsh}\n`)
  writeFileSync(join(here.root, 'drive.zsh'), DRIVE_ZSH)
  const out = await shell('zsh', '-f', join(here.root, 'drive.zsh'), here.root)
  const screens = out.split(/^=+$/m).map((screen) => screen.replace(/\x1b\[[\d;?]*[A-Za-z]|[\r\x07]/g, ''))
  expect(screens[1]).toContain('knot status ')
  expect(screens[2]).toMatch(/add +-- Add a task[^]*list +-- [^]*show +-- /)
  expect(screens[3]).toContain('knot tasks show qw12 ')
  expect(screens[4]).toMatch(/lanOnly +listen/)
  expect(screens[4]).not.toContain('--')
  expect(screens[5]).toContain('one\\ file.txt')
  expect(screens[6], 'from fpath, as packages install it').toContain('knot status ')
})

// zsh completes only while it edits a line, so it is typed into: a terminal for each line, in which
// a tab is followed by what is on the screen once the list of matches is there.
const DRIVE_ZSH = `
zmodload zsh/zpty
press() {
  local out all=
  zpty z "zsh -f -i"
  zpty -w z "PS1='% '; COLUMNS=150; unsetopt beep; $1; bindkey '^I' complete-word; print REA''DY"
  while zpty -r z out; do [[ $out == *READY* ]] && break; done
  zpty -w z "seen() { zle -R; print; print DO''NE }; zle -N seen; bindkey '^X' seen; print REA''DY"
  while zpty -r z out; do [[ $out == *READY* ]] && break; done
  zpty -n -w z "$2"$'\t\x18'
  while zpty -r z out; do all+=$out; [[ $all == *DONE* ]] && break; done
  print -r -- "==="; print -r -- "$all"
  zpty -d z
}
sourced=". $1/_knot"
press $sourced "knot sta"
press $sourced "knot tasks "
press $sourced "knot tasks show "
press $sourced "knot config set l"
press $sourced "knot sync --intent o"
press "fpath=($1 \$fpath); autoload -Uz compinit && compinit -u -D" "knot sta"
`

test('S562: --install adds one line to the start file, once, and says what it wrote', async () => {
  writeFileSync(join(here.root, '.bashrc'), 'alias k=knot')
  const first = await here.json('completion', 'bash', '--install')
  const script = join(here.root, '.local', 'share', 'knot', 'completion.bash')
  const startFile = join(here.root, '.bashrc')
  expect(first.envelope.result).toEqual({ shell: 'bash', script, startFile, added: 'now' })
  const line = `[ -r '${script}' ] && . '${script}' # knot completion`
  expect(readFileSync(startFile, 'utf8')).toBe(`alias k=knot\n${line}\n`)
  expect(readFileSync(script, 'utf8')).toBe(`${SCRIPTS.bash}\n`)

  const again = await here.knot('completion', 'bash', '--install')
  expect(again.out).toBe(`wrote ${script}\n${startFile} reads it already\n`)
  expect(readFileSync(startFile, 'utf8')).toBe(`alias k=knot\n${line}\n`)
})

test('S562: fish finds it by itself, and XDG and ZDOTDIR are where they say', async () => {
  here.env['XDG_CONFIG_HOME'] = join(here.root, 'config')
  here.env['XDG_DATA_HOME'] = join(here.root, 'data')
  here.env['ZDOTDIR'] = join(here.root, 'z')
  const fish = await here.json('completion', 'fish', '--install')
  expect(fish.envelope.result).toMatchObject({
    script: join(here.root, 'config', 'fish', 'completions', 'knot.fish'), added: 'not needed',
  })
  const zsh = await here.json('completion', 'zsh', '--install')
  expect(zsh.envelope.result).toMatchObject({
    script: join(here.root, 'data', 'knot', 'completion.zsh'),
    startFile: join(here.root, 'z', '.zshrc'),
  })
})
