/** Git's own words about how far it is, as it writes them on standard error. */

/** A phase, as "Writing objects", and how far it is. */
export type GitProgress = { phase: string; percent: number }

/** Every percentage in a piece of what git wrote. */
export function readProgress(text: string): GitProgress[] {
  const steps = text.matchAll(/(?:^|[\r\n])(?:remote: )?([A-Z][a-z]+ [a-z]+): +(\d+)%/g)
  return [...steps].map(([, phase = '', percent]) => ({ phase, percent: Number(percent) }))
}

/** The lines that are no progress. */
export function withoutProgress(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/)
  const counts = /^(remote: )?([A-Z][a-z]+ [a-z]+: +\d+|Delta compression using |Total \d+)/
  return lines.filter((line) => !counts.test(line)).join('\n').trim()
}
