import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { cleanLine, table } from '../../print.ts'

/** `knot key rotate` */
export class KeyRotate extends KnotCommand {
  static override paths = [['key', 'rotate']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Give this agent a new key; the old one signs nothing more',
    details: `
      The agent keeps its name, id, role and everything that it did. Do this when somebody may have
      read the old key: from then on they have nothing. It votes again once the leader has named
      the new key; so where no leader could be elected meanwhile, this is refused.
    `,
    examples: [['My laptop was in other hands', '$0 key rotate']],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('going over to the new key…')
    const { fingerprint, before, line, name } = await daemon.call('key.rotate', {})
    const rows = [['agent', cleanLine(name)], ['before', before], ['now', fingerprint]]
    return { result: { fingerprint, before, line, name, id: fingerprint }, text: table(rows) }
  }
}
