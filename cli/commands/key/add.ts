import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { oneOf } from '../../options.ts'
import { cleanLine, table } from '../../print.ts'

/** `knot key add` */
export class KeyAdd extends KnotCommand {
  static override paths = [['key', 'add']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Let in whoever has a key, without an invite',
    details: `
      Takes the line that \`knot key show\` prints in the other checkout, or any line of an Ed25519
      \`.pub\` file whose private half is that checkout’s key. The link that comes back is for that
      key alone: it holds no invite. This is also the one way back for an agent that was removed.
    `,
    examples: [
      ['Let bob in by his key', '$0 key add "ssh-ed25519 AAAA… bob"'],
      ['As an observer', '$0 key add "ssh-ed25519 AAAA… bob" --role observer'],
    ],
  })

  line = Option.String({ name: 'line' })
  name = Option.String('--name', { description: 'Name of the agent (else the line’s comment)' })
  role = Option.String('--role', { description: 'admin, member, observer or relay' })

  async run(): Promise<Answer> {
    const { line, name, role } = this
    const input = {
      line,
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role: oneOf('--role', role, [...ROLES]) }),
    }
    const added = await (await this.daemon()).call('key.add', input)
    const { agent, fingerprint, link, kind } = added
    const state = kind === 'unchanged' ? 'was let in already' : added.role
    const rows = [['agent', `${cleanLine(agent.name)} (${fingerprint}), ${state}`]]
    const next = [`${cleanLine(agent.name)} runs knot join "<that link>"`]
    return { result: { ...added, id: agent.id }, text: `${table(rows)}\n\n${link}`, next }
  }
}

const ROLES = ['admin', 'member', 'observer', 'relay'] as const
