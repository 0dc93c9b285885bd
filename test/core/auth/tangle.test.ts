import { expect, test } from 'vitest'
import { tangleOf } from '../../../src/core/auth/tangle.ts'

/** The tangle of a graph given as `item: what it waits for`. */
function tangle(graph: Record<string, string>): string {
  const open = Object.keys(graph)
  return tangleOf(open, item => [...(graph[item] ?? '')]).sort().join('')
}

test('S123: a tangle waits for nothing outside it', () => {
  expect(tangle({ a: 'b', b: 'a' })).toBe('ab')
  expect(tangle({ a: 'b', b: 'c', c: 'a' })).toBe('abc')
  expect(tangle({ x: 'a', a: 'b', b: 'a' })).toBe('ab')
  expect(tangle({ a: 'bx', b: 'a', x: 'y', y: 'x' })).toBe('xy')
  expect(tangle({ a: 'bc', b: 'a', c: 'd', d: 'ca' })).toBe('abcd')
})

test('S123: a long chain is no deep recursion', () => {
  const items = Array.from({ length: 20_000 }, (_, at) => at)
  const next = (item: number): number[] => [item + 1 < items.length ? item + 1 : 0]
  expect(tangleOf(items, next)).toHaveLength(items.length)
})
