/** What measurements stand on: rooms of real peers on the loopback, made when first asked for. */
import { connect, type Client } from '../../src/api/client.ts'
import { socketPath } from '../../src/api/socket.ts'
import { makeRoom, type Peer, type Peers, QUICK, setPeers } from '../peers.ts'

/** Rooms, and a line for whoever waits. */
export type Ground = {
  /** A room of three whose check is as quick as a check can be. */
  three: () => Promise<Peers>
  /** A room of these, for this measurement alone. */
  room: (names: readonly string[], files?: Record<string, string>) => Promise<Peers>
  tell: (text: string) => void
  strike: () => Promise<void>
}

/** An empty ground. */
export function layGround(tell: (text: string) => void): Ground {
  const sets: Peers[] = []
  const room: Ground['room'] = async (names, files = QUICK) => {
    const set = await setPeers(names, { files })
    sets.push(set)
    await makeRoom(set.peers)
    return set
  }
  let shared: Promise<Peers> | undefined
  return {
    room,
    three: () => (shared ??= room(['ada', 'bob', 'carol'])),
    tell,
    strike: async () => {
      for (const set of sets) await set.strike()
    },
  }
}

/** A connection to a peer's daemon that stays. */
export async function clientOf(peer: Peer): Promise<Client> {
  const connected = await connect(await socketPath(peer.knotPath()))
  if (connected.kind === 'connected') return connected.client
  throw new Error(`${peer.name}'s daemon does not answer: ${connected.kind}`)
}
