import { expect, test } from 'vitest'
import { claimBranch, parseWorktreeName, worktreeName } from '../../src/core/branch.ts'
import { dice } from './room/cast.ts'

const task = 'abcd2345efgh6767'
const named = (title: string) => worktreeName({ task, title })

test('S734: a branch is named after the task and the words of its title', () => {
  const names: [string, string][] = [
    ['Parse dates', 'abcd2345-parse-dates'], ['  fix: #12, again! ', 'abcd2345-fix-12-again'],
    ['Café à la crème', 'abcd2345-cafe-a-la-creme'], ['日本語', 'abcd2345'], ['', 'abcd2345'],
    ['../../etc/passwd', 'abcd2345-etc-passwd'], ['CON', 'abcd2345-con'], ['a.lock', 'abcd2345-a-lock'],
    ['x'.repeat(99), `abcd2345-${'x'.repeat(40)}`],
    ['one two three four five six seven eight nine ten', 'abcd2345-one-two-three-four-five-six-seven-eight'],
  ]
  for (const [title, name] of names) expect(named(title)).toBe(name)
  expect(claimBranch(named('Parse dates'))).toBe('knot/abcd2345-parse-dates')
})

test('S734: whatever the title, the name is one', () => {
  const roll = dice(734)
  for (let round = 0; round < 2_000; round++) {
    const codes = Array.from({ length: roll(60) }, () => roll(2) === 0 ? roll(0x80) : roll(0x3000))
    const name = named(String.fromCodePoint(...codes))
    expect(parseWorktreeName(name)).toBe(name)
  }
})

test('S734: no other text is taken for such a name', () => {
  const others = [
    '', '..', 'abcd2345/x', 'abcd2345-', 'abcd2345--x', 'ABCD2345', 'abcd234', 'abcd2345-é',
    'abcd2345-a.lock', `abcd2345-${'x'.repeat(41)}`, 'abcd2345-x\n',
  ]
  for (const text of others) expect([text, parseWorktreeName(text)]).toEqual([text, undefined])
})
