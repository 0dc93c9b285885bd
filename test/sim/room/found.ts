/** Seeds that once broke a promise, by what was seen. */
export const FOUND: readonly { seed: number; seen: string }[] = [
  { seed: 22, seen: 'whoever was let in by two members at once joined twice, and not for everybody' },
  { seed: 1097, seen: 'an ask that a seal had cut off was told to be lost by some, and not by others' },
]
