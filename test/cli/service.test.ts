import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchdAgent, serviceName, systemdUnit } from '../../cli/service/unit.ts'
import { terminal, type Terminal } from './terminal.ts'

let here: Terminal
beforeEach(() => void (here = terminal('in-room')))
afterEach(() => here.close())

/** A program that notes how it was called, and then does what a line of shell says. */
function fake(name: string, does: string): () => string[] {
  const bin = join(here.root, 'bin')
  mkdirSync(bin, { recursive: true })
  const calls = join(here.root, `${name}.calls`)
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$@" >> '${calls}'\n${does}\n`)
  chmodSync(join(bin, name), 0o755)
  here.env['PATH'] = `${bin}:${here.env['PATH']}`
  return () => readFileSync(calls, 'utf8').trimEnd().split('\n')
}

const spec = {
  root: '/home/ada/my "50%" $repo',
  node: '/opt/node 24/bin/node',
  knotd: '/opt/knot/dist/knotd.js',
  log: '/home/ada/my "50%" $repo/.knot/daemon.log',
  path: '/usr/bin:/bin',
}

test('S565: a unit names everything absolutely, and nothing in a path is taken for more', () => {
  const unit = systemdUnit(spec)
  expect(unit).toContain(
    'ExecStart="/opt/node 24/bin/node" "/opt/knot/dist/knotd.js" "--home" "/home/ada/my \\"50%%\\" $$repo"\n',
  )
  expect(unit).toContain('WorkingDirectory=/home/ada/my "50%%" $repo\n')
  expect(unit).toContain('Restart=on-failure\n')
  expect(unit).not.toContain('User=')
  const agent = launchdAgent('knot.x', { ...spec, root: '/a&b/<c>' })
  expect(agent).toContain('<string>/a&amp;b/&lt;c&gt;</string>')
  expect(agent).toContain('<key>RunAtLoad</key>')
})

test('S565: two checkouts have two services, whose names tell which they are', () => {
  expect(serviceName('/a/sums')).toMatch(/^sums-[0-9a-f]{8}$/)
  expect(serviceName('/b/sums')).not.toBe(serviceName('/a/sums'))
  expect(serviceName('/a/Größe 2!')).toMatch(/^gr-e-2-[0-9a-f]{8}$/)
  expect(serviceName('/***')).toMatch(/^[0-9a-f]{8}$/)
})

test('S566: install writes the user’s own unit, stops the daemon that ran, and starts it', async () => {
  const calls = fake('systemctl', '[ "$2" != is-active ] || echo active')
  const { envelope } = await here.json('service', 'install')
  const name = `knot-${serviceName(here.root)}.service`
  const path = join(here.root, '.config', 'systemd', 'user', name)
  expect(envelope.result).toEqual({
    kind: 'systemd', name, path, installed: true, current: true, state: 'active', id: name,
  })
  expect(readFileSync(path, 'utf8')).toContain(`"--home" "${here.root}"`)
  expect(calls()).toEqual(
    ['show-environment', 'daemon-reload', `enable ${name}`, `restart ${name}`, `is-active ${name}`]
      .map((words) => `--user ${words}`),
  )
  writeFileSync(path, `${readFileSync(path, 'utf8')}# by hand\n`)
  const { out, err } = await here.knot('service', 'status')
  expect(out).toContain('written for another knot, Node or PATH')
  expect(err).toContain('next: knot service install')

  expect((await here.knot('service', 'uninstall')).out).toBe(`removed ${path}\n`)
  expect(existsSync(path)).toBe(false)
  expect(calls().slice(-2)).toEqual([`--user disable --now ${name}`, '--user daemon-reload'])
  expect((await here.knot('service', 'uninstall')).out).toBe('there was no service\n')
})

test('S566: without a systemd that answers, nothing is written', async () => {
  fake('systemctl', 'echo "Failed to connect to bus: No medium found" >&2; exit 1')
  const { exit, err } = await here.knot('service', 'install')
  expect(exit).toBe(1)
  expect(err).toContain('Failed to connect to bus')
  expect(err).toContain('fix: log in as this user')
  expect(existsSync(join(here.root, '.config'))).toBe(false)
  expect((await here.knot('service', 'status')).out).toContain('absent')
})

test('S566: macOS gets an agent of the user; other systems a sentence', async () => {
  here.platform = 'darwin'
  const calls = fake('launchctl', '[ "$1" != print ] || echo "  state = running"')
  const { envelope } = await here.json('service', 'install')
  const name = `knot.${serviceName(here.root)}`
  const path = join(here.root, 'Library', 'LaunchAgents', `${name}.plist`)
  expect(envelope.result).toMatchObject({ kind: 'launchd', path, state: 'running', current: true })
  expect(calls()[1]).toMatch(/^bootstrap gui\/\d+ /)

  here.platform = 'win32'
  const other = await here.knot('service', 'status')
  expect([other.exit, other.err]).toEqual([1, expect.stringContaining('not the services of win32')])
})
