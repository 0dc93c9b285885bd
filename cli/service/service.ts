/** A checkout's daemon as a service of its user: never of the system, never root's for all. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../../src/api/errors.ts'
import type { Checkout } from '../checkout.ts'
import type { KnotContext } from '../context.ts'
import { stopDaemon } from '../stopping.ts'
import { runProgram } from './program.ts'
import { launchdAgent, serviceName, type ServiceSpec, systemdUnit } from './unit.ts'

/** How a service stands; `current` says that its file is the one that this knot would write. */
export type ServiceState = {
  kind: 'systemd' | 'launchd'
  name: string
  path: string
  installed: boolean
  current: boolean
  state: string
}

/** What keeps a checkout's daemon running, whether it does so by now or not. */
export type Keeper = {
  name: string
  path: string
  install: () => Promise<ServiceState>
  uninstall: () => Promise<'removed' | 'absent'>
  look: () => Promise<ServiceState>
}

/** Finds what keeps services on this system. */
export function serviceOf(checkout: Checkout, context: KnotContext): Keeper {
  const { root, knot } = checkout
  if (/[\r\n]/.test(root)) {
    const reason = `${JSON.stringify(root)} has a line break, which no service file can hold.`
    throw new Failure('FAILED', reason, 'rename that folder')
  }
  const spec: ServiceSpec = {
    root,
    node: process.execPath,
    knotd: context.knotd,
    log: join(knot, 'daemon.log'),
    path: context.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  }
  const home = context.env['HOME'] ?? ''
  if (context.platform === 'linux' && home !== '') return systemd(checkout, spec, context)
  if (context.platform === 'darwin' && home !== '') return launchd(checkout, spec, context)
  const reason = `knot knows systemd and launchd, and not the services of ${context.platform}.`
  throw new Failure('FAILED', home === '' ? 'HOME is not set.' : reason, 'knot up, at each login')
}

function systemd(checkout: Checkout, spec: ServiceSpec, context: KnotContext): Keeper {
  const name = `knot-${serviceName(spec.root)}.service`
  const { env } = context
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '', '.config')
  const path = join(config, 'systemd', 'user', name)
  const text = systemdUnit(spec)
  const systemctl = (...args: string[]) => runProgram('systemctl', ['--user', ...args], context)
  const must = async (...args: string[]) => {
    const { exit, stderr } = await systemctl(...args)
    if (exit !== 0) throw refused(`systemctl --user ${args.join(' ')}`, stderr)
  }
  const look = async (): Promise<ServiceState> => {
    const { stdout, exit } = await systemctl('is-active', name)
    const state = exit === 127 ? 'systemctl is not here' : stdout.trim() || 'unknown'
    return { kind: 'systemd', name, path, ...fileState(path, text), state }
  }
  return {
    name,
    path,
    look,
    async install() {
      // Before anything is written: without a session of systemd it would lie there for nothing.
      await must('show-environment')
      write(path, text)
      await must('daemon-reload')
      await must('enable', name)
      await stopDaemon(checkout, context)
      await must('restart', name)
      return await look()
    },
    async uninstall() {
      if (!existsSync(path)) return 'absent'
      await systemctl('disable', '--now', name)
      rmSync(path)
      await systemctl('daemon-reload')
      return 'removed'
    },
  }
}

function launchd(checkout: Checkout, spec: ServiceSpec, context: KnotContext): Keeper {
  const name = `knot.${serviceName(spec.root)}`
  const path = join(context.env['HOME'] ?? '', 'Library', 'LaunchAgents', `${name}.plist`)
  const text = launchdAgent(name, spec)
  const domain = `gui/${process.getuid?.() ?? 0}`
  const launchctl = (...args: string[]) => runProgram('launchctl', args, context)
  const look = async (): Promise<ServiceState> => {
    const { stdout, exit } = await launchctl('print', `${domain}/${name}`)
    const state = /^\s*state = (.+)$/m.exec(stdout)?.[1] ?? (exit === 0 ? 'loaded' : 'not loaded')
    return { kind: 'launchd', name, path, ...fileState(path, text), state }
  }
  return {
    name,
    path,
    look,
    async install() {
      write(path, text)
      await stopDaemon(checkout, context)
      await launchctl('bootout', `${domain}/${name}`)
      const { exit, stderr } = await launchctl('bootstrap', domain, path)
      if (exit !== 0) throw refused(`launchctl bootstrap ${domain} ${path}`, stderr)
      return await look()
    },
    async uninstall() {
      if (!existsSync(path)) return 'absent'
      await launchctl('bootout', `${domain}/${name}`)
      rmSync(path)
      return 'removed'
    },
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function fileState(path: string, text: string): { installed: boolean; current: boolean } {
  if (!existsSync(path)) return { installed: false, current: false }
  return { installed: true, current: readFileSync(path, 'utf8') === text }
}

function refused(command: string, stderr: string): Failure {
  const reason = `${command} failed: ${stderr.trim().split('\n').at(-1) ?? 'it said nothing'}`
  return new Failure('FAILED', reason, 'log in as this user (not by su or sudo), and try again')
}
