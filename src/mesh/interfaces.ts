/** Which of this machine's network interfaces matter, from what the system says it has. */
import type { NetworkInterfaceInfo } from 'node:os'
import { type Endpoint, isLoopback, rankOf } from './address.ts'

/** What `os.networkInterfaces()` returns. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** One address of one interface. */
export type Nic = { name: string; ip: string; family: 'IPv4' | 'IPv6' }

// Bridges of containers and virtual machines: every host has the same addresses there, so they
// are of no use to others. In a container or a namespace such a name may be the only way out.
const VIRTUAL = /^(docker|br-|veth|virbr|cni|flannel|lxc|podman)/

/** Addresses worth telling others, best first: virtual ones only when there is no real one. */
export function usable(interfaces: Interfaces): Nic[] {
  const all = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      // A link-local IPv6 address means nothing without the zone, which is another on each host.
      .filter(({ address }) => !address.toLowerCase().startsWith('fe80:'))
      .map(({ address, family }): Nic => ({ name, ip: address, family })),
  )
  const outward = all.filter(({ ip }) => !isLoopback(ip))
  const real = outward.filter(({ name }) => !VIRTUAL.test(name))
  const chosen = [...(real.length > 0 ? real : outward), ...all.filter(({ ip }) => isLoopback(ip))]
  return chosen.sort((a, b) => rankOf(a.ip) - rankOf(b.ip) || (a.ip < b.ip ? -1 : 1))
}

/** Those of the places that are worth telling others, best first; all when none of them is. */
export function worthTelling(places: readonly Endpoint[], nics: readonly Nic[]): Endpoint[] {
  const order = nics.map(({ ip }) => ip)
  const known = places.filter(({ host }) => order.includes(host))
  const chosen = known.length > 0 ? known : [...places]
  return chosen.sort((a, b) => order.indexOf(a.host) - order.indexOf(b.host))
}

/** Changes exactly when an address came or went. */
export function signatureOf(interfaces: Interfaces): string {
  return usable(interfaces)
    .map(({ name, ip }) => `${name} ${ip}`)
    .join('\n')
}
