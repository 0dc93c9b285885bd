import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MUTANTS, type Mutant } from './mutants.ts'
import { play } from './story.ts'

/** More seeds than any mutant needs. */
const SEEDS = 100

/** What the simulator says of a mutant, seed after seed, until it says what it must. */
function foundOf(mutant: Mutant): string[] {
  const said: string[] = []
  for (let seed = 1; seed <= SEEDS && !said.includes(mutant.symptom); seed++) {
    try {
      play(seed, { mutant })
    } catch (error) {
      said.push((error as Error).message)
    }
  }
  return said
}

test.each(MUTANTS.map((mutant) => [mutant.name, mutant.symptom, mutant] as const))(
  'the simulator notices when %s: %s',
  (_name, symptom, mutant) => {
    expect(foundOf(mutant)).toContain(symptom)
  },
  60_000,
)

test('S529: every promise that is watched is broken by one of them', () => {
  const source = ['invariants.ts', 'holdings.ts']
    .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n')
  const symptoms = [...source.matchAll(/fail\('([^']+)'\)/g)].map(([, symptom]) => symptom)
  expect([...new Set(symptoms)].sort()).toEqual([...new Set(MUTANTS.map((m) => m.symptom))].sort())
})
