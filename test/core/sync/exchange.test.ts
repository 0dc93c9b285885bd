import { expect, test } from 'vitest'
import { dice } from '../room/cast.ts'
import { type Mesh, openMesh } from './mesh.ts'

/** What each peer holds, as lengths by author. */
const held = ({ peers }: Mesh) =>
  peers.map(({ streams }) => {
    return [...streams].map(([author, { length }]) => `${author} ${length}`).sort()
  })

/** Delivers everything that is under way, and lets time pass, for so many ticks. */
function settle(mesh: Mesh, roll: (below: number) => number, ticks: number): void {
  for (let i = 0; i < ticks; i++) {
    while (mesh.deliver(roll));
    mesh.tick()
  }
}

function joinAll(mesh: Mesh): void {
  const { length } = mesh.peers
  for (let i = 0; i < length; i++) for (let j = i + 1; j < length; j++) mesh.join(i, j)
}

test('S479: among peers who are all connected, a change travels once to each', () => {
  const roll = dice(479)
  const mesh = openMesh(4, () => false)
  joinAll(mesh)
  settle(mesh, roll, 2)
  for (let i = 0; i < 60; i++) {
    mesh.write(roll(4))
    for (let n = roll(9); n > 0; n--) mesh.deliver(roll)
    // Slower than this, and it would be asked for.
    if (roll(4) === 0) settle(mesh, roll, 1)
  }
  settle(mesh, roll, 20)
  const all = held(mesh)
  expect(all).toEqual(Array(4).fill(all[0]))
  for (const { received, streams, actor } of mesh.peers) {
    expect(received).toBe(60 - (streams.get(actor)?.length ?? 0))
  }
})

test('S479: whatever is cut, joined and lost, connected peers come to hold the same', () => {
  for (let seed = 0; seed < 10; seed++) {
    const roll = dice(seed)
    let losing = 30
    const mesh = openMesh(5, () => roll(100) < losing)
    for (let i = 0; i < 200; i++) {
      const [a, b] = [roll(5), roll(5)]
      const what = roll(8)
      if (what < 3) mesh.write(a)
      else if (what === 3 && a !== b) mesh.join(a, b)
      else if (what === 4 && a !== b) mesh.cut(a, b)
      else if (what === 5) mesh.tick()
      else for (let n = roll(6); n > 0; n--) mesh.deliver(roll)
    }
    // In a line, so that most changes reach most peers through others.
    losing = 0
    for (let a = 0; a < 5; a++) for (let b = a + 1; b < 5; b++) mesh.cut(a, b)
    for (let i = 0; i < 4; i++) mesh.join(i, i + 1)
    settle(mesh, roll, 60)
    const all = held(mesh)
    expect(all, `seed ${seed}`).toEqual(Array(5).fill(all[0]))
  }
})

test('S479: what was lost inside a peer is asked for, without a new session', () => {
  for (let seed = 0; seed < 8; seed++) {
    const roll = dice(seed)
    let losing = 40
    const mesh = openMesh(3, () => roll(100) < losing)
    joinAll(mesh)
    for (let i = 0; i < 40; i++) {
      mesh.write(roll(3))
      settle(mesh, roll, 1)
    }
    losing = 0
    settle(mesh, roll, 110)
    const all = held(mesh)
    expect(all, `seed ${seed}`).toEqual(Array(3).fill(all[0]))
  }
})
