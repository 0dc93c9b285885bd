import { readFileSync } from 'node:fs'
import { Command } from 'clipanion'
import type { Output } from '../../src/api/types.ts'
import { checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { runningDaemon } from '../daemon.ts'

/** `knot version` */
export class Version extends KnotCommand {
  static override paths = [['version'], ['--version'], ['-v']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Tell the versions of knot, of Node, and of the running daemon',
    details: 'Needs no checkout. A daemon from before an update still tells the old version.',
    examples: [['For a bug report', '$0 version']],
  })

  async run(): Promise<Answer> {
    // One folder up from cli/commands' bundle in dist/, two from the source.
    const source = import.meta.url.endsWith('.ts')
    const manifest = new URL(source ? '../../package.json' : '../package.json', import.meta.url)
    const version: string = JSON.parse(readFileSync(manifest, 'utf8')).version
    const daemon = await this.running()
    const result = { version, node: process.version, daemon }
    const lines = [`knot ${version} (node ${process.version})`]
    if (daemon !== undefined) lines.push(`daemon ${daemon.version} (node ${daemon.node})`)
    return { result, text: lines.join('\n') }
  }

  /** The daemon's versions, if one runs here; asking for a version needs no checkout. */
  private async running(): Promise<Output<'version'> | undefined> {
    try {
      const checkout = checkoutOf(this.context.cwd)
      if (checkout.stage === 'bare') return undefined
      const daemon = await runningDaemon(checkout, this.context)
      const versions = await daemon?.call('version', {})
      daemon?.close()
      return versions
    } catch {
      return undefined
    }
  }
}
