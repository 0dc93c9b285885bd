import { Command, Option } from 'clipanion'
import type { Client } from '../../src/api/client.ts'
import { Failure, problemOf } from '../../src/api/errors.ts'
import type { Input, Output } from '../../src/api/types.ts'
import { type Checkout, checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import type { KnotContext } from '../context.ts'
import { initialise, runningDaemon } from '../daemon.ts'
import { agentName, typedName } from '../name.ts'
import { whole } from '../options.ts'
import { cleanLine, table } from '../print.ts'
import { askSettings } from '../settings.ts'

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
      ['Vote, and leave merging and checking to the others', '$0 up --no-integrate'],
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

  integrate = Option.Boolean('--integrate', {
    description: 'This agent may lead and integrate; `--no-integrate`: it only votes, from now on',
  })

  async run(): Promise<Answer> {
    const port = this.port === undefined ? undefined : whole('--port', this.port, PORTS)
    const name = typedName(this.name)
    const checkout = checkoutOf(this.context.cwd)
    if (checkout.stage === 'bare') {
      await initialise(checkout, await agentName(name, this.context), this.context)
    }
    if (this.integrate !== undefined) await this.setIntegrate(checkout, this.integrate)
    const daemon = await this.daemonOf(checkout, port === undefined ? [] : ['--port', `${port}`])
    const { room } = this
    this.waiting.wait('making the room, and publishing HEAD…')
    const made = await create(daemon, {
      ...(name === undefined ? {} : { name }),
      ...(room === undefined ? {} : { room }),
      approve: this.approve,
    })
    if (port !== undefined) await requirePort(daemon, port)
    await requireIntegrate(daemon, this.integrate, this.context.env)
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

  /** A setting, and not a matter of this run: any later command may start the daemon again. */
  private async setIntegrate(checkout: Checkout, integrate: boolean): Promise<void> {
    if (!integrate && checkout.stage !== 'in-room') throw nobodyToLead('would make a room')
    if (!integrate) await requireAnother(checkout, this.context)
    await askSettings(checkout, ['--set', `integrate=${integrate}`], this.context)
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

/** A room none of whose voters leads could confirm nothing, for ever. */
function nobodyToLead(what: string): Failure {
  const reason = `--no-integrate ${what} that nobody can lead: no other voter is known who may.`
  return new Failure('USAGE', reason, 'knot up, and knot up --no-integrate once others vote')
}

/** As far as a daemon runs that knows of the other voters; one that was not heard may lead. */
async function requireAnother(checkout: Checkout, context: KnotContext): Promise<void> {
  const daemon = await runningDaemon(checkout, context)
  if (daemon === undefined) return
  try {
    const { voters } = await daemon.call('lease', {})
    if (voters.some(({ me, integrates }) => !me && integrates)) return
  } finally {
    daemon.close()
  }
  throw nobodyToLead('would leave a room')
}

/** A daemon that ran before goes on as it began, and what somebody exported stands above all. */
async function requireIntegrate(
  daemon: Client,
  wanted: boolean | undefined,
  env: KnotContext['env'],
): Promise<void> {
  if (wanted === undefined) return
  const { members } = await daemon.call('status', {})
  const { integrates } = members.find(({ me }) => me) ?? {}
  if (integrates === undefined || integrates === wanted) return
  const exported = env['KNOT_INTEGRATE'] ?? ''
  if (exported !== '' && exported !== String(wanted)) {
    const reason = `KNOT_INTEGRATE is ${exported}, and stands above what was written.`
    throw new Failure('FAILED', reason, 'unset KNOT_INTEGRATE; knot down && knot up')
  }
  const now = integrates ? 'may lead' : 'never leads'
  const reason = `integrate = ${wanted} is written; the running daemon began before, and ${now}.`
  throw new Failure('FAILED', reason, 'knot down && knot up')
}

const PORTS = { min: 1, max: 65_535 }

/** A daemon that ran before this command listens where it was told then. */
async function requirePort(daemon: Client, port: number): Promise<void> {
  const { addresses } = await daemon.call('status', {})
  if (addresses.length === 0 || addresses.some((address) => address.endsWith(`:${port}`))) return
  const reason = `the running daemon listens on ${addresses.join(', ')}, not on port ${port}.`
  throw new Failure('PORT_TAKEN', reason, `knot down && knot up --port ${port}`)
}
