/** Keeping the mirror small and quick: git's own gc is off, since it forgets what no ref names. */
import { GIT_COPY_MS } from '../core/limits.ts'
import { run } from './door.ts'
import { listRefs, moveRefs } from './moves.ts'
import { INTEGRATION_REF, pushRef } from './refs.ts'
import { inside, type Mirror } from './repository.ts'

/** How much there is: bytes of objects, packs and lone objects, refs of pushes. */
export type MirrorSize = { bytes: number; packs: number; loose: number; pushes: number }

/** Measures the mirror. */
export async function sizeOf(mirror: Mirror, signal: AbortSignal): Promise<MirrorSize> {
  const { stdout } = await run(['count-objects', '-v'], { at: inside(mirror), signal })
  const counts = new Map<string, number>()
  for (const line of stdout.toString('utf8').split('\n')) {
    const [name = '', value = ''] = line.split(': ')
    counts.set(name, Number(value))
  }
  const of = (name: string) => counts.get(name) ?? 0
  const refs = await listRefs(mirror, signal, PUSHES)
  return {
    bytes: (of('size') + of('size-pack')) * 1024,
    packs: of('packs'),
    loose: of('count'),
    pushes: refs.length,
  }
}

/**
 * Packs what has piled up, and drops the refs of pushes that landed: the integration ref reaches
 * them. No object is forgotten, named by a ref or not.
 */
export async function compact(
  mirror: Mirror,
  { landed }: { landed: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  await dropLanded(mirror, landed, signal)
  const at = inside(mirror)
  const repack = ['repack', '-d', '--geometric=2', '--quiet']
  await run(repack, { at, signal, timeoutMs: GIT_COPY_MS })
  await run(['pack-refs', '--all', '--prune'], { at, signal })
}

const PREFIX = pushRef('')
const PUSHES = PREFIX.slice(0, -1)

/** Only where the integration ref here has come so far: a ref is what keeps objects served. */
async function dropLanded(
  mirror: Mirror,
  landed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const list = ['for-each-ref', '--format=%(refname)', `--merged=${INTEGRATION_REF}`, PUSHES]
  const { code, stdout } = await run(list, { at: inside(mirror), signal, okCodes: [0, 128, 129] })
  if (code !== 0) return
  const reached = new Set(stdout.toString('utf8').split('\n'))
  const moves = (await listRefs(mirror, signal, PUSHES))
    .filter(({ ref }) => reached.has(ref) && landed.has(ref.slice(PREFIX.length)))
    .map(({ ref, oid }) => ({ ref, from: oid }))
  if (moves.length > 0) await moveRefs(mirror, moves, signal)
}
