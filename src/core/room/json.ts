/** What a field of a fact's JSON object may be. A test of a type is all that is done with it. */
import type { Instant, Oid } from '../brand.ts'
import { fromHex, utf8 } from '../bytes/text.ts'
import { INSTANT_MAX_MS } from '../limits.ts'

export type Json = Record<string, unknown>

/** The object that a text holds; undefined when it holds none. */
export function parseObject(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a whole number from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether a value is a moment that a calendar can show. */
export function isInstant(value: unknown): value is Instant {
  return isCount(value) && value <= INSTANT_MAX_MS
}

/** Whether a value is a text of at most so many bytes. */
export function isText(value: unknown, maxBytes: number): value is string {
  return typeof value === 'string' && utf8(value).length <= maxBytes
}

/** Whether a value is a git object name. */
export function isOid(value: unknown): value is Oid {
  return typeof value === 'string' && value.length === 40 && fromHex(value) !== undefined
}
