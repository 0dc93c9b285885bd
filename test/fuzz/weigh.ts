/** Roughly what a value keeps in memory, counted and not measured: the same on every machine. */

const SLOT = 8
const OBJECT = 32

/** Bytes that are reachable from a value; buffers in `shared` cost nothing, others once. */
export function weigh(value: unknown, shared: readonly ArrayBufferLike[] = []): number {
  const seen = new Set<unknown>(shared)
  const weighOne = (each: unknown): number => {
    if (typeof each === 'string') return each.length
    if (typeof each !== 'object' || each === null) return SLOT
    if (ArrayBuffer.isView(each)) return OBJECT + weighOne(each.buffer)
    if (seen.has(each)) return SLOT
    seen.add(each)
    if (each instanceof ArrayBuffer) return OBJECT + each.byteLength
    const inner = each instanceof Map ? [...each].flat() : each instanceof Set ? [...each]
      : Object.values(each)
    return inner.reduce((sum: number, item) => sum + SLOT + weighOne(item), OBJECT)
  }
  return weighOne(value)
}
