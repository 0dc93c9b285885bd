/** Things at the other end of a socket that behave badly. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Peer } from './world.ts'

/** A TCP server on loopback whose sockets are left to `take`; the port is returned. */
export async function serve(options: {
  take(socket: Socket): void
  cleanups: (() => unknown)[]
}): Promise<number> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    options.take(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  options.cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

/** A wire that can be frozen: it stays open and carries nothing, as when a machine goes away. */
export async function wireTo(peer: Peer, cleanups: (() => unknown)[]) {
  const pairs: [Socket, Socket][] = []
  const take = (near: Socket) => {
    const far = connect(Number(peer.address.split(':')[1]), '127.0.0.1')
    far.on('error', () => {})
    near.pipe(far)
    far.pipe(near)
    pairs.push([near, far])
    cleanups.push(() => far.destroy())
  }
  const port = await serve({ take, cleanups })
  const freeze = () => {
    for (const [near, far] of pairs) {
      near.unpipe(far).pause()
      far.unpipe(near).pause()
    }
  }
  return { address: `127.0.0.1:${port}`, freeze }
}
