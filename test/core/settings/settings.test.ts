import { expect, test } from 'vitest'
import {
  KEYS, parseKey, parseSetting, readSettingsIn, settle, tomlKey, variableOf,
} from '../../../src/core/settings/settings.ts'
import { readTopLevel, readValue, writeValue } from '../../../src/core/settings/toml.ts'

test('S570: the strongest place that says something wins, each key by itself', () => {
  const held = settle([
    { origin: 'user', from: 'u', values: { lanOnly: false, listen: ['10.0.0.1'] } },
    { origin: 'project', from: 'p', values: { lanOnly: true } },
    { origin: 'environment', from: 'KNOT_PORT', values: { port: 4000 } },
    { origin: 'checkout', from: 'c', values: { port: 5000, integrate: false } },
  ])
  expect(held.map(({ key, value, origin }) => [key, value, origin])).toEqual([
    ['port', 4000, 'environment'],
    ['listen', ['10.0.0.1'], 'user'],
    ['lanOnly', true, 'project'],
    ['integrate', false, 'checkout'],
    ['transport', 'auto', 'default'],
    ['capabilities', [], 'default'],
  ])
  expect(settle([]).every(({ origin }) => origin === 'default')).toBe(true)
})

test('S571: a line that is wrong is told with its number, its value and what it must be', () => {
  const user = (text: string) => readSettingsIn(text, 'user')
  expect(user('# mine\nlan_only = "yes"')).toEqual(
    { kind: 'malformed', line: 2, why: 'lan_only is "yes"; it must be true or false' },
  )
  expect(user('listen = ["10.0.0.1", 7]')).toMatchObject({ line: 1 })
  expect(user('lan-only = true')).toMatchObject({ why: expect.stringContaining('lan_only, integrate') })
  expect(user('lanOnly = true')).toMatchObject({ kind: 'malformed' })
  expect(user('port = 1')).toMatchObject({ why: expect.stringContaining('knot config set port') })
  expect(user('[check]')).toMatchObject({ line: 1, why: 'there are no tables in this file' })
  expect(user('lan_only = true\nlan_only = false')).toMatchObject({ line: 2 })
  expect(user('lan_only')).toMatchObject({ why: '"lan_only" is not of the form key = value' })
})

test('S571: of a project only what a room may share is read, and tables are others’', () => {
  const project = (text: string) => readSettingsIn(text, 'project')
  expect(project('lan_only = true # stay here\n\n[[check]]\nname = "x"\nport = 3')).toEqual(
    { kind: 'ok', values: { lanOnly: true } },
  )
  expect(project('integrate = false')).toMatchObject({ kind: 'malformed', line: 1 })
  expect(project('[[check]]\nlan_only = "not ours"')).toEqual({ kind: 'ok', values: {} })
})

test('S571: what is written is read back, whatever is in it', () => {
  for (const value of ['a "b" \\ \n\t', 7, true, [], ['x', 'y "z"'], '']) {
    expect(readValue(writeValue(value))).toEqual(value)
  }
  expect(readValue("['a', \"b\"] # both")).toEqual(['a', 'b'])
  for (const wrong of ['', 'yes', '"open', '[1]', '["a" "b"]', '1.5', '{}']) {
    expect([wrong, readValue(wrong)]).toEqual([wrong, undefined])
  }
  expect(readTopLevel('')).toEqual({ kind: 'ok', entries: [], table: undefined })
})

test('S570: every key has one name in each place, and reads from text', () => {
  expect(KEYS.map(tomlKey)).toEqual(
    ['port', 'listen', 'lan_only', 'integrate', 'transport', 'capabilities'],
  )
  expect(KEYS.map(variableOf)).toEqual(
    [
      'KNOT_PORT', 'KNOT_LISTEN', 'KNOT_LAN_ONLY', 'KNOT_INTEGRATE', 'KNOT_TRANSPORT',
      'KNOT_CAPABILITIES',
    ],
  )
  expect(parseSetting('capabilities', 'rust, gpu:24gb')).toEqual(['rust', 'gpu:24gb'])
  for (const no of ['', 'Rust', 'a,a', 'a b']) {
    expect(parseSetting('capabilities', no)).toBeUndefined()
  }
  expect(parseSetting('transport', 'mesh')).toBe('mesh')
  expect(parseSetting('transport', 'pigeon')).toBeUndefined()
  expect(['lanOnly', 'lan_only', 'lan-only', 'constructor'].map(parseKey)).toEqual(
    ['lanOnly', 'lanOnly', 'lanOnly', undefined],
  )
  expect(parseSetting('port', '4180')).toBe(4180)
  expect(parseSetting('listen', '10.0.0.1, ::1')).toEqual(['10.0.0.1', '::1'])
  for (const bad of ['1.2.3.4.5', '1.2.3.256', 'eth0', 'here:1', '10.0.0.1,', '']) {
    expect([bad, parseSetting('listen', bad)]).toEqual([bad, undefined])
  }
  expect(parseSetting('lanOnly', '1')).toBe(true)
  for (const port of ['many', '-1', '70000', '1e3', '']) expect(parseSetting('port', port)).toBeUndefined()
})
