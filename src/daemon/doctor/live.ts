/** How a running room is: what only the daemon knows. Nobody is asked and nothing is dialled. */
import { keyOf } from '../../core/brand.ts'
import { leaderNow, modeNow, termOf, votersNow } from '../../core/engine/chain.ts'
import type { Now } from '../../core/engine/effect.ts'
import type { EndedLife, Engine } from '../../core/engine/state.ts'
import { isLoopback, parseEndpoint } from '../../mesh/address.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { clockFindings } from './clock.ts'
import { error, fine, type Found, note, warning } from './finding.ts'
import { misdeedFindings } from './misdeeds.ts'
import { mdnsFindings, peerFindings, strangerFindings } from './peers.ts'

/** What is told where there is no room to look at. */
export function inLobby(): Found {
  const text = 'peers, addresses, mDNS, clock and lease were not looked at: there is no room yet'
  return note('mesh', 'mesh-unseen', text, 'knot up, or knot join "knot://…"')
}

/** Everything about peers and the lease, in one order. */
export function liveFindings(room: RunningRoom): Found[] {
  const { engine } = room
  const now = room.now()
  return [
    ...membership(engine),
    listening(room.mesh.addresses(), room.identity.config.lanOnly === true),
    ...peerFindings(room),
    ...strangerFindings(room),
    ...misdeedFindings(engine, now),
    ...mdnsFindings(room),
    ...clockFindings(skews(engine, now)),
    lease(engine, now),
    ...lifeFindings(engine.lives),
    ...volumeFindings(engine),
  ]
}

/** A finding for each incarnation that ended since the daemon started. */
export function lifeFindings(lives: readonly EndedLife[]): Found[] {
  return lives.map(({ why, at }) => {
    const when = new Date(at).toISOString()
    const text = `this agent began a new incarnation at ${when}: ${why}`
    const fix = 'if .knot was copied to another machine, remove one copy, and join from there anew'
    return note('incarnation', 'life-ended', text, fix)
  })
}

/** The volume that the room is in, and what was carried into it otherwise than computed here. */
export function volumeFindings({ volume, size, cuts, differs }: VolumeView): Found[] {
  const behind = cuts.length > volume.number ? `, and the room is in volume ${cuts.length}` : ''
  const changes = size.changes === 1 ? '1 change' : `${size.changes} changes`
  const here = fine('volume', `volume ${volume.number}, ${changes}${behind}`)
  const wrong = differs.map(({ volume: number, confirmed, computed }) => {
    const other = `this peer computed ${computed}`
    const text = `the cut of volume ${number} carried ${confirmed}, and ${other}`
    const fix = 'compare knot version on all peers; the room goes on with what was confirmed'
    return error('volume', { code: 'cut-differs', text, fix })
  })
  return [here, ...wrong]
}

type VolumeView = Pick<Engine, 'size' | 'differs'> & {
  volume: { number: number }
  cuts: readonly unknown[]
}

function membership(engine: Engine): Found[] {
  const me = engine.membership.byKey(engine.me.signer.key)
  const room = `the room ${engine.membership.roomName}`
  if (me?.status === 'member') return [fine('room', `${me.name}, ${me.role} of ${room}`)]
  const text = `this agent is no member of ${room} any more`
  const fix = 'ask an admin; your commits are in this clone as before'
  return [error('room', { code: 'not-a-member', text, fix })]
}

/** The finding for the addresses that a daemon listens on. */
export function listening(addresses: readonly string[], lanOnly: boolean): Found {
  const where = addresses.join(', ')
  const hostOf = (address: string) => parseEndpoint(address)?.host ?? '127.0.0.1'
  const far = addresses.filter((address) => !isLoopback(hostOf(address)))
  if (far.length > 0) return fine('listening', `${where}${lanOnly ? ', local networks only' : ''}`)
  const text = addresses.length === 0
    ? 'the daemon listens on no address'
    : `the daemon listens on ${where} only: no other machine can reach it, though it can reach them`
  const fix = 'take "listen" out of .knot/config.json, then knot down && knot up'
  return warning('listening', { code: 'listening-loopback', text, fix })
}

/** How far the clocks of those heard lately run ahead of this one, in ms, by name. */
function skews(engine: Engine, now: Now): { name: string; ahead: number }[] {
  const found: { name: string; ahead: number }[] = []
  for (const [key, { beat, heard }] of engine.presence) {
    // A beat carries its author's wall clock; this one showed that much when it came.
    const here = now.wall - (now.mono - heard)
    found.push({ name: whoIs(engine, key).name, ahead: beat.counter - here })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function lease(engine: Engine, now: Now): Found {
  const leader = leaderNow(engine, now)
  const voters = votersNow(engine).map((actor) => whoIs(engine, keyOf(actor)).name)
  const of = `term ${termOf(engine)}, voters ${voters.join(', ')}`
  if (leader !== undefined && modeNow(engine, now) !== 'provisional') {
    const who = leader.mine ? 'this agent' : whoIs(engine, keyOf(leader.actor)).name
    return fine('lease', `${who} leads, ${of}`)
  }
  const text = `nobody leads (${of}): what is done now is provisional, and nothing lands`
  const fix = 'bring a majority of the voters online; it settles by itself'
  return warning('lease', { code: 'lease-vacant', text, fix })
}
