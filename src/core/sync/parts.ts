/**
 * Cuts what would not fit one frame into several frames that say the same.
 *
 * Every reader refuses a frame above the limits, and refusing ends the session: a room that grew
 * past one of them would never sync again.
 */
import { AUTH_HEADS_MAX, FRAME_MAX_BYTES, FRAME_OPS_MAX, FRONTIER_MAX } from '../limits.ts'
import type { Frame } from './wire.ts'

/** Frames within the limits that say what this one says, in the order to send them. */
export function partsOf(frame: Frame): Frame[] {
  switch (frame.kind) {
    case 'hello': {
      const { volume } = frame
      const [frontier = [], ...more] = cut(frame.frontier, { count: FRONTIER_MAX })
      const hello: Frame = { ...frame, authHeads: named(frame.authHeads), frontier }
      return [hello, ...more.map((rows) => ({ kind: 'have' as const, volume, frontier: rows }))]
    }
    case 'auth': {
      const heads = named(frame.heads)
      if (frame.ops.length === 0) return [{ ...frame, heads }]
      const bounds = { count: FRAME_OPS_MAX, bytes: OPS_BYTES }
      const parts = cut(frame.ops, bounds, ({ length }) => length + 4)
      return parts.map((ops) => ({ ...frame, heads, ops }))
    }
    case 'have':
      return cut(frame.frontier, { count: FRONTIER_MAX }).map((rows) => {
        return { ...frame, frontier: rows }
      })
    case 'want':
      return cut(frame.streams, { count: FRONTIER_MAX }).map((streams) => ({ ...frame, streams }))
    case 'held':
      return cut(frame.pushes, { count: FRAME_OPS_MAX }).map((pushes) => ({ ...frame, pushes }))
    default:
      return [frame]
  }
}

/** Room for ops beside the kind, the heads and the counts. */
const OPS_BYTES = FRAME_MAX_BYTES - 1024

/**
 * Some heads, when there are more than a frame names: whoever reads fewer takes us to lack what
 * only the others lead to, and sends it again, which costs bytes and changes nothing.
 */
function named<Head>(heads: readonly Head[]): Head[] {
  return heads.slice(0, AUTH_HEADS_MAX)
}

/** Consecutive parts of a list, each within the bounds; an item above them stands alone. */
function cut<Item>(
  items: readonly Item[],
  { count, bytes = Infinity }: { count: number; bytes?: number },
  sizeOf: (item: Item) => number = () => 0,
): Item[][] {
  const parts: Item[][] = []
  let size = 0
  for (const item of items) {
    size += sizeOf(item)
    const part = parts.at(-1)
    if (part !== undefined && part.length < count && size <= bytes) {
      part.push(item)
    } else {
      parts.push([item])
      size = sizeOf(item)
    }
  }
  return parts
}
