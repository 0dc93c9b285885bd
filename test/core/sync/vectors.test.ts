import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex } from '../../../src/core/bytes/text.ts'
import { factId } from '../../../src/core/room/facts.ts'
import { readBeat } from '../../../src/core/sync/beat.ts'
import { decodeFrame } from '../../../src/core/sync/wire.ts'
import { verify } from '../room/cast.ts'
import { makeVectors, shown, whyNot } from './vectors.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/sync.json', import.meta.url), 'utf8'),
) as ReturnType<typeof makeVectors>

const bytesOf = (text: string) => fromHex(text) as Uint8Array

test('S468: the vectors are what is written today', () => {
  expect(makeVectors()).toEqual(vectors)
})

test('S468: the frames of the vectors read as they say', () => {
  for (const { frame, bytes } of vectors.frames) {
    const read = decodeFrame(bytesOf(bytes))
    expect(read.kind === 'ok' && shown(read.value)).toEqual(frame)
  }
  for (const { wrong, bytes } of vectors.refused) {
    expect(whyNot(bytesOf(bytes)), wrong).toBeDefined()
  }
})

test('S468: so do its beats and the ids of its facts', () => {
  for (const { beat, bytes } of vectors.beats) {
    expect(readBeat(vectors.room, bytesOf(bytes), verify)).toEqual(beat)
  }
  for (const { id, ...place } of vectors.facts) expect(factId(place)).toBe(id)
})
