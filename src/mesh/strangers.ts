/**
 * Connections without a session: of peers that are joining, of duplicates on their way out, and of
 * whoever knows the room's secret and just stays. They are few, and they go by themselves.
 */
import type { Connection } from '@libp2p/interface'
import { STRANGER_IDLE_MS, STRANGER_MS, STRANGERS_MAX } from '../core/limits.ts'
import { keyOfPeer } from './key.ts'
import type { MeshOptions } from './port.ts'
import { hangUp } from './protocols.ts'
import type { Node } from './settings.ts'

const SWEEP_MS = 2_000

/** Watches until the returned function is called; connections with a session are left alone. */
export function watchStrangers(
  node: Node,
  { keeps, isMember }: {
    keeps(connection: Connection): boolean
    isMember: MeshOptions['isMember']
  },
): () => void {
  const strangers = () =>
    node
      .getConnections()
      .filter((connection) => connection.direction === 'inbound' && !keeps(connection))
  const isForeign = ({ remotePeer }: Connection) => {
    const key = keyOfPeer(remotePeer)
    return key === undefined || !isMember(key)
  }

  // A member has no session yet either, and whoever fills the places could keep all members out:
  // each of them has as many places of its own.
  const refuseTooMany = ({ detail }: CustomEvent<Connection>) => {
    if (detail.direction !== 'inbound') return
    const own = ({ remotePeer }: Connection) => remotePeer.equals(detail.remotePeer)
    const rivals = strangers().filter(isForeign(detail) ? isForeign : own)
    if (rivals.length > STRANGERS_MAX) {
      detail.abort(new Error('too many connections without a session'))
    }
  }
  node.addEventListener('connection:open', refuseTooMany)

  const sweep = setInterval(() => {
    const now = Date.now()
    for (const connection of strangers()) {
      const age = now - connection.timeline.open
      const idle = connection.streams.length === 0
      if (age > STRANGER_MS || (idle && age > STRANGER_IDLE_MS)) hangUp(connection)
    }
  }, SWEEP_MS)
  sweep.unref()

  return () => {
    clearInterval(sweep)
    node.removeEventListener('connection:open', refuseTooMany)
  }
}
