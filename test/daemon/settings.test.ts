import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Failure } from '../../src/api/errors.ts'
import { initialise } from '../../src/daemon/identity.ts'
import { answerSettings } from '../../src/daemon/set.ts'

const signal = new AbortController().signal
let root: string
let env: Record<string, string>
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'knot-settings-'))
  root = join(folder, 'clone')
  env = { HOME: join(folder, 'home') }
  execFileSync('git', ['init', '-q', root])
  await initialise(root, 'ada', signal)
})
afterEach(() => rmSync(join(root, '..'), { recursive: true }))

const userFile = () => join(root, '..', 'home', '.config', 'knot', 'config.toml')
const checkoutFile = () => join(root, '.knot', 'config.json')

function ask(change: { set?: string; unset?: string; of?: 'checkout' | 'user' } = {}) {
  return answerSettings({ root, set: undefined, unset: undefined, of: 'checkout', env, signal, ...change })
}

async function held(key: string) {
  const { settings } = await ask()
  const { value, origin, from } = settings.find((one) => one.key === key) ?? {}
  return [value, origin, from]
}

const refusal = (change?: Parameters<typeof ask>[0]) =>
  ask(change).then(() => undefined, (failure: Failure) => failure.problem)

test('S570: environment, checkout, project, user: each is asked before the next', async () => {
  expect(await held('lanOnly')).toEqual([false, 'default', ''])
  mkdirSync(join(userFile(), '..'), { recursive: true })
  writeFileSync(userFile(), 'lan_only = false\n')
  expect(await held('lanOnly')).toEqual([false, 'user', userFile()])
  writeFileSync(join(root, '.knot.toml'), 'lan_only = true\n')
  expect(await held('lanOnly')).toEqual([true, 'project', join(root, '.knot.toml')])
  await ask({ set: 'lanOnly=false' })
  expect(await held('lanOnly')).toEqual([false, 'checkout', checkoutFile()])
  env['KNOT_LAN_ONLY'] = 'true'
  expect(await held('lanOnly')).toEqual([true, 'environment', 'KNOT_LAN_ONLY'])
  await ask({ unset: 'lan_only' })
  env['KNOT_LAN_ONLY'] = ''
  expect(await held('lanOnly')).toEqual([true, 'project', join(root, '.knot.toml')])
})

test('S571: a mistake names the place, the value and the fix, and nothing is written', async () => {
  env['KNOT_PORT'] = 'many'
  expect(await refusal()).toMatchObject({
    code: 'CONFIG_CORRUPT',
    message: 'KNOT_PORT is "many"; it must be a number from 0 to 65535',
    fix: 'unset KNOT_PORT',
  })
  delete env['KNOT_PORT']
  writeFileSync(join(root, '.knot.toml'), '# ours\nlan_olny = true\n')
  expect((await refusal())?.message).toBe(
    `${join(root, '.knot.toml')}:2: "lan_olny" is no setting here; there are lan_only, transport`,
  )
  rmSync(join(root, '.knot.toml'))

  const before = readFileSync(checkoutFile(), 'utf8')
  expect(await refusal({ set: 'port=many' })).toMatchObject({ code: 'USAGE' })
  expect(await refusal({ set: 'prot=1' })).toMatchObject({ fix: 'knot config list' })
  expect(await refusal({ set: 'port=1', of: 'user' })).toMatchObject({ code: 'USAGE' })
  expect(readFileSync(checkoutFile(), 'utf8')).toBe(before)
})

test('S572: setting a key of the user’s file leaves every other line as it is', async () => {
  mkdirSync(join(userFile(), '..'), { recursive: true })
  writeFileSync(userFile(), '# mine\nlan_only = true # at home\n\nintegrate = false\n')
  expect((await ask({ set: 'listen=10.0.0.1,::1', of: 'user' })).wrote).toBe(userFile())
  await ask({ set: 'lanOnly=false', of: 'user' })
  expect(readFileSync(userFile(), 'utf8')).toBe(
    '# mine\n\nintegrate = false\nlisten = ["10.0.0.1", "::1"]\nlan_only = false\n',
  )
  await ask({ unset: 'integrate', of: 'user' })
  expect(await held('integrate')).toEqual([true, 'default', ''])
  expect(await held('listen')).toEqual([['10.0.0.1', '::1'], 'user', userFile()])
})

test('S572: setting a key of the checkout keeps what this knot does not know', async () => {
  const file = JSON.parse(readFileSync(checkoutFile(), 'utf8'))
  writeFileSync(checkoutFile(), JSON.stringify({ ...file, later: { x: 1 } }))
  await ask({ set: 'port=4180' })
  expect(JSON.parse(readFileSync(checkoutFile(), 'utf8'))).toMatchObject({
    name: 'ada', port: 4180, later: { x: 1 },
  })
})
