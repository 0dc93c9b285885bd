/** The daemon's side of the remote helper, and the peer behind it, as a test needs them. */
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installHelper, type Route } from '../../src/git/fetch.ts'
import type { Mirror } from '../../src/git/repository.ts'
import { serveUploadPack } from '../../src/git/uploadPack.ts'
import { folder, signal } from './scratch.ts'

export const SCRIPT = fileURLToPath(new URL('../../cli/git-remote-knot.mjs', import.meta.url))

/** What the daemon does with one request: serve a mirror, answer a line, or hang. */
export type Answer = { serve: Mirror } | { line: string } | 'hang' | 'close'

export type Daemon = { route: Route; requests: string[]; close: () => Promise<void> }

/** Listens as the daemon does, answering each request in turn by `answer`. */
export async function daemon(answer: () => Answer): Promise<Daemon> {
  const at = folder('d')
  const route = { helperFolder: join(at, 'bin dir'), socket: join(at, 's') }
  await installHelper({ folder: route.helperFolder, script: SCRIPT })
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', (chunk: Buffer) => {
      requests.push(chunk.toString('utf8'))
      respond(socket, answer())
    })
  })
  await listening(server, route.socket)
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  return { route, requests, close }
}

function respond(socket: Socket, answer: Answer): void {
  if (answer === 'hang') return
  if (answer === 'close') return void socket.destroy()
  if ('line' in answer) return void socket.end(answer.line)
  const pack = serveUploadPack(answer.serve, signal)
  socket.write('ok\n')
  socket.pipe(pack.stdin)
  pack.stdout.pipe(socket)
  socket.on('close', () => pack.kill())
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => server.listen(path, resolve))
}
