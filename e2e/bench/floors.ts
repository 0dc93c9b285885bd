/** Floors: what the same thing costs with nothing of knot in it. */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { ends, timed, type Way } from './measure.ts'

const MESSAGE_BYTES = 300

/** `node -e 0`, from start to end. */
export const bareNode: Way = () => timed(() => ends([process.execPath, '-e', '0'], { cwd: '/' }))

/** A message as bare as can be: 300 bytes appended and fsynced, then over TCP and back. */
export async function bareMessage(
  folder: string,
): Promise<{ way: Way; close: () => Promise<void> }> {
  const server = createServer((socket) => {
    socket.setNoDelay(true).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, noDelay: true })
  await once(socket, 'connect')
  const log = await open(join(folder, 'floor.log'), 'a')
  const message = Buffer.alloc(MESSAGE_BYTES, 'x')
  return {
    way: () => timed(async () => {
      await log.write(message)
      await log.datasync()
      let back = 0
      const whole = new Promise<void>((resolve) => {
        const count = (chunk: Buffer) => {
          back += chunk.length
          if (back < MESSAGE_BYTES) return
          socket.off('data', count)
          resolve()
        }
        socket.on('data', count)
      })
      socket.write(message)
      await whole
    }),
    close: async () => {
      socket.destroy()
      server.close()
      await log.close()
    },
  }
}
