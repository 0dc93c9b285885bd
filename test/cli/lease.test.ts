import { afterEach, expect, test } from 'vitest'
import { describeLease } from '../../cli/describe/lease.ts'
import { plain } from '../../cli/print.ts'
import type { Output } from '../../src/api/types.ts'
import { lease } from '../api/fake-daemon.ts'
import { terminal, type Terminal } from './terminal.ts'

type Lease = Output<'lease'>

let open: Terminal[] = []

afterEach(async () => {
  for (const each of open) await each.close()
  open = []
})

const end = lease.until as number
const [alice, bob] = lease.voters as [Lease['voters'][number], Lease['voters'][number]]

/** What is said of a lease that differs from the usual one, by its first word. */
function said(differs: Partial<Lease>, now = end - 9_000): Record<string, string> {
  const text = describeLease({ ...lease, ...differs }, plain, now)
  return Object.fromEntries(text.split('\n').map((line) => {
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? []
    return [word, rest]
  }))
}

test('S900: a lease that lapsed says since when, and a higher promise is told', () => {
  const lapsed = { ...lease.leader, lapsed: true } as Lease['leader']
  const shown = said({ leader: lapsed, term: 5, mode: 'provisional' }, end + 4_000)
  expect(shown).toMatchObject({
    leader: 'alice (you), term 3, lapsed; term 5 was promised since',
    until: 'ran out 4s ago',
    mode: 'provisional',
  })
})

test('S900: before the first election there is no lease', () => {
  const { leader: _, until: __, ...none } = lease
  const text = describeLease({ ...none, term: 0, confirmed: 0 }, plain, end)
  expect(text).toContain('leader  none, term 0\nuntil   no lease\n')
})

test('S900: a change that does not count, and what waits, are told', () => {
  const shown = said({
    change: { seq: 13, counts: false },
    tail: { era: 0, term: 3, seq: 13 },
    voters: [{ ...alice, of: 'old' }, { ...bob, of: 'new', integrates: true }],
  })
  expect(shown['voters']).toBe('1 since record 13, which does not count yet')
  expect(shown['chain']).toBe('era 0, record 12 confirmed, 1 after it wait for enough accepts')
  expect(shown['alice']).toMatch(/leads, leaves$/)
  expect(shown['bob']).toMatch(/is new$/)
})

test('S901: what is known of the end of a lease, and what is not', () => {
  expect(said({})['until']).toBe('9 s from now, if nothing more is heard')
  const { until: _, ...endless } = lease
  expect(describeLease(endless, plain, end)).toContain('as long as this agent runs')
  const unheard = { ...endless, leader: { ...lease.leader, lapsed: true } as Lease['leader'] }
  expect(describeLease(unheard, plain, end)).toContain('not heard of since this daemon began')
})

test('S902: who is missing is named, a line each', () => {
  const missing: Lease['missing'] = [
    { kind: 'voters', needed: 1, of: [], text: 'bob is not reached' },
    { kind: 'voters', needed: 1, of: [], text: '1 of bob, carol is not reached' },
  ]
  const text = describeLease({ ...lease, mode: 'provisional', missing }, plain, end)
  expect(text).toContain('missing  bob is not reached\nmissing  1 of bob, carol is not reached\n')
})

test('S904: when nobody leads in time, that is an answer and no success', async () => {
  const here = terminal('in-room')
  open.push(here)
  await here.serve({ 'lease.step-down': async () => ({ term: 3, ms: 10_000 }) })
  const { exit, envelope } = await here.json('lease', 'step-down')
  expect(exit).toBe(8)
  expect(envelope).toMatchObject({
    ok: false,
    result: { term: 3, ms: 10_000 },
    error: {
      code: 'PENDING',
      message: 'term 3 was given up, and nobody has led for 10.0 s since',
      fix: 'knot lease shows what is missing',
    },
  })
})
