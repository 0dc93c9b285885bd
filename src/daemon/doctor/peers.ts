/** Each member: reached, and how; or not reached, and why. */
import type { Member } from '../../core/auth/members.ts'
import { isLeftOut } from '../../core/engine/misdeeds.ts'
import type { Engine } from '../../core/engine/state.ts'
import { OFFLINE_MS } from '../../core/limits.ts'
import type { Reaching, Survey } from '../../mesh/port.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { fine, type Found, note, warning } from './finding.ts'

/** A finding for every other member. */
export function peerFindings(room: RunningRoom): Found[] {
  const { engine } = room
  const { peers } = room.mesh.survey()
  // Of those that are left out, their misdeeds say why.
  const dialled = others(engine).filter(({ key }) => !isLeftOut(engine, key))
  return dialled.map((member) => {
    const session = engine.sessions.get(member.key)
    if (session?.actor !== undefined) {
      return fine('peer', `${member.name}: connected, ${session.path} ${session.address}`)
    }
    const reaching = peers.find(({ key }) => key === member.key)
    const why = whyAway(member.name, reaching)
    if (heardOf(room, member)) {
      const text = `${member.name}: heard through others; ${why.text}`
      return note('peer', 'peer-indirect', text, why.fix)
    }
    const seen = room.lastSeen(member.key)
    const since = seen === undefined ? 'not seen since this daemon began' : `seen ${ago(seen)}`
    const text = `${member.name}: not reached (${since}): ${why.text}`
    return warning('peer', { code: 'peer-unreached', text, fix: why.fix })
  })
}

function others({ membership, me }: Engine): Member[] {
  return [...membership.members.values()]
    .filter(({ status, agent }) => status === 'member' && agent !== me.agent)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function heardOf({ engine, now }: RunningRoom, { key }: Member): boolean {
  const heard = engine.presence.get(key)?.heard
  return heard !== undefined && now().mono - heard < OFFLINE_MS
}

/** Members that are reached, where somebody else answered at another address of theirs. */
export function strangerFindings({ engine, mesh }: RunningRoom): Found[] {
  return mesh.survey().peers.flatMap(({ key, state, addresses }) => {
    const { name } = whoIs(engine, key)
    const met = addresses.map(({ why }) => why ?? '')
    const odd = met.filter((why) => /is another peer|does not know this room/.test(why))
    if (state === 'away' || odd.length === 0) return []
    const text = `${name}: is reached, but not everywhere: ${odd.map((why) => why + meaning(why))}`
    const fix = `compare the fingerprint with ${name}, if the network is not one that you trust`
    return [note('peer', 'peer-stranger', text, fix)]
  })
}

/** Why a peer is not reached, from what the newest dial of each of its addresses met. */
export function whyAway(
  name: string,
  reaching: Reaching | undefined,
): { text: string; fix: string } {
  const addresses = reaching?.addresses ?? []
  if (addresses.length === 0) {
    const text = 'no address of it is known, and mDNS has not heard it'
    return { text, fix: `have ${name} run knot up; then it finds you by its own addresses` }
  }
  const met = addresses.map(({ address, why }) => why ?? `${address}: not dialled yet`)
  const told = met.map((why) => `${why}${meaning(why)}`)
  return { text: told.join('; '), fix: fixFor(name, met) }
}

const SOMEBODY_ELSE = 'an address that moved on, or somebody in the middle: it was told nothing'

const MEANINGS: readonly [RegExp, string][] = [
  [/ECONNREFUSED$/, ' (that machine is on, and no daemon listens there)'],
  [/(EHOSTUNREACH|ENETUNREACH)$/, ' (no way there from this network)'],
  [/ENOTFOUND$/, ' (no such name)'],
  [/is another peer/, ` (${SOMEBODY_ELSE})`],
  [/does not know this room/, ` (${SOMEBODY_ELSE})`],
  [/does not answer$/, ' (the machine is off, or a firewall drops it)'],
]

function meaning(why: string): string {
  return MEANINGS.find(([form]) => form.test(why))?.[1] ?? ''
}

function fixFor(name: string, met: readonly string[]): string {
  const has = (words: string) => met.some((why) => why.includes(words))
  if (has('takes no session')) return `have ${name} run knot status`
  if (has('stays on the LAN')) return 'set lanOnly to false, or use a VPN'
  if (has('ECONNREFUSED')) return `have ${name} run knot up`
  return `have ${name} run knot up, and let the port in its knot status through its firewall`
}

/** What mDNS hears: nothing of it is needed where addresses work. */
export function mdnsFindings({ engine, mesh }: RunningRoom): Found[] {
  return mdnsFinding(mesh.survey().mdns, {
    nameOf: (key) => whoIs(engine, key).name,
    isAlone: others(engine).length === 0,
  })
}

/** The finding for what a survey says of mDNS. */
export function mdnsFinding(
  mdns: Survey['mdns'],
  { nameOf, isAlone }: { nameOf: (key: Reaching['key']) => string; isAlone: boolean },
): Found[] {
  if (mdns === undefined) return []
  const { interfaces, heard } = mdns
  const faults = interfaces.filter(({ fault }) => fault !== undefined)
  if (faults.length > 0) {
    const text = `not everywhere: ${faults.map(({ ip, fault }) => `${ip}: ${fault}`).join('; ')}`
    return [note('mdns', 'mdns-fault', text, 'addresses work without it: knot invite has yours')]
  }
  const where = interfaces.map(({ ip }) => ip).join(', ')
  if (interfaces.length === 0) {
    const text = 'used on no interface: there is no IPv4 address to announce'
    return [note('mdns', 'mdns-nowhere', text)]
  }
  const names = heard.map(nameOf).sort().join(', ')
  if (heard.length > 0) return [fine('mdns', `heard ${names} on ${where}`)]
  if (isAlone) return [fine('mdns', `listening on ${where}; there is nobody else in the room yet`)]
  const text = `heard nobody of the room on ${where}: multicast may be blocked, or nobody is near`
  return [note('mdns', 'mdns-silent', text, 'addresses work without it: knot invite has yours')]
}

/** How long ago a moment of this machine's clock was, for people. */
export function ago(at: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`
  return `${Math.round(seconds / 3600)} h ago`
}
