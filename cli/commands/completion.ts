import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { oneOf } from '../options.ts'

/** `knot completion` */
export class Completion extends KnotCommand {
  static override paths = [['completion']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Print a script that completes commands in bash, zsh or fish',
    details: 'The script is written to stdout, for your shell to read when it starts.',
    examples: [
      ['In ~/.bashrc', 'eval "$($0 completion bash)"'],
      ['In ~/.config/fish/config.fish', '$0 completion fish | source'],
    ],
  })

  shell = Option.String({ name: 'shell' })

  async run(): Promise<Answer> {
    const shell = oneOf('shell', this.shell, ['bash', 'zsh', 'fish'])
    const paths = this.cli.definitions().map(({ path }) => path.split(' ').slice(1))
    const script = shell === 'fish' ? fish(paths) : shell === 'zsh' ? zsh(paths) : bash(paths)
    return { result: { shell, script }, text: script }
  }
}

/** The words that may follow each word. */
function follows(paths: string[][]): Map<string, string[]> {
  const words = new Map<string, string[]>()
  for (const path of paths) {
    path.forEach((word, place) => {
      const before = path[place - 1] ?? 'knot'
      const known = words.get(before) ?? []
      if (!known.includes(word)) words.set(before, [...known, word].sort())
    })
  }
  return words
}

function bash(paths: string[][]): string {
  const cases = [...follows(paths)].map(([before, words]) =>
    `    ${before}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$2")) ;;`)
  return [
    '_knot() {', '  case "$3" in', ...cases, '    *) COMPREPLY=() ;;', '  esac', '}',
    'complete -o default -F _knot knot',
  ].join('\n')
}

function zsh(paths: string[][]): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bash(paths)}`
}

function fish(paths: string[][]): string {
  return [...follows(paths)].map(([before, words]) => {
    const first = before === 'knot'
    const when = first ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${before}`
    return `complete -c knot -f -n '${when}' -a '${words.join(' ')}'`
  }).join('\n')
}
