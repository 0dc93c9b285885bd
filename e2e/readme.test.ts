/** README's five minutes are a shortened story: whatever they show, the story shows too. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COMMANDS } from '../cli/commands.ts'
import { match } from './story/match.ts'
import { parseStory } from './story/parse.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const README = read('../README.md')

type Typed = { command: string; printed: string[] }

/** The commands of README's section, each with the lines below it. */
function transcript(): Typed[] {
  const section = README.split(/^## /m).find((part) => part.startsWith('Five minutes')) ?? ''
  const found: Typed[] = []
  for (const [, block = ''] of section.matchAll(/^```sh\n(.*?)^```$/gms)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), printed: [] })
      else found.at(-1)?.printed.push(line)
    }
  }
  return found
}

test('S394: the five minutes of README.md are commands of the story, in its order, with its output', () => {
  const { steps } = parseStory(read('./stories/five-minutes.md'))
  const typed = transcript()
  expect(typed.length).toBeGreaterThan(5)
  let at = 0
  for (const { command, printed } of typed) {
    const same = command.replace(/"knot:\/\/[^"]*"/, '"{{link}}"')
    // The log is shown once in the README, and as it grows in the story.
    const last = printed.some((line) => line.includes('✗'))
    const step = steps.slice(at).find((step) => step.command === same && (!last
      || step.expected.some((line) => line.includes('✗'))))
    expect(step, `README: $ ${command}`).toBeDefined()
    if (step === undefined) return
    at = steps.indexOf(step) + 1
    for (const line of printed.filter((line) => line !== '')) {
      const shown = step.expected.some((pattern) =>
        pattern !== '...' && match([pattern], line, {}) !== undefined)
      expect(shown, `README: ${line}`).toBe(true)
    }
  }
})

test('README.md names every command', () => {
  const table = README.split(/^## /m).find((part) => part.startsWith('Commands')) ?? ''
  for (const { paths, usage } of COMMANDS) {
    if (usage === undefined) continue
    const [first = '', second] = paths?.[0] ?? []
    expect(table).toContain(`\`knot ${first}`)
    if (second !== undefined) expect(table).toMatch(new RegExp(`(knot ${first} |\`)${second}\\b`))
  }
})
