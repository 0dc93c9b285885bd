import { Command, Option } from 'clipanion'
import { API_LINE_MAX_BYTES } from '../../src/core/limits.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { textFrom } from '../options.ts'

/** `knot say` */
export class Say extends KnotCommand {
  static override paths = [['say']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Say something to everybody in the room',
    details: 'The text is kept and signed; peers that are offline get it when they are back.',
    examples: [
      ['Tell the others', '$0 say "the parser is mine today"'],
      ['Say what a program printed', 'git log -1 | $0 say -'],
    ],
  })

  words = Option.Rest({ name: 'text', required: 1 })

  async run(): Promise<Answer> {
    const { stdin, signal } = this.context
    const piped = this.words.length === 1 && this.words[0] === '-'
    const text = piped
      ? await textFrom(stdin, { max: API_LINE_MAX_BYTES / 2, signal })
      : this.words.join(' ')
    const daemon = await this.daemon()
    const said = await daemon.call('say', { text })
    return { result: said, text: `said (${said.id})` }
  }
}
