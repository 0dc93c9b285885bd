/**
 * The invite link: `knot://<room, secret and invite seed>/<addresses>`.
 *
 * One unbroken line of characters that no shell takes for its own, so it survives a chat, a shell
 * and a README. IPv6 addresses stand without brackets, which zsh would expand.
 */
import type { Brand, RoomId } from '../brand.ts'
import { sha256, tagged } from '../bytes/hash.ts'
import { base64url, fromBase64url, fromHex, hex } from '../bytes/text.ts'
import { LINK_ADDRESSES_MAX, LINK_MAX_CHARS } from '../limits.ts'

/** A host name or IP address without brackets, a colon, and a port. */
export type Address = Brand<string, 'Address'>

export type InviteLink = {
  readonly room: RoomId
  /** 32 bytes, as in the genesis: what it takes to be heard at all. */
  readonly secret: Uint8Array
  /** 32 bytes: the private half of the invite. */
  readonly seed: Uint8Array
  /** Where members were when the link was made; may have been cut off. */
  readonly addresses: readonly Address[]
}

export type ParsedLink =
  | { readonly kind: 'link'; readonly link: InviteLink }
  | {
      readonly kind: 'not-a-link' | 'cut-short' | 'damaged' | 'unknown-version' | 'bad-address'
      readonly why: string
    }

const PREFIX = 'knot://'
const VERSION = 1
const CONTENT_BYTES = 1 + 3 * 32
const CHECKSUM_BYTES = 4
const PAYLOAD_BYTES = CONTENT_BYTES + CHECKSUM_BYTES
const PAYLOAD_CHARS = Math.ceil((PAYLOAD_BYTES * 8) / 6)

/** Writes the link that `parseLink` reads. */
export function formatLink({ room, secret, seed, addresses }: InviteLink): string {
  const payload = new Uint8Array(PAYLOAD_BYTES)
  payload[0] = VERSION
  payload.set(fromHex(room) as Uint8Array, 1)
  payload.set(secret, 33)
  payload.set(seed, 65)
  payload.set(checksumOf(payload), CONTENT_BYTES)
  const link = PREFIX + base64url(payload)
  return addresses.length > 0 ? `${link}/${addresses.join(',')}` : link
}

/** Reads a link as it was pasted; what is wrong with it is a kind and a sentence. */
export function parseLink(pasted: string): ParsedLink {
  const text = pasted.trim().replace(/^["'<](.*)["'>]$/s, '$1')
  if (!text.toLowerCase().startsWith(PREFIX)) {
    const why = `"${text.slice(0, 24)}" is not an invite link: it does not begin with ${PREFIX}.`
    return { kind: 'not-a-link', why }
  }
  if (text.length > LINK_MAX_CHARS) {
    const why = `The link has ${text.length} characters, over ${LINK_MAX_CHARS}; copy it again.`
    return { kind: 'damaged', why }
  }

  const [payload = '', list = ''] = text.slice(PREFIX.length).split('/')
  const fault = faultOf(payload)
  if (fault !== undefined) return fault
  const bytes = fromBase64url(payload)
  if (bytes === undefined) return damaged('its last character cannot be right')
  // A wrong letter would only be noticed by dialling peers that do not know the secret it spells.
  const checksum = bytes.subarray(CONTENT_BYTES)
  if (hex(checksum) !== hex(checksumOf(bytes))) return damaged('a character of it was changed')

  const given = list.split(',').filter(part => part !== '')
  if (given.length > LINK_ADDRESSES_MAX) {
    const why = `The link names ${given.length} addresses, over ${LINK_ADDRESSES_MAX}.`
    return { kind: 'bad-address', why }
  }
  const addresses = given.flatMap(part => parseAddress(part) ?? [])
  const bad = given.find(part => parseAddress(part) === undefined)
  if (bad !== undefined) {
    const fix = 'it must be host:port; everything from its "/" on may be left out'
    return { kind: 'bad-address', why: `"${bad}" in the link is not an address: ${fix}.` }
  }
  const room = hex(bytes.subarray(1, 33)) as RoomId
  const [secret, seed] = [bytes.slice(33, 65), bytes.slice(65, CONTENT_BYTES)]
  return { kind: 'link', link: { room, secret, seed, addresses } }
}

/** Reads `host:port`, with or without brackets around IPv6; undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  const [, host = '', digits = ''] = /^(.+):([0-9]{1,5})$/.exec(text.toLowerCase()) ?? []
  const port = Number(digits)
  if (port < 1 || port > 65_535) return undefined

  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const isKnown = bare.includes(':') ? isIpv6(bare) : bare === host && isHost(host)
  return isKnown ? (`${bare}:${port}` as Address) : undefined
}

function faultOf(payload: string): Exclude<ParsedLink, { kind: 'link' }> | undefined {
  const version = fromBase64url(payload.slice(0, 4))?.[0]
  if (!/^[A-Za-z0-9_-]*$/.test(payload)) return damaged('it holds a character that no link has')
  if (version !== undefined && version !== VERSION) {
    const why = `The link is of version ${version}; this knot reads version ${VERSION}. Update it.`
    return { kind: 'unknown-version', why }
  }
  if (payload.length < PAYLOAD_CHARS) {
    const lack = PAYLOAD_CHARS - payload.length
    const why = `The link was cut short: ${lack} characters are missing. Copy all of it.`
    return { kind: 'cut-short', why }
  }
  return payload.length > PAYLOAD_CHARS ? damaged('it is too long') : undefined
}

function checksumOf(payload: Uint8Array): Uint8Array {
  const content = payload.subarray(0, CONTENT_BYTES)
  return sha256(tagged('knot/link/1', content)).subarray(0, CHECKSUM_BYTES)
}

function damaged(why: string): Exclude<ParsedLink, { kind: 'link' }> {
  return { kind: 'damaged', why: `The link is damaged: ${why}. Copy it again.` }
}

function isHost(host: string): boolean {
  if (/^[0-9.]+$/.test(host)) {
    const parts = host.split('.')
    return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
  }
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/
  return host.length <= 253 && host.split('.').every(part => label.test(part))
}

function isIpv6(host: string): boolean {
  const halves = host.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const isFull = halves.length === 1 ? groups.length === 8 : groups.length < 8
  return isFull && groups.every(group => /^[0-9a-f]{1,4}$/.test(group))
}
