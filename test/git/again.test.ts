import { expect, test } from 'vitest'
import { REF_TRIES_MAX } from '../../src/core/limits.ts'
import { whileBusy } from '../../src/git/again.ts'

const signal = new AbortController().signal
const busy = { kind: 'refused', why: "error: cannot lock ref 'refs/knot/integration': is at a" }

test('what a lock refused is tried again until the lock is gone', async () => {
  const outcomes = [busy, busy, { kind: 'brought' }]
  expect(await whileBusy(async () => outcomes.shift() ?? busy, signal)).toEqual({ kind: 'brought' })
})

test('what was refused for another reason is not tried again', async () => {
  let tries = 0
  const refuse = async () => ({ kind: 'refused', why: `fsck, try ${++tries}` })
  expect(await whileBusy(refuse, signal)).toEqual({ kind: 'refused', why: 'fsck, try 1' })
})

test('a lock that stays is given up on', async () => {
  let tries = 0
  const refuse = async () => {
    tries++
    return busy
  }
  expect(await whileBusy(refuse, signal)).toEqual(busy)
  expect(tries).toBe(REF_TRIES_MAX)
})
