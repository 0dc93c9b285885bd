import { Command } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { serviceOf } from '../../service/service.ts'

/** `knot service install` */
export class ServiceInstall extends KnotCommand {
  static override paths = [['service', 'install']]
  static override usage = Command.Usage({
    category: 'Service',
    description: 'Have this checkout’s daemon started at each login, and again when it fails',
    details: `
      Writes a unit of your own for systemd (Linux) or an agent of your own for launchd (macOS),
      says where, and starts it; a daemon that ran before is replaced by it. Never needs root. After
      \`knot down\` the daemon stays down until the next login, or until a command needs it. To have
      it run on Linux while you are not logged in: \`loginctl enable-linger\`.
    `,
    examples: [['Keep this agent online', '$0 service install']],
  })

  async run(): Promise<Answer> {
    const service = serviceOf(initialisedCheckout(this.context.cwd), this.context)
    this.waiting.wait('stopping the daemon, and starting it as a service…')
    const result = await service.install()
    const text = `wrote ${result.path}\n${result.name} is ${result.state}`
    return { result: { ...result, id: result.name }, text, next: ['knot service status'] }
  }
}
