/**
 * Addresses as people write them: `host:port`, `[v6]:port`, and `ws://host:port` for WebSocket.
 * libp2p's own form stays inside this folder.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/** One place to dial or to listen on; the host is a name or an IP address without brackets. */
export type Endpoint = { kind: 'tcp' | 'ws'; host: string; port: number }

/** Reads an address; undefined when it is not one. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(ws:\/\/)?(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+)):(\d{1,5})\/?$/i.exec(text)
  if (match === null) return undefined
  const [, scheme, v6, name] = match
  const port = Number(match[4])
  if (port < 1 || port > 65_535 || (v6 !== undefined && !isIPv6(v6))) return undefined
  return { kind: scheme === undefined ? 'tcp' : 'ws', host: v6 ?? name ?? '', port }
}

/** The inverse of `parseEndpoint`. */
export function formatEndpoint({ kind, host, port }: Endpoint): string {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return kind === 'ws' ? `ws://${place}` : place
}

/** libp2p's form of an endpoint whose host is an IP address. */
export function toMultiaddr({ kind, host, port }: Endpoint): Multiaddr {
  const family = isIPv6(host) ? 'ip6' : 'ip4'
  return multiaddr(`/${family}/${host}/tcp/${port}${kind === 'ws' ? '/ws' : ''}`)
}

/** The endpoint inside libp2p's form, whatever follows it; undefined for relayed ones. */
export function fromMultiaddr(address: Multiaddr): Endpoint | undefined {
  const parts = address.getComponents()
  const host = parts.find((part) => part.name === 'ip4' || part.name === 'ip6')?.value
  const port = Number(parts.find((part) => part.name === 'tcp')?.value)
  if (host === undefined || !Number.isInteger(port)) return undefined
  if (parts.some((part) => part.name === 'p2p-circuit')) return undefined
  return { kind: parts.some((part) => part.name === 'ws') ? 'ws' : 'tcp', host, port }
}

// Carrier-grade NAT (100.64/10) is where overlay networks such as Tailscale live: private enough.
const LAN = new BlockList()
LAN.addSubnet('10.0.0.0', 8)
LAN.addSubnet('172.16.0.0', 12)
LAN.addSubnet('192.168.0.0', 16)
LAN.addSubnet('100.64.0.0', 10)
LAN.addSubnet('169.254.0.0', 16)
LAN.addSubnet('127.0.0.0', 8)
LAN.addSubnet('fc00::', 7, 'ipv6')
LAN.addSubnet('fe80::', 10, 'ipv6')
LAN.addAddress('::1', 'ipv6')

/** Whether an IP address is in a private, loopback, link-local or carrier-grade range. */
export function isLan(ip: string): boolean {
  const plain = unmapped(ip)
  const family = isIP(plain)
  return family !== 0 && LAN.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whether an IP address never leaves the machine. */
export function isLoopback(ip: string): boolean {
  const plain = unmapped(ip)
  return plain === '::1' || plain.startsWith('127.')
}

/** Orders IP addresses for dialling and for invites: local network, public, loopback last. */
export function rankOf(ip: string): number {
  if (isLoopback(ip)) return 3
  if (!isLan(ip)) return 2
  return isIPv6(ip) ? 1 : 0
}

// A socket that listens on both families reports IPv4 peers as ::ffff:1.2.3.4; zones are local.
function unmapped(ip: string): string {
  const plain = ip.replace(/%.*$/, '')
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (dotted !== undefined) return dotted
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(plain)
  if (mapped === null) return plain
  const bits = (Number.parseInt(mapped[1] ?? '', 16) << 16) | Number.parseInt(mapped[2] ?? '', 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
