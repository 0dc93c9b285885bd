import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { rootedGlobs } from '../../cli/globs.ts'
import { problemOf } from '../../src/api/errors.ts'
import { GLOBS_MAX } from '../../src/core/limits.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'knot globs ')))
afterAll(() => rmSync(base, { recursive: true, force: true }))
const root = join(base, 'repo')
mkdirSync(join(root, 'src', '[id]'), { recursive: true })
writeFileSync(join(root, 'src', '[id]', 'a.ts'), '')
symlinkSync(root, join(base, 'other name'))

const from = (folder: string) => (...texts: string[]) =>
  rootedGlobs(texts, { cwd: join(root, folder), root })

test('S738: what is typed in a folder is meant from there', () => {
  expect(from('')('src', 'docs/*.md', 'new.ts')).toEqual(['src', 'docs/*.md', 'new.ts'])
  expect(from('src')('*.ts', './a/../b/', '../docs/**')).toEqual(['src/*.ts', 'src/b', 'docs/**'])
  expect(from('src')('.', '..', '../')).toEqual(['src', '**', '**'])
  expect(from('')('.')).toEqual(['**'])
  expect(from('src')(root, join(root, 'x', '*'))).toEqual(['**', 'x/*'])
})

test('S738: a name that is there stands for itself, and so does the folder it is typed in', () => {
  expect(from('')('src/[id]/a.ts', 'src/[id]/b.ts')).toEqual(['src/\\[id]/a.ts', 'src/[id]/b.ts'])
  expect(from('src/[id]')('*.ts')).toEqual(['src/\\[id]/*.ts'])
})

test('S738: a path that leads here by another name is one of here', () => {
  expect(from('')(join(base, 'other name', 'src'))).toEqual(['src'])
})

function refusalOf(text: string): unknown {
  try {
    return from('')(text)
  } catch (thrown) {
    return problemOf(thrown)
  }
}

test('S738: what is outside is refused with the value and the fix', () => {
  for (const text of ['..', '../x', 'src/../../x', '/etc/passwd', '/nowhere/*', base]) {
    expect(refusalOf(text)).toMatchObject({
      code: 'USAGE', exit: 2, fix: expect.stringContaining('knot lock'),
      message: expect.stringContaining(`"${text}" is outside the repository ${root}`),
    })
  }
})

test('S738: what is no glob is refused as it was typed', () => {
  expect(() => from('src')('a[')).toThrow('"a[" cannot be locked: it has a [ without its ]')
  expect(() => from('')('')).toThrow('"" names no path')
  expect(() => from('')(...Array<string>(GLOBS_MAX + 1).fill('x'))).toThrow('there are 65 globs')
})
