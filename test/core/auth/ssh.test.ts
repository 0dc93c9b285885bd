import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keyLineOf, parseKeyLine } from '../../../src/core/auth/ssh.ts'
import { alice, bob } from './keys.ts'

const LINE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzdy4Vu1pAH/1kJ6I1bWt2nKCkdNJKIUHAfYdBGQy'

test('S691: a key is written as ssh writes it, and read again', () => {
  for (const { key } of [alice, bob]) {
    const line = keyLineOf(key, 'ada')
    expect(line).toMatch(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43} ada$/)
    expect(parseKeyLine(line)).toEqual({ kind: 'key', key, comment: 'ada' })
    expect(parseKeyLine(`  ${line.replace(' ada', '\t ada of  sums\n')}`)).toMatchObject({
      key, comment: 'ada of sums',
    })
    expect(parseKeyLine(line.replace(' ada', ''))).toMatchObject({ key, comment: undefined })
  }
})

test('S691: what ssh-keygen makes is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'knot-ssh-'))
  try {
    const path = join(folder, 'key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'eve@host', '-f', path])
    const line = readFileSync(`${path}.pub`, 'utf8')
    const read = parseKeyLine(line)
    expect(read).toMatchObject({ kind: 'key', comment: 'eve@host' })
    if (read.kind === 'key') expect(keyLineOf(read.key, 'eve@host')).toBe(line.trim())
  } catch (error) {
    // A machine without ssh has the other tests.
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('S691: what is no such line is refused with the reason', () => {
  const good = keyLineOf(alice.key, 'ada')
  const text = good.split(' ')[1] as string
  const bad: [string, RegExp][] = [
    ['', /does not begin with ssh-ed25519/],
    ['ada', /does not begin/],
    ['ssh-rsa AAAAB3NzaC1yc2E ada', /no Ed25519 key/],
    ['ssh-ed25519', /cut short/],
    [`ssh-ed25519 ${text.slice(0, -4)}`, /cut short/],
    [`ssh-ed25519 ${text}AAAA`, /cut short/],
    [`ssh-ed25519 ${text.slice(0, 20)}!${text.slice(21)}`, /not base64/],
    [`ssh-ed25519 ${text.replace('lZDI1', 'lZDI2')}`, /cut short, or changed/],
    [`ssh-ed25519 ${'A'.repeat(68)}`, /cut short, or changed/],
    [`${LINE.slice(0, 37)}${'A'.repeat(43)}`, /no sound Ed25519 key|cut short|not base64/],
  ]
  for (const [line, why] of bad) {
    const read = parseKeyLine(line)
    expect([line, read.kind]).toEqual([line, 'bad'])
    if (read.kind === 'bad') expect(read.why).toMatch(why)
  }
})
