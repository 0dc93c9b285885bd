/** What would confirm something, for the advice behind an answer. */

/** Advice for what is only provisional; none for what is confirmed. */
export function provisional({ standing }: { standing: 'confirmed' | 'provisional' }): string[] {
  if (standing === 'confirmed') return []
  return ['knot status   (a majority of the voters must be reached to confirm it)']
}
