import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { install, type Installed } from '../completion/install.ts'
import { SCRIPTS, type Shell, SHELLS } from '../completion/scripts.ts'
import { oneOf } from '../options.ts'

/** `knot completion` */
export class Completion extends KnotCommand {
  static override paths = [['completion']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Have bash, zsh, fish or PowerShell complete commands, tasks and members',
    details: `
      Prints the script for your shell to read when it starts; \`--install\` writes it below your
      home, and one line into the start file of the shell that reads it. Tasks and members come
      from the running daemon at the moment of the tab key; without one, only commands and options
      are completed.
    `,
    examples: [
      ['Once and for all', '$0 completion bash --install'],
      ['By hand, in ~/.zshrc', 'eval "$($0 completion zsh)"'],
      ['By hand, in ~/.config/fish/config.fish', '$0 completion fish | source'],
    ],
  })

  shell = Option.String({ name: 'shell' })
  install = Option.Boolean('--install', false, { description: 'Write it where the shell finds it' })

  async run(): Promise<Answer> {
    const shell = oneOf('shell', this.shell, [...SHELLS])
    const script = SCRIPTS[shell]
    if (!this.install) return { result: { shell, script }, text: script }
    const installed = install(shell, this.context.env)
    return { result: { shell, ...installed }, text: told(installed), next: [startAnew(shell)] }
  }
}

function told({ script, startFile, added }: Installed): string {
  const lines = [`wrote ${script}`]
  if (startFile !== undefined) {
    lines.push(added === 'now' ? `added a line to ${startFile}` : `${startFile} reads it already`)
  }
  return lines.join('\n')
}

function startAnew(shell: Shell): string {
  return shell === 'powershell' ? 'pwsh' : `exec ${shell}`
}
