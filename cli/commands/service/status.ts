import { Command } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { table } from '../../print.ts'
import { serviceOf } from '../../service/service.ts'

/** `knot service status` */
export class ServiceStatus extends KnotCommand {
  static override paths = [['service', 'status']]
  static override usage = Command.Usage({
    category: 'Service',
    description: 'Tell whether this checkout’s daemon is a service, and how that is',
    details: 'Also tells of a file that another knot or Node wrote, and that should be renewed.',
    examples: [['Is it installed?', '$0 service status']],
  })

  async run(): Promise<Answer> {
    const result = await serviceOf(initialisedCheckout(this.context.cwd), this.context).look()
    const rows = [['service', result.name], ['state', result.installed ? result.state : 'absent']]
    if (result.installed) rows.push(['file', result.path])
    const stale = result.installed && !result.current
    if (stale) rows.push(['', 'written for another knot, Node or PATH than this one'])
    const next = result.installed && !stale ? [] : ['knot service install']
    return { result, text: table(rows), next }
  }
}
