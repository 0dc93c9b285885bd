/** Damage to honest bytes, by a seed. */
import { dice } from '../core/room/cast.ts'

export type Roll = ReturnType<typeof dice>
export { dice }

/** Lengths and counts that are too large, and numbers in forms of more than one spelling. */
const NUMBERS: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0xff, 0x7f],
  [0x80, 0],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x94, 0xeb, 0xdc, 0x03],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  Array<number>(12).fill(0xff),
]

/** The same bytes with one to four edits; `other` is what pieces may come from. */
export function mutated(bytes: Uint8Array, other: Uint8Array, roll: Roll): Uint8Array {
  let now = bytes
  for (let edits = roll(4) + 1; edits > 0; edits--) now = edited(now, other, roll)
  return now
}

function edited(bytes: Uint8Array, other: Uint8Array, roll: Roll): Uint8Array {
  const at = roll(bytes.length + 1)
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (roll(9)) {
    case 0:
    case 1: {
      const flipped = bytes.slice()
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << roll(8))
      return flipped
    }
    case 2: {
      const set = bytes.slice()
      if (at < set.length) set[at] = roll(256)
      return set
    }
    // A length edit: one number in place of the byte that stood there.
    case 3:
      return joined(before, Uint8Array.from(NUMBERS[roll(NUMBERS.length)] ?? []), behind.subarray(1))
    case 4:
      return joined(before, behind.subarray(roll(9) + 1))
    case 5:
      return joined(before, behind.subarray(0, roll(40)), behind)
    case 6:
      return roll(4) === 0 ? before : joined(before, Uint8Array.of(roll(256)), behind)
    case 7: {
      const from = roll(other.length + 1)
      return joined(before, other.subarray(from, from + roll(60)), behind)
    }
    default:
      return joined(before, other.subarray(roll(other.length + 1)))
  }
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}
