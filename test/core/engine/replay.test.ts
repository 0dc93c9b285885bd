/** What was said in one room, word for word, said in another that the same people are in. */
import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { decodeFrame, encodeFrame } from '../../../src/core/sync/wire.ts'
import { Stage } from './cast.ts'

test('S767: every frame of one room leads to nothing in another with the same members', () => {
  const rooms = [new Stage(3), new Stage(3, { secret: 1 })] as const
  const [here, there] = rooms
  expect(here.room).not.toBe(there.room)
  for (const stage of rooms) {
    stage.meetAll()
    stage.pass(2_500)
  }
  const [alice, bob] = here.people
  if (alice === undefined || bob === undefined) throw new Error('nobody there')
  here.ask(alice, { kind: 'say', text: 'hello' })
  here.ask(bob, { kind: 'push', commit: '5'.repeat(40) as Oid, files: ['a'], fileCount: 1 })
  here.pass(5_000)

  const told = here.people.flatMap(({ key, did }) =>
    did.flatMap((effect) => (effect.kind === 'send' ? [{ key, bytes: effect.frame }] : [])))
  const ops = alice.engine.auth.ops().map(({ bytes }) => bytes)
  told.unshift({ key: bob.key, bytes: encodeFrame({ kind: 'auth', heads: [], ops }) })
  const seen = new Set<string>()
  for (const { key, bytes } of told) {
    for (const to of there.people) {
      if (to.key === key) continue
      const from = there.people.find((each) => each.key === key)
      if (from === undefined) throw new Error('not there')
      if (to.engine.sessions.get(key)?.actor === undefined) there.meet(to, from)
      if (to.engine.sessions.get(key)?.actor === undefined) continue
      const before = JSON.stringify([[...to.engine.presence], [...to.engine.streams.keys()]])
      const effects = there.give(to, { kind: 'frame', peer: key, bytes })
      const read = decodeFrame(bytes)
      const kind = read.kind === 'ok' ? read.value.kind : 'none'
      seen.add(kind)
      const lasting = effects.filter((each) => ['persist', 'event', 'document'].includes(each.kind))
      expect([kind, lasting]).toEqual([kind, []])
      expect(JSON.stringify([[...to.engine.presence], [...to.engine.streams.keys()]])).toBe(before)
    }
    there.pass(100)
  }
  expect([...seen]).toEqual(
    expect.arrayContaining(['hello', 'auth', 'run', 'lease', 'beat', 'held']),
  )
  expect(there.ask(there.people[0]!, { kind: 'say', text: 'still here' }).kind).toBe('made')
})
