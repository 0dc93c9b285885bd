import { Command } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { serviceOf } from '../../service/service.ts'

/** `knot service uninstall` */
export class ServiceUninstall extends KnotCommand {
  static override paths = [['service', 'uninstall']]
  static override usage = Command.Usage({
    category: 'Service',
    description: 'Undo knot service install: stop the service, and remove its file',
    details: 'Nothing else is removed; the next command that needs the daemon starts it again.',
    examples: [['Start it by hand from now on', '$0 service uninstall']],
  })

  async run(): Promise<Answer> {
    const service = serviceOf(initialisedCheckout(this.context.cwd), this.context)
    const outcome = await service.uninstall()
    const text = outcome === 'removed' ? `removed ${service.path}` : 'there was no service'
    return { result: { removed: outcome === 'removed', path: service.path }, text }
  }
}
