/** The control of the poison corpus: Automerge alone does break on it, so that the corpus bites. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Fate } from './control.ts'
import { BOMBS } from './control.ts'
import { POISON } from './poison.ts'

/** Written beside the vectors after a long run of the fuzzer: see `note` in it. */
type Fuzzed = { version: string; fuzzed: object; fates: Record<string, Fate> }

const path = new URL('../../vectors/automerge.json', import.meta.url)
const recorded = JSON.parse(readFileSync(path, 'utf8')) as Fuzzed
const control = new URL('./control.ts', import.meta.url).pathname

function fates(): Record<string, Fate> {
  const told = execFileSync(process.execPath, ['--max-old-space-size=512', control], {
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines = told.trim().split('\n').map((line) => JSON.parse(line) as { name: string; fate: Fate })
  return Object.fromEntries(lines.map(({ name, fate }) => [name, fate]))
}

test('S765: plain Automerge takes what it cannot load, and is spoilt, on the corpus', () => {
  const found = fates()
  if (process.env['KNOT_VECTORS'] === 'write') {
    writeFileSync(path, `${JSON.stringify({ ...recorded, fates: found }, undefined, 1)}\n`)
  }
  expect(Object.keys(found)).toEqual(
    POISON.map(({ name }) => name).filter((name) => !BOMBS.includes(name)),
  )
  const count = (fate: Fate) => Object.values(found).filter((each) => each === fate).length
  expect(count('unloadable')).toBeGreaterThan(15)
  expect(count('spoilt')).toBeGreaterThan(2)
  // What is taken and works is refused by knot alone: another’s rows, keys, kinds of values.
  expect(count('taken')).toBeGreaterThan(15)
  expect(found).toEqual(recorded.fates)
})

test('S765: a change of a hundred bytes hangs plain Automerge', async () => {
  const [bomb] = BOMBS as [string]
  expect(POISON.find(({ name }) => name === bomb)?.bytes.length).toBeLessThan(200)
  const child = spawn(process.execPath, ['--max-old-space-size=512', control, bomb], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let told = ''
  child.stdout.on('data', (chunk) => (told += String(chunk)))
  await once(child.stdout, 'data')
  // The other 90 cases together take less than this. Left alone it is two minutes and gigabytes.
  await new Promise((over) => setTimeout(over, 1_500))
  const running = child.exitCode === null
  child.kill('SIGKILL')
  expect([running, told.trim()]).toEqual([true, JSON.stringify({ name: bomb, fate: 'begun' })])
})

test('S765: the Automerge that runs is the one that was fuzzed', () => {
  const read = (file: string) =>
    JSON.parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')) as {
      version: string
      dependencies: Record<string, string>
    }
  const { version } = read('node_modules/@automerge/automerge/package.json')
  const pinned = read('package.json')
  // After a bump: npm run fuzz -- --seconds 600, then the version and the run into the file.
  expect(version).toBe(recorded.version)
  expect(pinned.dependencies['@automerge/automerge']).toBe(recorded.version)
})
