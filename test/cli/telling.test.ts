import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plain } from '../../cli/print.ts'
import { tellerOn } from '../../cli/telling.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function heard(live: boolean) {
  const said = { text: '' }
  const teller = tellerOn((text) => void (said.text += text), { live, paint: plain })
  return { said, teller }
}

test('S575: what takes a second is said once in a pipe, and counts on a terminal', () => {
  const pipe = heard(false)
  pipe.teller.wait('running test…')
  vi.advanceTimersByTime(900)
  expect(pipe.said.text).toBe('')
  vi.advanceTimersByTime(5_000)
  expect(pipe.said.text).toBe('running test…\n')

  const terminal = heard(true)
  terminal.teller.wait('running test…')
  vi.advanceTimersByTime(2_100)
  terminal.teller.clear()
  vi.advanceTimersByTime(5_000)
  const shown = '\rrunning test… 1 s\x1b[K\rrunning test… 2 s\x1b[K'
  expect(terminal.said.text).toBe(`${shown}\r\x1b[K`)
})

test('S575: percentages are shown in place, and nowhere else', () => {
  const pipe = heard(false)
  pipe.teller.percent('Writing objects: 10 %')
  pipe.teller.say('published')
  expect(pipe.said.text).toBe('published\n')
  const terminal = heard(true)
  terminal.teller.percent('Writing objects: 10 %')
  terminal.teller.say('published')
  expect(terminal.said.text).toBe('\rWriting objects: 10 %\x1b[K\r\x1b[Kpublished\n')
})
