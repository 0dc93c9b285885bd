/** The limits of SPEC.md are the limits of the code. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('every limit stands in SPEC.md with its value, and none that is not there', () => {
  const code = [...read('src/core/limits.ts').matchAll(/^export const (\w+)(?:: .+?)? = (.+)$/gm)]
  const spec = [...read('SPEC.md').matchAll(/^\| `([A-Z_0-9]+)` \| (.+?) \|/gm)]
  const pairs = (found: RegExpMatchArray[]) => found.map(([, name, value]) => `${name} = ${value}`)
  expect(pairs(spec)).toEqual(pairs(code))
})

test('no two limits have one name', () => {
  const names = [...read('src/core/limits.ts').matchAll(/^export const (\w+)/gm)].map(([, n]) => n)
  expect(names.length).toBe(new Set(names).size)
})
