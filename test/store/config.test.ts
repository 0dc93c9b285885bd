import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/bytes/text.ts'
import type { RoomId } from '../../src/core/brand.ts'
import { readConfig, updateConfig } from '../../src/store/config.ts'
import { parseJson } from '../../src/store/json.ts'
import { memoryDisk } from './memory-disk.ts'

const PATH = '.knot/config.json'
const ROOM = 'ab'.repeat(32) as RoomId

test('S407: settings are begun, changed, and what knot does not know is kept', async () => {
  const disk = memoryDisk()
  expect(await readConfig(disk, PATH)).toEqual({ kind: 'missing' })
  await updateConfig(disk, PATH, () => ({ name: 'anna' }))
  expect(await readConfig(disk, PATH)).toEqual({
    kind: 'ok',
    config: { name: 'anna' },
    unknown: {},
  })

  disk.put(PATH, utf8('{"v":1,"name":"anna","theme":{"dark":true},"port":4001}'))
  const updated = await updateConfig(disk, PATH, before => ({ ...before, name: 'bob', room: ROOM }))
  expect(updated.kind).toBe('ok')
  expect(await readConfig(disk, PATH)).toEqual({
    kind: 'ok',
    config: { name: 'bob', port: 4001, room: ROOM },
    unknown: { theme: { dark: true } },
  })
})

test('S407: a setting that is removed is gone from the file', async () => {
  const disk = memoryDisk()
  await updateConfig(disk, PATH, () => ({ name: 'anna', port: 7 }))
  await updateConfig(disk, PATH, before => ({ name: before?.name ?? '' }))
  expect(await readConfig(disk, PATH)).toMatchObject({ config: { name: 'anna' } })
  expect(fromUtf8(disk.contents(PATH)!)).not.toContain('port')
})

test('S408: a file that cannot be read is named with place and fix, never rewritten', async () => {
  const cases: [string, string][] = [
    ['{"v":1,\n "name": anna}', 'line 2, column 10'],
    ['', 'line 1, column 1'],
    ['[]', 'begin it with {'],
    ['{"name":"a"}', 'format nothing'],
    ['{"v":2,"name":"a"}', 'the knot that wrote it'],
    ['{"v":1}', 'add "name"'],
    ['{"v":1,"name":""}', 'has "name": ""'],
    ['{"v":1,"name":"a","port":70000}', '"port": 70000; it must be a number from 0 to 65535'],
    ['{"v":1,"name":"a","room":"x"}', '64 hex digits'],
    ['{"v":1,"name":"a","listen":"0.0.0.0"}', 'IP addresses of this machine'],
    ['{"v":1,"name":"a","lanOnly":"yes"}', 'true or false'],
    ['{"v":1,"name":"a","integrate":null}', 'true or false'],
    ['{"v":1,"name":"a","transport":"pigeon"}', 'auto, mesh or upstream'],
    [`"${'x'.repeat(2 << 20)}"`, 'bytes'],
  ]
  for (const [text, why] of cases) {
    const disk = memoryDisk()
    disk.put(PATH, utf8(text))
    const read = await readConfig(disk, PATH)
    expect(read.kind, text.slice(0, 60)).toBe('corrupt')
    expect(read.kind === 'corrupt' && read.why).toContain(why)
    expect(read.kind === 'corrupt' && read.why).toContain(PATH)
    expect(await updateConfig(disk, PATH, () => ({ name: 'new' }))).toEqual(read)
    expect(fromUtf8(disk.contents(PATH)!)).toBe(text)
  }
  const disk = memoryDisk()
  disk.put(PATH, new Uint8Array([0xff]))
  expect(await readConfig(disk, PATH)).toMatchObject({ kind: 'corrupt' })
})

test('S408: a full disk is told and leaves the settings as they were', async () => {
  const disk = memoryDisk()
  await updateConfig(disk, PATH, () => ({ name: 'anna' }))
  disk.failWrite(1, 'ENOSPC', 3)
  const outcome = await updateConfig(disk, PATH, () => ({ name: 'bob' }))
  expect(outcome).toMatchObject({ kind: 'failed', fault: { code: 'ENOSPC' } })
  expect(await readConfig(disk, PATH)).toMatchObject({ config: { name: 'anna' } })
})

test('S408: the place of a mistake in JSON is where a reader would put the finger', () => {
  const cases: [string, number, number, string][] = [
    ['{"a":1,}', 1, 8, 'a key in double quotes'],
    ['{"a":1 "b":2}', 1, 8, 'a comma or }'],
    ['{\n  "a": tru\n}', 2, 8, 'a value is expected'],
    ['{"a" 1}', 1, 6, 'a colon'],
    ['[1,2', 1, 5, 'ends too early; a comma or ]'],
    ['{"a":"\n"}', 1, 6, 'does not end'],
    ['{"a":01}', 1, 6, 'a value is expected'],
    ['{} x', 1, 4, 'more text follows'],
    ["{'a':1}", 1, 2, 'double quotes'],
    ['['.repeat(1_100), 1, 1_002, 'too deeply'],
  ]
  for (const [text, line, column, why] of cases) {
    const parsed = parseJson(text)
    expect(parsed, text.slice(0, 40)).toMatchObject({ kind: 'bad', line, column })
    expect(parsed.kind === 'bad' && parsed.why).toContain(why)
  }
  expect(parseJson(' [1, -2.5e3, "\\u00e4", null, {"a": []}] ').kind).toBe('ok')
})
