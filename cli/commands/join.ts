import { Command, Option } from 'clipanion'
import { Failure, problem } from '../../src/api/errors.ts'
import type { Output } from '../../src/api/types.ts'
import { checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { initialise } from '../daemon.ts'
import { agentName, typedName } from '../name.ts'
import { cleanLine, count, table } from '../print.ts'

/** `knot join` */
export class Join extends KnotCommand {
  static override paths = [['join']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Join a room by its invite link',
    details: `
      Prepares this checkout if it was not, starts its daemon, is admitted by the link’s key and
      fetches what the room knows. Ends when all of that is done; with code 8 when a member has to
      accept you first.
    `,
    examples: [['Join with the link that `knot up` printed', '$0 join "knot://…" --name coder-2']],
  })

  link = Option.String({ name: 'link' })
  name = Option.String('--name', {
    description: 'Name of this agent (else KNOT_NAME, else git’s user.name)',
  })

  async run(): Promise<Answer> {
    const link = this.link.trim()
    if (!/^knot:\/\/[\w-]+(\/\S*)?$/.test(link)) {
      const reason = `"${cleanLine(this.link)}" is not an invite link: those begin with knot://`
      const fix = 'copy the whole line that knot up or knot invite printed, in quotes'
      throw new Failure('LINK_INVALID', reason, fix)
    }
    const name = typedName(this.name)
    const checkout = checkoutOf(this.context.cwd)
    if (checkout.stage === 'bare') {
      await initialise(checkout, await agentName(name, this.context), this.context)
    }
    const daemon = await this.daemonOf(checkout)
    const input = { link, ...(name === undefined ? {} : { name }) }
    const stream = daemon.stream('room.join', input, this.context.signal)
    const joined = await this.drain(stream, ({ text }) => this.progress(text))
    return answer(joined)
  }
}

function answer(joined: Output<'room.join'>): Answer {
  const room = cleanLine(joined.room.name)
  const rows = [
    ['room', `${room} (${count(joined.members, 'member')})`],
    ['you', `${cleanLine(joined.agent.name)} (${joined.fingerprint})`],
  ]
  const result = { ...joined, id: joined.agent.id }
  if (joined.kind !== 'pending') {
    const text = `${table(rows)}\n\n${joined.prompt}`
    return { result, text, next: ['knot status', 'knot log --follow', 'knot sync'] }
  }
  // Of a room that one waits for nothing is known yet, not even its name.
  const waiting = [['room', `${room} (not entered yet)`], ...rows.slice(1)]
  const reason = `the room ${room} lets nobody in before an admin approves.`
  const fix = `ask for: knot approve ${joined.fingerprint}, then run knot join again`
  return { result, text: table(waiting), problem: problem('PENDING', reason, fix) }
}
