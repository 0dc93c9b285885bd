/** What `knot` loads before it does anything. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../tidy.ts'

/** Small, or loaded by Node itself; each other module costs every command a millisecond or two. */
const CHEAP = [
  'fs', 'module', 'net', 'path', 'stream', 'string_decoder', 'timers/promises', 'url',
]

test('S393: a command starts without the parts of Node that only few commands need', () => {
  const bundle = readFileSync(join(ROOT, 'dist', 'knot.js'), 'utf8')
  const loaded = [...bundle.matchAll(/\bfrom\s*"node:([a-z_/]+)"/g)].map(([, name]) => name)
  expect(loaded).toContain('net')
  expect(loaded.filter((name) => !CHEAP.includes(name ?? ''))).toEqual([])
})
