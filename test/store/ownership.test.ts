import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownRoom } from '../../src/store/ownership.ts'

const OWNER = fileURLToPath(new URL('./owner.ts', import.meta.url))
const children: ChildProcess[] = []
let room = ''
beforeEach(async () => void (room = await mkdtemp(join(tmpdir(), 'knot-own-'))))
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(room, { recursive: true })
})

test('S409: a room has one owner at a time, and passes on when it is released', async () => {
  const first = await ownRoom({ room })
  expect(first.kind).toBe('ok')
  expect(await ownRoom({ room })).toMatchObject({ kind: 'held', pid: process.pid })
  if (first.kind === 'ok') await first.release()
  expect((await ownRoom({ room })).kind).toBe('ok')
  expect(await readdir(room)).toEqual(['writer.2'])
})

test('S409: of many that start together one gets it; a killed owner holds nothing', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => start()))
  const owners = answers.filter(({ text }) => text === 'ok')
  expect(owners).toHaveLength(1)
  const owner = owners[0]!.child
  expect(answers.filter(({ text }) => text === `held ${owner.pid}`)).toHaveLength(4)

  const ended = new Promise(resolve => owner.on('close', resolve))
  owner.kill('SIGKILL')
  await ended
  expect((await start()).text).toBe('ok')
})

test('S409: many that begin at once in one process agree as well', async () => {
  const kinds = (await Promise.all(Array.from({ length: 12 }, () => ownRoom({ room })))).map(
    one => one.kind,
  )
  expect(kinds.filter(kind => kind === 'ok')).toHaveLength(1)
  expect(new Set(kinds)).toEqual(new Set(['ok', 'held']))
})

test('S409: a process id that was used again, or a file that says nothing, holds nothing', async () => {
  await writeFile(join(room, 'writer.7'), `{"pid":${process.pid},"started":"another boot/1"}`)
  const linux = process.platform === 'linux'
  expect((await ownRoom({ room })).kind).toBe(linux ? 'ok' : 'held')
  await writeFile(join(room, 'writer.9'), 'rubbish')
  expect((await ownRoom({ room })).kind).toBe('ok')
  expect(await readdir(room)).toEqual(['writer.10'])
})

test('S409: a room that is not there is a fault', async () => {
  const owned = await ownRoom({ room: join(room, 'none') })
  expect(owned).toMatchObject({ kind: 'failed', fault: { code: 'ENOENT' } })
})

function start(): Promise<{ child: ChildProcess; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [OWNER, room], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    child.on('error', reject)
    child.stdout.once('data', (text: Buffer) => resolve({ child, text: text.toString().trim() }))
  })
}
