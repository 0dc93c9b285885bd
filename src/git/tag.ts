/** Tag objects: a text that git carries beside the commit that it is about. */
import type { Instant, Oid } from '../core/brand.ts'
import { run } from './door.ts'
import { parseOid } from './refs.ts'
import { inside, type Mirror } from './repository.ts'

/** Writes a tag object; the same values give the same object. No ref names it yet. */
export async function writeTag(
  mirror: Mirror,
  { commit, name, by, at, text }: {
    commit: Oid
    name: string
    by: string
    at: Instant
    text: string
  },
  signal: AbortSignal,
): Promise<Oid> {
  const head = `object ${commit}\ntype commit\ntag ${name}\n`
  const tagger = `tagger ${by} <${by}@knot> ${Math.floor(at / 1000)} +0000\n`
  const input = `${head}${tagger}\n${text}\n`
  const { stdout } = await run(['mktag'], { at: inside(mirror), signal, input })
  const oid = parseOid(stdout.toString('utf8').trim())
  if (oid === undefined) throw new Error('bug: mktag named no object')
  return oid
}

/** The commit and the text of a tag object; undefined when it is none, or larger than that. */
export async function readTag(
  mirror: Mirror,
  tag: Oid,
  { maxBytes }: { maxBytes: number },
  signal: AbortSignal,
): Promise<{ commit: Oid; text: string } | undefined> {
  const at = inside(mirror)
  const size = await run(['cat-file', '-s', tag], { at, signal, okCodes: [0, 1, 128] })
  if (size.code !== 0 || Number(size.stdout.toString('utf8')) > maxBytes) return undefined
  const { code, stdout } = await run(['cat-file', 'tag', tag], { at, signal, okCodes: [0, 1, 128] })
  if (code !== 0) return undefined
  const [head = '', ...body] = stdout.toString('utf8').split('\n\n')
  const [, name = ''] = /^object ([0-9a-f]{40})\ntype commit\n/.exec(head) ?? []
  const commit = parseOid(name)
  return commit === undefined ? undefined : { commit, text: body.join('\n\n').trim() }
}
