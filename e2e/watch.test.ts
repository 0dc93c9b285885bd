/** `knot sync --watch`: what moves goes out by itself, and what was refused stays refused. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import type { Item } from '../src/api/types.ts'
import { makeRoom, type Peer, type Peers, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 60_000 })

const LAUNCHER = fileURLToPath(new URL('../cli/knot.mjs', import.meta.url))

type Line = Item<'sync.watch'>
let set: Peers
let child: ChildProcess
afterEach(async () => {
  child.kill()
  await set.strike()
})

function watch(peer: Peer): Line[] {
  const lines: Line[] = []
  const { clone: cwd, env } = peer
  child = spawn(process.execPath, [LAUNCHER, 'sync', '--watch', '--json'], { cwd, env })
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).split('\n')
    rest = all.pop() ?? ''
    lines.push(...all.map((line) => JSON.parse(line) as Line))
  })
  return lines
}

const commits = (lines: Line[]) =>
  lines.flatMap((line) => (line.kind === 'synced' && line.sync.push ? [line.sync.commit] : []))

test('S615: what HEAD moves to goes out, and what others publish is shown, at once', async () => {
  set = await setPeers(['ada', 'bob'])
  const [ada, bob] = set.peers as [Peer, Peer]
  await makeRoom(set.peers)
  const lines = watch(ada)
  await until('the first round', () => lines.length > 0)
  const one = await ada.commit({ 'one.txt': '1' })
  await until('the commit went out', () => commits(lines).includes(one), 5_000)
  const two = await bob.commit({ 'two.txt': '2' })
  await bob.told('sync')
  await until('bob’s commit is shown', () => lines.some((line) => {
    return line.kind === 'synced' && line.sync.rows.some(({ commit }) => commit === two)
  }), 5_000)
  expect(await ada.git('cat-file', '-t', two)).toBe('commit')
})

test('S616: a commit that was refused is not published again by a watch', async () => {
  set = await setPeers(['ada'])
  const [ada] = set.peers as [Peer]
  await makeRoom(set.peers)
  const bad = await ada.commit({ 'broken.txt': 'x' })
  await ada.knot('sync')
  const pushes = async () => (await ada.events()).filter(({ kind }) => kind === 'pushed')
  await until('it is refused', async () => {
    return (await ada.events()).some(({ kind }) => kind === 'check-failed')
  })
  const lines = watch(ada)
  await until('the first round', () => lines.length > 0)
  await ada.told('say', 'anybody?')
  const other = await ada.commit({ 'other.txt': '1' })
  await until('the next commit went out', () => commits(lines).includes(other))
  expect(commits(lines)).not.toContain(bad)
  expect((await pushes()).length).toBe(2)
  await ada.knot('sync', bad)
  expect((await pushes()).length).toBe(3)
})
