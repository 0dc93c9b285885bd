/** Who is next, where several want the same: real daemons that ask at the same time. */
import { spawn } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { LAUNCHER, makeRoom, type Peer, type Peers, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000 })

let set: Peers
afterEach(async () => {
  await set.strike()
})

type Next = Output<'tasks.next'>
type Task = Output<'tasks.list'>['tasks'][number]

async function two(): Promise<[Peer, Peer]> {
  set = await setPeers(['ada', 'bob'])
  await makeRoom(set.peers)
  return set.peers as [Peer, Peer]
}

async function add(peer: Peer, title: string): Promise<string> {
  return (await peer.told<{ id: string }>('tasks', 'add', title)).id
}

async function shows(peer: Peer, id: string): Promise<Task> {
  await until(`${peer.name} has ${id}`, async () => {
    return (await peer.told<{ tasks: Task[] }>('tasks')).tasks.some((task) => task.id === id)
  })
  return await peer.told<Task>('tasks', 'show', id)
}

test('S926: of two who take the next task at once each gets another one', async () => {
  const [ada, bob] = await two()
  const ids = [await add(ada, 'one'), await add(ada, 'two')]
  for (const id of ids) await shows(bob, id)
  const next = (peer: Peer) =>
    peer.told<Next>('tasks', 'next', '--claim', '--confirmed', '--no-worktree')
  const got = await Promise.all([next(ada), next(bob)])
  expect(got.map(({ task }) => task?.id).sort()).toEqual(ids.sort())
  const none = await bob.knot('tasks', 'next', '--json')
  expect([none.exit, JSON.parse(none.stdout).result.passed.length]).toEqual([5, 2])
})

test('S925: a daemon that starts again takes back what it waited for', async () => {
  const [ada, bob] = await two()
  const id = await add(ada, 'one')
  await ada.told('claim', id, '--no-worktree')
  await until('bob knows', async () => (await shows(bob, id)).status === 'claimed')
  const args = [LAUNCHER, 'claim', id, '--wait', '--no-worktree']
  const child = spawn(process.execPath, args, { cwd: bob.clone, env: bob.env })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  await until('bob waits', () => told.includes('ada has it'))
  await bob.kill()
  expect(await ended).toBe(1)
  await bob.told('status')
  await ada.told('tasks', 'reopen', id)
  // Whoever asked last comes after all who wait: had bob's ask stayed, ada would not get it.
  const mine = await ada.told<Task>('claim', id, '--wait', '--timeout', '20s', '--no-worktree')
  expect(mine.owner?.name).toBe('ada')
})
