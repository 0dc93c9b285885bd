/** Has a shell read its script at every start, as its user would by hand. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../../src/api/errors.ts'
import { SCRIPTS, type Shell } from './scripts.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What was written, and whether a line was added to a start file of the user's. */
export type Installed = {
  script: string
  startFile?: string
  added: 'now' | 'before' | 'not needed'
}

/** Writes the script, and a line into the start file of a shell that does not find it by itself. */
export function install(shell: Shell, env: Env): Installed {
  const home = env['HOME'] ?? ''
  if (home === '') throw new Failure('FAILED', 'HOME is not set, so there is no start file.')
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config')
  if (shell === 'fish') {
    const script = write(join(config, 'fish', 'completions', 'knot.fish'), shell)
    return { script, added: 'not needed' }
  }
  const data = env['XDG_DATA_HOME'] || join(home, '.local', 'share')
  const script = write(join(data, 'knot', `completion.${shell}`), shell)
  const startFile = {
    bash: join(home, '.bashrc'),
    zsh: join(env['ZDOTDIR'] || home, '.zshrc'),
    powershell: join(config, 'powershell', 'Microsoft.PowerShell_profile.ps1'),
  }[shell]
  return { script, startFile, added: addLine(startFile, lineFor(shell, script)) }
}

function write(path: string, shell: Shell): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${SCRIPTS[shell]}\n`)
  return path
}

function lineFor(shell: Shell, script: string): string {
  if (shell === 'powershell') {
    const quoted = `'${script.replaceAll("'", "''")}'`
    return `if (Test-Path ${quoted}) { . ${quoted} } # knot completion`
  }
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`
  return `[ -r ${quoted} ] && . ${quoted} # knot completion`
}

function addLine(path: string, line: string): 'now' | 'before' {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (text.split(/\r?\n/).includes(line)) return 'before'
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`)
  return 'now'
}
