/** Listening: a node with its sockets open, or why that cannot be. */
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Listener } from '@libp2p/interface'
import { type Endpoint, formatEndpoint, fromMultiaddr, isLan } from './address.ts'
import { usable, worthTelling } from './interfaces.ts'
import type { Listen, MeshOptions, StartOutcome } from './port.ts'
import { createNode, type Node } from './settings.ts'

/** `places` tells where others can reach the node, as of the moment of the call. */
export type ListenOutcome =
  | { kind: 'listening'; node: Node; places: () => Endpoint[] }
  | Exclude<StartOutcome, { kind: 'started' }>

/** Makes a node and opens its sockets. */
export async function listen(options: MeshOptions): Promise<ListenOutcome> {
  const listeners: Listener[] = []
  const places = () => {
    const all = listeners.flatMap((listener) => listener.getAddrs()).map(fromMultiaddr)
    const known = all.filter((place) => place !== undefined)
    const allowed = known.filter(({ host }) => options.reach !== 'lan' || isLan(host))
    return worthTelling(allowed, usable(networkInterfaces()))
  }
  try {
    const node = await createNode(options, places)
    // The only place where the port that was chosen for "any" is told.
    node.addEventListener('transport:listening', ({ detail }) => listeners.push(detail))
    await node.start()
    return { kind: 'listening', node, places }
  } catch (error) {
    return whyNot(options.listen, error as Error)
  }
}

// libp2p says only that something could not be listened on, so each socket is tried once more.
async function whyNot(wanted: readonly Listen[], error: Error) {
  for (const { host, port } of wanted) {
    if (port === 0) continue
    const place = formatEndpoint({ kind: 'tcp', host, port })
    const code = await tryListening({ host, port })
    if (code === 'EADDRINUSE') {
      const why = `port ${port} on ${host} is taken by another program; choose one, or 0 for any`
      return { kind: 'taken', port, why } as const
    }
    const why = `cannot listen on ${place}: ${code}`
    if (code !== undefined) return { kind: 'failed', why } as const
  }
  return { kind: 'failed', why: error.message } as const
}

function tryListening(place: { host: string; port: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'))
    server.listen(place, () => server.close(() => resolve(undefined)))
  })
}
