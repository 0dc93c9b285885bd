import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkoutOf, initialisedCheckout, treeOf } from '../../cli/checkout.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'knot checkout ')))
afterAll(() => rmSync(base, { recursive: true, force: true }))
const root = join(base, 'repo')
const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { stdio: 'pipe' })
mkdirSync(join(root, '.knot'), { recursive: true })
git('init', '-q')
git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'one')
const claim = join(root, '.knot', 'worktrees', 'abcd2345-dates')
git('worktree', 'add', '-q', claim)
const theirs = join(base, 'theirs')
git('worktree', 'add', '-q', theirs)
const knot = join(root, '.knot')

test('S737: in the worktree of a claim the checkout is that of the claim’s agent', () => {
  mkdirSync(join(claim, 'deep', 'in'), { recursive: true })
  for (const folder of [claim, join(claim, 'deep', 'in')]) {
    const found = initialisedCheckout(folder)
    expect(found).toEqual({ root, knot, stage: 'initialised', worktree: 'abcd2345-dates' })
    expect(treeOf(found)).toBe(claim)
  }
  expect(treeOf(checkoutOf(root))).toBe(root)
  expect(checkoutOf(join(root, '.knot', 'worktrees'))).toEqual({ root, knot, stage: 'initialised' })
})

test('S737: another worktree is another checkout, and the refusal names the agent’s', () => {
  expect(checkoutOf(theirs)).toMatchObject({ root: theirs, stage: 'bare' })
  expect(() => initialisedCheckout(theirs)).toThrow(
    `${theirs} has no .knot folder: the agent of ${root} works there, and in worktrees that`,
  )
  mkdirSync(join(theirs, '.knot'))
  expect(initialisedCheckout(theirs)).toMatchObject({ root: theirs, stage: 'initialised' })
})

test('S737: a worktree that lost its .git file is not taken for the checkout around it', () => {
  rmSync(join(claim, '.git'))
  expect(() => checkoutOf(join(claim, 'deep'))).toThrow(`${claim} is no worktree any more`)
})
