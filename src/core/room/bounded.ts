/**
 * Cuts what a fact says to what a fact may hold. Everything that reaches a fact from git or from a
 * check goes through here: one fact too large, and the push that it is about would wait for ever.
 *
 * Sizes are those of the JSON: a path may be 4 KiB long, and a control character is 6 bytes there.
 */
import { utf8 } from '../bytes/text.ts'
import {
  CHECKS_NAMED_MAX,
  CHECKS_NAMED_MAX_BYTES,
  FILES_NAMED_MAX,
  FILES_NAMED_MAX_BYTES,
  VERDICT_OUTPUT_MAX_BYTES,
} from '../limits.ts'
import type { CheckRun, Named } from './facts.ts'

/** The first names that fit a fact, and how many there were, or a larger count that is known. */
export function boundedFiles(names: readonly string[], fileCount: number = names.length): Named {
  const files: string[] = []
  let bytes = 0
  for (const name of names.slice(0, FILES_NAMED_MAX)) {
    bytes += sizeOf(name) + 1
    if (bytes > FILES_NAMED_MAX_BYTES) break
    files.push(name)
  }
  return { files, fileCount: Math.max(fileCount, names.length) }
}

/** The end of a check's output, where tools say what went wrong. */
export function boundedOutput(output: string): string {
  // Every UTF-16 unit takes a byte of JSON at least, so what stands before these is cut anyway.
  const back = [...output.slice(-VERDICT_OUTPUT_MAX_BYTES)].reverse()
  return back.slice(0, fitting(back, VERDICT_OUTPUT_MAX_BYTES)).reverse().join('')
}

/** The first checks that a fact names, with their names and commands cut to what then fits. */
export function boundedChecks(checks: readonly CheckRun[]): CheckRun[] {
  const named = checks.slice(0, CHECKS_NAMED_MAX)
  if (sizeOf(named) <= CHECKS_NAMED_MAX_BYTES) return named
  const share = (CHECKS_NAMED_MAX_BYTES / named.length - CHECK_BYTES) / 2
  return named.map((check) => {
    const { name, command } = check
    return { ...check, name: cut(name, share), command: cut(command, share) }
  })
}

/** What a check takes beside its name and its command: toolchain, sandbox, outcome and digest. */
const CHECK_BYTES = 512

function cut(text: string, bytes: number): string {
  const chars = [...text.slice(0, bytes)]
  return chars.slice(0, fitting(chars, bytes)).join('')
}

/** How many of the leading characters fit so many bytes of JSON, in quotes. */
function fitting(chars: readonly string[], max: number): number {
  let bytes = 2
  for (const [at, char] of chars.entries()) {
    bytes += sizeOf(char) - 2
    if (bytes > max) return at
  }
  return chars.length
}

function sizeOf(value: unknown): number {
  return utf8(JSON.stringify(value)).length
}
