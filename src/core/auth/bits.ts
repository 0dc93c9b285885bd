/** Sets of small whole numbers, as bits: the past of an op is one of them. */
export type Bits = Uint32Array

/** The set of what the given sets hold, and room for numbers up to `size`. */
export function union(size: number, ...sets: readonly Bits[]): Bits {
  const all = new Uint32Array((size + 31) >>> 5)
  for (const set of sets) set.forEach((word, at) => (all[at] = (all[at] as number) | word))
  return all
}

/** Puts a number into a set made wide enough for it. */
export function include(set: Bits, number: number): void {
  set[number >>> 5] = (set[number >>> 5] as number) | (1 << (number & 31))
}

/** Whether the number is in the set; what lies beyond its width is not. */
export function holds(set: Bits, number: number): boolean {
  return (((set[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1
}
