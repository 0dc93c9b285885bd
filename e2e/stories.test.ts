/** Plays every story under e2e/stories/; `story/parse.ts` says how one is written. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Captures, difference, fillIn, match } from './story/match.ts'
import { parseStory, type Step } from './story/parse.ts'
import { setStage, type Stage } from './story/stage.ts'

const FOLDER = fileURLToPath(new URL('./stories', import.meta.url))
const STORY_MS = 180_000
const EVENTUALLY_MS = 20_000
const AGAIN_MS = 250

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.md')).sort()

test.concurrent.each(names)('story %s', async (name) => {
  const { setup, steps } = parseStory(readFileSync(join(FOLDER, name), 'utf8'))
  expect(steps.length, `${name} has no commands`).toBeGreaterThan(0)
  const stage = await setStage(setup)
  try {
    let words: Captures = {}
    for (const step of steps) words = await play(stage, name, step, words)
  } finally {
    await stage.strike()
  }
}, STORY_MS)

/** Types one command, and again while it may still come right; gives the words known after it. */
async function play(stage: Stage, name: string, step: Step, words: Captures): Promise<Captures> {
  const command = fillIn(step.command, words)
  const until = Date.now() + (step.patience === 'eventually' ? EVENTUALLY_MS : 0)
  for (;;) {
    const { output, exit } = await stage.type(step.speaker, command, words)
    const found = match(step.expected, output, words)
    if (found !== undefined && exit === step.exit) return found
    if (Date.now() < until) {
      await sleep(AGAIN_MS)
      continue
    }
    const ended = exit === step.exit ? '' : `\nended with ${exit}, not with ${step.exit}`
    const rows = difference(step.expected, output, words)
    expect.fail(`${name}:${step.line} ~${step.speaker} $ ${command}${ended}\n\n${rows}\n`)
  }
}
