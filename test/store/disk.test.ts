/** The port's suite, for both disks: what every user of a Disk may rely on. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/core/bytes/text.ts'
import type { Disk } from '../../src/store/disk.ts'
import { faultOf } from '../../src/store/disk.ts'
import {
  keepAside,
  keepCopy,
  readWhole,
  writeAtomically,
  writeOnce,
} from '../../src/store/files.ts'
import { nodeDisk } from '../../src/store/node-disk.ts'
import { memoryDisk } from './memory-disk.ts'

let directory = ''
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'knot-disk-'))))
afterAll(() => rm(directory, { recursive: true }))

describe.each<[string, Disk]>([
  ['node', nodeDisk],
  ['memory', memoryDisk()],
])('the %s disk', (name, disk) => {
  const at = (path: string): string => join(directory, `${name}-${path}`)

  test('opens what must exist, makes what must be new, and says which it was', async () => {
    await expect(disk.open(at('a'), 'existing')).rejects.toMatchObject({ code: 'ENOENT' })
    await (await disk.open(at('a'), 'new')).close()
    await expect(disk.open(at('a'), 'new')).rejects.toMatchObject({ code: 'EEXIST' })
    await (await disk.open(at('a'), 'existing')).close()
    await (await disk.open(at('a'), 'either')).close()
  })

  test('writes at offsets, reads short at the end, truncates', async () => {
    const file = await disk.open(at('b'), 'either')
    expect(await file.write(utf8('hello'), 0)).toBe(5)
    expect(await file.write(utf8('HE'), 0)).toBe(2)
    expect(await file.write(utf8('!'), 6)).toBe(1)
    await file.sync()
    expect(await file.size()).toBe(7)
    expect(await file.read(0, 100)).toEqual(utf8('HEllo\0!'))
    expect(await file.read(7, 4)).toHaveLength(0)
    await file.truncate(2)
    expect(await file.read(0, 100)).toEqual(utf8('HE'))
    await file.close()
    await expect(file.size()).rejects.toMatchObject({ code: 'EBADF' })
  })

  test('moves over a file only when told to', async () => {
    for (const path of ['c', 'd']) await writeAtomically(disk, at(path), utf8(path))
    const move = { from: at('c'), to: at('d') }
    await expect(disk.rename({ ...move, over: 'refuse' })).rejects.toMatchObject({ code: 'EEXIST' })
    await disk.rename({ ...move, over: 'replace' })
    expect(await readWhole(disk, at('d'), 10)).toEqual({ kind: 'ok', bytes: utf8('c') })
    expect(await readWhole(disk, at('c'), 10)).toEqual({ kind: 'missing' })
    await disk.remove(at('d'))
    await expect(disk.remove(at('d'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('S404: small files are read within a bound, replaced whole, made once', async () => {
    expect(await writeOnce(disk, at('e'), utf8('one'))).toEqual({ kind: 'ok' })
    expect(await writeOnce(disk, at('e'), utf8('two'))).toEqual({ kind: 'exists' })
    expect(await readWhole(disk, at('e'), 2)).toEqual({ kind: 'too-large', size: 3 })
    expect(await readWhole(disk, at('e'), 3)).toEqual({ kind: 'ok', bytes: utf8('one') })
  })

  test('S405: what is damaged is kept under the first free name', async () => {
    await writeAtomically(disk, at('f'), utf8('bad'))
    const copied = await keepCopy(disk, { path: at('f'), label: 'torn', bytes: utf8('tail') })
    expect(copied).toEqual({ kind: 'ok', at: `${at('f')}.torn-1` })
    expect(await keepAside(disk, at('f'), 'torn')).toEqual({ kind: 'ok', at: `${at('f')}.torn-2` })
    expect(await readWhole(disk, at('f'), 9)).toEqual({ kind: 'missing' })
    expect(await readWhole(disk, `${at('f')}.torn-1`, 9)).toEqual({
      kind: 'ok',
      bytes: utf8('tail'),
    })
    expect(await readWhole(disk, `${at('f')}.torn-2`, 9)).toEqual({
      kind: 'ok',
      bytes: utf8('bad'),
    })
    expect(await keepAside(disk, at('f'), 'torn')).toMatchObject({ kind: 'failed' })
  })
})

test('a file that the node disk makes is private', async () => {
  const path = join(directory, 'private')
  await (await nodeDisk.open(path, 'new')).close()
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('S404: a replacement that a full disk or a crash cuts short leaves the old file', async () => {
  for (let nth = 1; nth <= 3; nth++) {
    const disk = memoryDisk()
    disk.put('f', utf8('old'))
    disk.shortWrites(4)
    disk.failWrite(nth, 'ENOSPC', 1)
    const written = await writeAtomically(disk, 'f', utf8('something new'))
    expect(written).toMatchObject({ kind: 'failed', fault: { code: 'ENOSPC', path: 'f' } })
    disk.crash(length => length)
    expect(disk.contents('f')).toEqual(utf8('old'))
    expect(disk.paths()).toEqual(['f'])
  }
})

test('a fault names the file, the reason and the fix; an error that is our bug is not one', () => {
  const full = faultOf(Object.assign(new Error('x'), { code: 'ENOSPC' }), '/r/room.log')
  expect(full.why).toBe('/r/room.log: the disk is full; free some space and start knot again')
  expect(faultOf(Object.assign(new Error('x'), { code: 'EFBIG' }), 'f').why).toContain('EFBIG')
  expect(() => faultOf(new TypeError('bug'), 'f')).toThrow(TypeError)
})
