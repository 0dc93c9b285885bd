import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { base64url, hex } from '../../src/core/bytes/text.ts'
import { newSeed, publicKeyOf } from '../../src/store/ed25519.ts'
import type { Home } from '../../src/store/home.ts'
import { createHome, homeAt } from '../../src/store/home.ts'
import { closeKey, readKey, writeKey } from '../../src/store/keys.ts'

let home: Home
beforeEach(async () => void (home = homeAt(await mkdtemp(join(tmpdir(), 'knot-home-')))))
afterEach(() => rm(join(home.root, '..'), { recursive: true }))
const made = new Date('2025-01-02T03:04:05.006Z')

test('S403: the home is private, hidden from git, and made only once', async () => {
  expect(await createHome(home)).toEqual({ kind: 'ok' })
  await chmod(home.root, 0o755)
  await writeFile(join(home.root, '.gitignore'), 'mine\n')
  expect(await createHome(home)).toEqual({ kind: 'ok' })

  for (const path of [home.root, home.keys, home.room]) expect(await modeOf(path)).toBe(0o700)
  expect(await readFile(join(home.root, '.gitignore'), 'utf8')).toBe('mine\n')
})

test('S403: a home that cannot be made says which path and why', async () => {
  await writeFile(home.root, 'a file is in the way')
  const outcome = await createHome(home)
  expect(outcome).toMatchObject({ kind: 'failed', fault: { path: home.keys, code: 'ENOTDIR' } })
})

test('S406: a key is written once, for its owner only, and read back', async () => {
  await createHome(home)
  expect(await readKey(home.key)).toEqual({ kind: 'missing' })
  const seed = newSeed()
  expect(await writeKey(home.key, { seed, made })).toEqual({ kind: 'ok' })
  expect(await writeKey(home.key, { seed: newSeed(), made })).toEqual({ kind: 'exists' })

  expect(await modeOf(home.key)).toBe(0o600)
  const key = { seed, public: publicKeyOf(seed), made: made.toISOString() }
  expect(await readKey(home.key)).toEqual({ kind: 'ok', key })
  expect(JSON.parse(await readFile(home.key, 'utf8'))).toEqual({
    v: 1,
    kind: 'ed25519',
    seed: base64url(seed),
    public: publicKeyOf(seed),
    made: '2025-01-02T03:04:05.006Z',
  })
})

test('S406: a key that others may read is told apart, and can be closed', async () => {
  await createHome(home)
  await writeKey(home.key, { seed: newSeed(), made })
  await chmod(home.key, 0o644)
  const read = await readKey(home.key)
  expect(read).toMatchObject({ kind: 'too-open', mode: 0o644 })
  expect(read.kind === 'too-open' && read.why).toContain('0644')
  expect(await closeKey(home.key)).toEqual({ kind: 'ok' })
  expect((await readKey(home.key)).kind).toBe('ok')
})

test('S406: every kind of damage to a key is a value that says what is wrong', async () => {
  await createHome(home)
  const seed = newSeed()
  const good = { v: 1, kind: 'ed25519', seed: base64url(seed), public: publicKeyOf(seed), made }
  const cases: [string, string][] = [
    ['', 'ends too early'],
    ['{"v":1', 'line 1, column 7'],
    ['[]', 'not a JSON object'],
    [JSON.stringify({ ...good, v: 2 }), 'format 1'],
    [JSON.stringify({ ...good, kind: 'rsa' }), 'format 1'],
    [JSON.stringify({ ...good, seed: 'short' }), '32 bytes'],
    [JSON.stringify({ ...good, seed: hex(seed) }), '32 bytes'],
    [JSON.stringify({ ...good, made: 'yesterday' }), 'date'],
    [JSON.stringify({ ...good, seed: base64url(newSeed()) }), 'does not belong'],
    ['x'.repeat(2 << 20), `${2 << 20} bytes`],
  ]
  for (const [text, why] of cases) {
    await writeFile(home.key, text, { mode: 0o600 })
    const read = await readKey(home.key)
    expect(read.kind, text.slice(0, 80)).toBe('corrupt')
    expect(read.kind === 'corrupt' && read.why).toContain(why)
    expect(await readFile(home.key, 'utf8')).toBe(text)
  }
  await writeFile(home.key, new Uint8Array([0xff, 0xfe]))
  expect(await readKey(home.key)).toMatchObject({ kind: 'corrupt' })
})

test('S406: a directory in the place of the key is a fault, not a crash', async () => {
  await createHome(home)
  await mkdir(home.key)
  expect(await readKey(home.key)).toMatchObject({ kind: 'failed', fault: { path: home.key } })
  expect(await closeKey(`${home.key}.none`)).toMatchObject({
    kind: 'failed',
    fault: { code: 'ENOENT' },
  })
})

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}
