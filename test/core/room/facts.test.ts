import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { FACT_MAX_BYTES } from '../../../src/core/limits.ts'
import { boundedChecks, boundedFiles, boundedOutput } from '../../../src/core/room/bounded.ts'
import { factId, type Facts, isFactId, readFact, writeFact } from '../../../src/core/room/facts.ts'
import { alice, bob, dice } from './cast.ts'
import { at, failed, landed, oid, passed, pushed, pushId, refused, samples } from './drafts.ts'

type Topic = keyof Facts
const topics = Object.keys(samples) as Topic[]
const each = topics.flatMap((topic) => samples[topic].map((fact) => ({ topic, fact })))

test('S480: a fact reads back as it was written', () => {
  for (const { topic, fact } of each) {
    expect(readFact(topic, writeFact(topic, fact))).toEqual(fact)
  }
})

test('S480: fields that nobody asks for are passed over', () => {
  for (const { topic, fact } of each) {
    const later = { ...fact, colour: 'red', ['__proto__']: 1, checksum: { deep: [] } }
    expect(readFact(topic, JSON.stringify(later))).toEqual(fact)
  }
})

test('S480: a value that is no object, or has no stamp, is no fact', () => {
  const values = ['', 'null', '[]', '1', '"text"', '{', '{"a":1}{}', '[{}]', '['.repeat(60_000)]
  const { at: _, ...untimed } = samples.chat[0] as Facts['chat']
  for (const wrong of [untimed, { ...untimed, at: '1' }, { ...untimed, at: 1, term: -1 }]) {
    values.push(JSON.stringify(wrong))
  }
  for (const topic of topics) {
    for (const value of values) expect(readFact(topic, value), value).toBeUndefined()
  }
})

test('S480: a moment that no calendar can show is none', () => {
  const said = (when: number) => readFact('chat', JSON.stringify({ at: when, term: 0, text: '' }))
  for (const when of [-1, 0.5, 8_640_000_000_000_001]) expect(said(when)).toBeUndefined()
  expect(new Date(said(8_640_000_000_000_000)?.at ?? Number.NaN).toISOString()).toMatch(/^\+275760/)
})

/** Values that some field accepts each; every field of every fact refuses most of them. */
const NUMBERS = [-1, 0.5, 2 ** 53]
const TEXTS = ['', 'x', oid(1).toUpperCase()]
const WRONG = [undefined, null, true, ...NUMBERS, ...TEXTS, {}, ['', 1], [{}], [null]]

test('S481: a field that is there must be right, also one that may be absent', () => {
  const wrong: { [T in Topic]: Record<string, unknown>[] } = {
    chat: [
      { text: undefined },
      { text: 1 },
      { text: 'x'.repeat(16_385) },
      { text: 'ü'.repeat(8_193) },
    ],
    tasks: [
      { kind: 'drop' },
      { title: '' },
      { title: 'x'.repeat(501) },
      { body: 1 },
      { body: null },
      { body: 'x'.repeat(32_769) },
    ],
    refs: [
      { kind: 'pull' },
      { kind: 'base', commit: 'HEAD' },
      { commit: oid(1).toUpperCase() },
      { commit: 'a'.repeat(64) },
      { base: null },
      { base: 'main' },
      { intent: 7 },
      { intent: 'x'.repeat(501) },
      { files: undefined },
      { files: ['a', 1] },
      { files: Array(201).fill('a'), fileCount: 201 },
      { fileCount: 0 },
      { fileCount: -1 },
      { fileCount: '1' },
    ],
    verdicts: [
      { kind: 'maybe' },
      { push: 'x' },
      { push: undefined },
      { head: 'HEAD' },
      { kind: 'conflict', files: [], fileCount: 0, against: undefined },
      { kind: 'conflict', files: [], fileCount: 0, against: [{ push: pushId(0) }] },
      { kind: 'conflict', files: [], against: [] },
      { kind: 'check', checks: [passed], output: 1 },
      { kind: 'check', checks: {}, output: '' },
      { kind: 'check', checks: [{ ...passed, exit: '0' }], output: '' },
      { kind: 'check', checks: [{ ...passed, outcome: 'skipped' }], output: '' },
      { kind: 'check', checks: [{ ...passed, ms: -1 }], output: '' },
      { kind: 'check', checks: [null], output: '' },
      { kind: 'check', checks: Array(33).fill(passed), output: '' },
    ],
    landings: [
      { push: 1 },
      { commit: '' },
      { tree: null },
      { prev: 'x' },
      { checks: [1] },
      { checks: 1 },
      { kind: 'redo' },
      { kind: 'undo', landing: pushId(0), head: 'x' },
      { kind: 'undo', landing: pushId(0), head: oid(1), reason: 1 },
      { kind: 'undone', landing: pushId(0), ask: { actor: 'x', n: 0 } },
      { kind: 'undone', landing: pushId(0), ask: { actor: 'a'.repeat(80), n: -1 } },
      { kind: 'undone', landing: 1, ask: { actor: 'a'.repeat(80), n: 0 } },
    ],
    claims: [
      { kind: 'take' },
      { want: 'steal' },
      { task: 'x' },
      { after: -1 },
      { claim: 'x' },
      { wait: false },
      { kind: 'withdraw' },
      { kind: 'rule', ask: 'x' },
      { kind: 'rule', ask: { actor: alice.actor, n: -1 } },
      { kind: 'rule', ask: { actor: 'x', n: 1 } },
      { kind: 'release', claim: undefined, why: 'silent' },
      { kind: 'release', claim: pushId(0), why: 'tired' },
    ],
    locks: [
      { kind: 'take' },
      { globs: [] },
      { globs: 'src' },
      { globs: ['x'.repeat(1_025)] },
      { globs: Array(65).fill('a') },
      { mode: 'mine' },
      { reason: undefined },
      { reason: 'x'.repeat(501) },
      { after: '0' },
      { kind: 'withdraw' },
      { kind: 'grant' },
      { kind: 'free', lock: pushId(0), why: 'tired' },
      { kind: 'free', lock: 'x', why: 'silent' },
    ],
    agents: [{ kind: 'did' }, { volume: -1 }, { volume: 'x' }, { volume: undefined }],
    plans: [{ kind: 'did' }, { text: 1 }, { text: 'x'.repeat(501) }, { lock: 'x' }],
  }
  const first = { chat: 0, tasks: 0, refs: 1, verdicts: 0, landings: 0, claims: 0 }
  const whole = { ...first, locks: 0, plans: 0, agents: 0 }
  for (const topic of topics) {
    for (const fields of wrong[topic]) {
      const value = JSON.stringify({ ...samples[topic][whole[topic]], ...fields })
      expect(readFact(topic, value), value).toBeUndefined()
    }
  }
})

test('S481: what reads is written back to the same fact, whatever its fields were set to', () => {
  const roll = dice(481)
  let sound = 0
  for (let i = 0; i < 6_000; i++) {
    const { topic, fact } = each[roll(each.length)] as (typeof each)[number]
    const fields = Object.keys(fact)
    const draft: Record<string, unknown> = { ...fact }
    draft[fields[roll(fields.length)] as string] = WRONG[roll(WRONG.length)]
    const read = readFact(topic, JSON.stringify(draft))
    if (read === undefined) continue
    sound++
    expect(readFact(topic, writeFact(topic, read))).toEqual(read)
  }
  expect(sound).toBeGreaterThan(100)
  expect(sound).toBeLessThan(3_000)
})

test('S482: the id of an ask is that of its place', () => {
  const place = { actor: 'ab'.repeat(40) as ActorId, topic: 'refs', n: 300 } as const
  expect(factId(place)).toBe('kmxj3pbohselhwqh')
  const ids = new Set<string>()
  for (const actor of [alice.actor, bob.actor]) {
    for (const topic of ['refs', 'chat'] as const) {
      for (const n of [0, 1, 128]) ids.add(factId({ actor, topic, n }))
    }
  }
  expect(ids.size).toBe(12)
  for (const id of ids) expect(isFactId(id)).toBe(true)
  for (const wrong of ['', 'a'.repeat(15), 'a'.repeat(17), 'A'.repeat(16), '1'.repeat(16), 7]) {
    expect(isFactId(wrong)).toBe(false)
  }
})

const LONG = ['a', '\u0001', '"', 'ü', '👋', '\ud800'].map((char) => char.repeat(4_000))
const fits = (value: string) => utf8(value).length <= FACT_MAX_BYTES

test('S483: names of files are cut to what fits a fact, and counted', () => {
  expect(boundedFiles(['a', 'b'])).toEqual({ files: ['a', 'b'], fileCount: 2 })
  expect(boundedFiles(['a', 'b'], 7)).toEqual({ files: ['a', 'b'], fileCount: 7 })
  const many = Array.from({ length: 300 }, (_, i) => `src/${i}.ts`)
  expect(boundedFiles(many)).toEqual({ files: many.slice(0, 200), fileCount: 300 })
  for (const name of LONG) {
    const named = boundedFiles(Array<string>(300).fill(name))
    expect(named.fileCount).toBe(300)
    const intent = '\u0001'.repeat(500)
    const value = writeFact('refs', pushed(1, { ...named, base: oid(2), intent }))
    expect(fits(value)).toBe(true)
    expect(readFact('refs', value)).toMatchObject({ files: named.files })
    const against = Array(100).fill({ push: pushId(1), commit: oid(1) })
    const verdict = { ...refused(pushId(0)), kind: 'conflict' as const, ...named, against }
    expect(fits(writeFact('verdicts', verdict))).toBe(true)
  }
})

test('S483: of an output the end is kept, as much as a verdict takes', () => {
  expect(boundedOutput('')).toBe('')
  expect(boundedOutput('ok 1\nnot ok 2\n')).toBe('ok 1\nnot ok 2\n')
  for (const text of LONG) {
    const output = boundedOutput(`${text.repeat(30)}the end`)
    expect(output.endsWith('the end')).toBe(true)
    const checks = boundedChecks(Array(32).fill({ ...failed, name: text, command: text }))
    const verdict = { ...refused(pushId(0)), kind: 'check' as const, checks, output }
    const value = writeFact('verdicts', verdict)
    expect(fits(value)).toBe(true)
    expect(readFact('verdicts', value)).toEqual(verdict)
  }
  expect(boundedOutput('x'.repeat(9_000))).toBe('x'.repeat((8 << 10) - 2))
  expect(boundedOutput(`${'👋'.repeat(9_000)}`)).toMatch(/^(👋)+$/u)
})

test('S483: checks fit a landing, their names and commands cut evenly if they must be', () => {
  expect(boundedChecks([passed, failed])).toEqual([passed, failed])
  const named = boundedChecks(Array(40).fill({ ...passed, command: 'x'.repeat(60_000) }))
  expect(named).toHaveLength(32)
  expect(named[0]).toMatchObject({ name: 'tsc', outcome: 'passed', exit: 0, digest: passed.digest })
  const fact = { ...landed(pushId(0), oid(1)), at: at(1), checks: named }
  expect(fits(writeFact('landings', fact))).toBe(true)
  expect(readFact('landings', writeFact('landings', fact))).toEqual(fact)
})
