import { Command, Option } from 'clipanion'
import { Failure } from '../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeCommands } from '../describe/commands.ts'

/** `knot help` */
export class Help extends KnotCommand {
  static override paths = [['help']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'List the commands, or explain one',
    details: 'The same as \`--help\` after a command. With \`--json\`, all of it for programs.',
    examples: [
      ['All commands', '$0 help'],
      ['One command', '$0 help tasks add'],
    ],
  })

  words = Option.Rest({ name: 'command' })

  async run(): Promise<Answer> {
    const commands = this.cli.definitions()
    if (this.words.length === 0) {
      return { result: { commands }, text: describeCommands(commands, this.paint) }
    }
    const wanted = `knot ${this.words.join(' ')}`
    const found = commands.find(({ path }) => path === wanted)
    if (found === undefined) {
      const reason = `"${wanted}" is no command.`
      throw new Failure('COMMAND_UNKNOWN', reason, 'knot help')
    }
    if (!this.json) await this.cli.run([...this.words, '--help'])
    return { result: found, text: '' }
  }
}
