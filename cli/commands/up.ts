import { Command, Option } from 'clipanion'
import type { Client } from '../../src/api/client.ts'
import { Failure, problemOf } from '../../src/api/errors.ts'
import type { Input, Output } from '../../src/api/types.ts'
import { checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { initialise } from '../daemon.ts'
import { agentName, typedName } from '../name.ts'
import { whole } from '../options.ts'
import { cleanLine, table } from '../print.ts'

/** `knot up` */
export class Up extends KnotCommand {
  static override paths = [['up']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Make this repository’s room, or resume it, and print the invite link',
    details: `
      Starts the daemon of this checkout and makes a room around the repository; where there is a
      room already, it is resumed. Whoever has the printed link can join, so pass it on as you
      would a password.
    `,
    examples: [
      ['Make a room', '$0 up'],
      ['Choose the names', '$0 up --name ada --room weft'],
      ['Let nobody in who was not looked at', '$0 up --approve'],
      ['Listen on a port that a firewall lets through', '$0 up --port 4180'],
    ],
  })

  name = Option.String('--name', {
    description: 'Name of this agent (else KNOT_NAME, else git’s user.name)',
  })

  room = Option.String('--room', { description: 'Name of a new room (else the folder’s)' })
  approve = Option.Boolean('--approve', false, {
    description: 'In a new room: whoever joins waits for `knot approve`',
  })

  port = Option.String('--port', { description: 'TCP port to listen on (else any free one)' })

  async run(): Promise<Answer> {
    const port = this.port === undefined ? undefined : whole('--port', this.port, PORTS)
    const name = typedName(this.name)
    const checkout = checkoutOf(this.context.cwd)
    if (checkout.stage === 'bare') {
      await initialise(checkout, await agentName(name, this.context), this.context)
    }
    const daemon = await this.daemonOf(checkout, port === undefined ? [] : ['--port', `${port}`])
    const { room } = this
    this.waiting.wait('making the room, and publishing HEAD…')
    const made = await create(daemon, {
      ...(name === undefined ? {} : { name }),
      ...(room === undefined ? {} : { room }),
      approve: this.approve,
    })
    if (port !== undefined) await requirePort(daemon, port)
    const rows = [
      ['room', `${cleanLine(made.room.name)} (${made.kind})`],
      ['you', `${cleanLine(made.agent.name)} (${made.fingerprint})`],
    ]
    const { link } = made
    return {
      result: { ...made, id: made.room.id },
      text: [table(rows), ...(link === undefined ? [] : [link]), made.prompt].join('\n\n'),
      next: link === undefined ? ['knot invite', 'knot status'] : ['knot status'],
    }
  }
}

/** Makes or resumes the room. A daemon without one could only try its port again, so it ends. */
async function create(daemon: Client, input: Input<'room.create'>): Promise<Output<'room.create'>> {
  try {
    return await daemon.call('room.create', input)
  } catch (thrown) {
    if (problemOf(thrown).code === 'PORT_TAKEN') await daemon.call('down', {})
    throw thrown
  }
}

const PORTS = { min: 1, max: 65_535 }

/** A daemon that ran before this command listens where it was told then. */
async function requirePort(daemon: Client, port: number): Promise<void> {
  const { addresses } = await daemon.call('status', {})
  if (addresses.length === 0 || addresses.some((address) => address.endsWith(`:${port}`))) return
  const reason = `the running daemon listens on ${addresses.join(', ')}, not on port ${port}.`
  throw new Failure('PORT_TAKEN', reason, `knot down && knot up --port ${port}`)
}
