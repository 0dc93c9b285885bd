import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { asks, confirm } from '../../cli/asking.ts'
import { terminal, type Terminal } from './terminal.ts'

let here: Terminal | undefined
afterEach(async () => await here?.close())

const terminals = (stdin: boolean, stdout: boolean) => ({
  stdin: Object.assign(new PassThrough(), { isTTY: stdin }),
  stdout: Object.assign(new PassThrough(), { isTTY: stdout }),
})

async function answered(words: string | undefined): Promise<{ sure: boolean; asked: string }> {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()]
  let asked = ''
  stderr.on('data', (text) => (asked += String(text)))
  const signal = new AbortController().signal
  const sure = confirm('Remove bob?', { stdin, stderr, signal })
  stdin.end(words)
  return { sure: await sure, asked }
}

test('S703: only where what is typed and what is read are a terminal somebody is asked', () => {
  expect(asks(terminals(true, true))).toBe(true)
  for (const [stdin, stdout] of [[true, false], [false, true], [false, false]] as const) {
    expect(asks(terminals(stdin, stdout))).toBe(false)
  }
})

test('S703: anything but yes is no, and so is the end of the input', async () => {
  for (const yes of ['y\n', 'YES\n', ' yes \n']) expect((await answered(yes)).sure).toBe(true)
  for (const no of ['\n', 'n\n', 'yeah\n', undefined]) expect((await answered(no)).sure).toBe(false)
  expect((await answered('n\n')).asked).toContain('Remove bob? [y/N]')
})

test('S703: a script is not asked', async () => {
  here = terminal('in-room')
  const removed: string[] = []
  await here.serve({
    'members.remove': async ({ agent }) => {
      removed.push(agent)
      return { kind: 'done', agent: { id: 'ag_b', name: agent } }
    },
  })
  expect(await here.knot('remove', 'bob')).toMatchObject({ exit: 0, out: 'bob is removed\n' })
  expect(removed).toEqual(['bob'])
})
