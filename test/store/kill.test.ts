import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromUtf8 } from '../../src/core/bytes/text.ts'
import { nodeDisk } from '../../src/store/node-disk.ts'
import { openRoom } from '../../src/store/room.ts'

const APPENDER = fileURLToPath(new URL('./appender.ts', import.meta.url))
const ROUNDS = 10

let directory = ''
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'knot-kill-'))))
afterAll(() => rm(directory, { recursive: true }))

test('S411: what a process acknowledged before it was killed is there, in order', async () => {
  const home = { roomLog: join(directory, 'room.log'), journal: join(directory, 'journal.log') }
  const incarnations = new Set<string>()
  let next = 0

  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await runAndKill(
      [home.roomLog, home.journal, String(next)],
      (round * 7) % 23,
    )
    const numbers: number[] = []
    const opened = await openRoom({
      home,
      disk: nodeDisk,
      restore: entry => {
        if ('bytes' in entry) numbers.push(Number(fromUtf8(entry.bytes)?.split(':')[0]))
      },
    })
    if (opened.kind !== 'ok') throw new Error(JSON.stringify(opened))
    await opened.room.close()

    incarnations.add(opened.incarnation)
    numbers.sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, n) => n))
    expect(numbers.length).toBeGreaterThanOrEqual(acknowledged)
    next = numbers.length
  }
  expect(next).toBeGreaterThan(ROUNDS)
  expect(incarnations.size).toBe(1)
}, 20_000)

/** Kills the process some milliseconds after its first acknowledgement; answers the last one. */
function runAndKill(args: readonly string[], afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [APPENDER, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      text += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`it ended by itself: ${text.slice(-200)}`))
      // The last line may be cut short; what it says was acknowledged all the same.
      else resolve(Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1)))
    })
  })
}
