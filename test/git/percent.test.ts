import { expect, test } from 'vitest'
import { type GitProgress, readProgress, withoutProgress } from '../../src/git/percent.ts'

const SAID = [
  'Enumerating objects: 5, done.', 'Counting objects:  50% (1/2)\rCounting objects: 100% (2/2), done.',
  'Delta compression using up to 2 threads', 'Writing objects:  33% (1/3)\rWriting objects: 100% (3/3)',
  'Total 3 (delta 0), reused 0 (delta 0)', 'remote: Resolving deltas:  10% (1/10)',
].join('\n')

test('S575: git’s percentages are read, whoever says them', () => {
  const steps: GitProgress[] = readProgress(SAID)
  expect(steps.map(({ phase, percent }) => `${phase} ${percent}`)).toEqual([
    'Counting objects 50', 'Counting objects 100', 'Writing objects 33', 'Writing objects 100',
    'Resolving deltas 10',
  ])
})

test('what is left of a refusal is the refusal', () => {
  expect(withoutProgress(`${SAID}\nerror: failed to push some refs to 'x'\n`)).toBe(
    "error: failed to push some refs to 'x'",
  )
})
