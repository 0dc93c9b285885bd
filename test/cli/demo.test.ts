import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { type Event, openEars } from '../../cli/demo/ears.ts'
import type { Stage } from '../../cli/demo/stage.ts'

const event = (id: string, at: number, text: string): Event =>
  ({ id, at, kind: 'said', by: { id: 'ag_a', name: 'ada' }, text, fields: {} })

/** Ears at logs that say these events and then nothing more. */
function ears(logs: Record<string, Event[]>) {
  const stage = {
    start: (agent: string) => {
      const lines = (logs[agent] ?? []).map((each) => `${JSON.stringify(each)}\n`).join('')
      const script = 'process.stdout.write(process.argv[1]); setTimeout(() => {}, 60000)'
      const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
      return spawn(process.execPath, ['-e', script, lines], { stdio, detached: true })
    },
  }
  return openEars(stage as unknown as Stage, Object.keys(logs))
}

const called = (id: string) => ({ what: id, fits: (each: Event) => each.id === id })

test('S395: the demo tells an event once every log shows it, in the same words', async () => {
  const [one, two, three] = [event('1', 10, 'one'), event('2', 5, 'two'), event('3', 20, 'three')]
  const open = ears({ ada: [one, two, three], bob: [two, one, { ...three, text: 'other words' }] })
  try {
    const heard = await open.until([called('1'), called('2')], new AbortController().signal)
    expect(heard).toEqual([one, two])
    expect(open.news()).toEqual([two, one])
    expect(open.news()).toEqual([])

    const enough = new AbortController()
    const waiting = open.until([called('3')], enough.signal)
    enough.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  } finally {
    open.close()
  }
})
