import { expect, test } from 'vitest'
import { dice } from '../room/cast.ts'
import { push } from './cast.ts'
import { type Chances, run } from './world.ts'

const calm: Chances = { pushes: 12, breaks: 0, depositions: 0, arrivals: 'at once' }
const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

test('S499: every push ends once, landed or refused, whatever breaks and whoever leads', () => {
  const rough: Chances = { pushes: 10, breaks: 15, depositions: 5, arrivals: 'over time' }
  const kinds = new Set<string>()
  for (const seed of seeds(60)) {
    const ends = run(dice(seed), rough)
    expect(ends.map(({ n }) => n).sort((a, b) => a - b), `seed ${seed}`).toEqual(numbers(10))
    for (const { how } of ends) kinds.add(how)
  }
  expect(kinds).toEqual(new Set(['landed', 'refused']))
})

test('S499: what waits together lands in the order of the queue', () => {
  for (const seed of seeds(30)) {
    const roll = dice(seed)
    const moments = numbers(calm.pushes).map((n) => push(n, roll(30)))
    const place = (n: number) => {
      const { at, push: id } = moments[n] as (typeof moments)[number]
      return [at, id] as const
    }
    const landed = run(dice(seed), calm).filter(({ how }) => how === 'landed')
    const order = landed.map(({ n }) => place(n))
    const inOrder = [...order].sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    expect(order, `seed ${seed}`).toEqual(inOrder)
  }
})

test('S494: the same world goes the same way', () => {
  const rough: Chances = { pushes: 10, breaks: 15, depositions: 5, arrivals: 'over time' }
  for (const seed of seeds(5)) expect(run(dice(seed), rough)).toEqual(run(dice(seed), rough))
})
