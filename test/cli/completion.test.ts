import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  const tasks = ['add', 'list', 'show', 'done', 'drop', 'reopen']
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
  expect(out.toString()).toBe('add list show done drop reopen\n')
})

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
