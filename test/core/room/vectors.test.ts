import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Hash } from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import { decodeChange } from '../../../src/core/room/decode.ts'
import type { Authority } from '../../../src/core/room/gate.ts'
import { openVolume } from '../../../src/core/room/genesis.ts'
import { alice, verify } from './cast.ts'
import { anyone, reader, show, signed } from './reader.ts'
import { bytesOf, makeVectors } from './vectors.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/room.json', import.meta.url), 'utf8'),
) as ReturnType<typeof makeVectors>

test('S182: the vectors are what is written today', () => {
  expect(makeVectors()).toEqual(vectors)
})

test('S182: the genesis, the changes and their signatures are those of the vectors', () => {
  const { room, volume, author, changes } = vectors
  const opened = openVolume(room, volume.number)
  expect(hex(opened.bytes)).toBe(volume.bytes)
  expect([opened.id, opened.actor]).toEqual([volume.id, volume.actor])
  for (const { bytes, hash, signing, signature } of changes) {
    expect(decodeChange(bytesOf(bytes))).toMatchObject({ kind: 'ok', hash })
    expect(verify(author.key, bytesOf(signing), bytesOf(signature))).toBe(true)
  }
})

test('S182: the runs of the vectors get their verdicts', () => {
  const { now, later } = vectors.heads
  const authority: Authority = {
    ...anyone,
    covers: (newer, older) => newer[0] === later[0] || older[0] === now[0],
  }
  for (const { name, held, changes, signature, verdict } of vectors.runs) {
    const bob = reader(alice)
    if (held.length > 0) {
      const last = decodeChange(bytesOf(held.at(-1) as string))
      const hash = (last.kind === 'ok' ? last.hash : '') as Hash
      show(bob, signed(alice, held.map(bytesOf), { seq: held.length, hash }))
    }
    const shown = { changes: changes.map(bytesOf), signature: bytesOf(signature) }
    const { accepted, rest } = show(bob, shown, authority)
    const { accepted: count = 0, ...kind } = verdict as { accepted?: number }
    expect(rest, name).toMatchObject(kind)
    expect(accepted, name).toHaveLength(count)
  }
})
