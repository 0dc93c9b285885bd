/** A key as people who live in ssh know it: `ssh-ed25519 AAAA… name`, the line of a `.pub` file. */
import type { PublicKey } from '../brand.ts'
import { base64url, fromBase64url, fromHex, hex, utf8 } from '../bytes/text.ts'
import { isSoundKey } from './ed25519.ts'

const TYPE = 'ssh-ed25519'

export type ParsedKeyLine =
  | { readonly kind: 'key'; readonly key: PublicKey; readonly comment: string | undefined }
  | { readonly kind: 'bad'; readonly why: string }

/** The line for a key, with a name as its comment. */
export function keyLineOf(key: PublicKey, name: string): string {
  const raw = fromHex(key)
  if (raw === undefined) throw new Error(`bug: not a key: ${key}`)
  const blob = [...lengthened(utf8(TYPE)), ...lengthened(raw)]
  return `${TYPE} ${standard(base64url(Uint8Array.from(blob)))} ${name}`
}

/** Reads such a line; the sentence says what is wrong with it. The comment is what follows. */
export function parseKeyLine(line: string): ParsedKeyLine {
  const [type = '', text = '', ...rest] = line.trim().split(/\s+/)
  if (type !== TYPE) {
    const known = /^(ssh|ecdsa|sk)-/.test(type)
    return bad(known ? `a key of type ${type} is no Ed25519 key` : `it does not begin with ${TYPE}`)
  }
  const blob = fromBase64url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'))
  if (blob === undefined) return bad('what follows the type is not base64')
  const head = lengthened(utf8(TYPE))
  const isHead = head.every((byte, at) => blob[at] === byte)
  const size = blob.length - head.length
  if (!isHead || size !== 36 || hex(blob.slice(-36, -32)) !== '00000020') {
    return bad('the key was cut short, or changed')
  }
  const key = hex(blob.slice(-32)) as PublicKey
  if (!isSoundKey(key)) return bad('it is no sound Ed25519 key; make a new one')
  return { kind: 'key', key, comment: rest.length === 0 ? undefined : rest.join(' ') }
}

/** A string of ssh: its length in four bytes, big-endian, then itself. None here is long. */
function lengthened(bytes: Uint8Array): number[] {
  return [0, 0, 0, bytes.length, ...bytes]
}

function standard(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/')
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

function bad(why: string): ParsedKeyLine {
  return { kind: 'bad', why }
}
