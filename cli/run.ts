/** One command line, from words to exit code. */
import { Cli } from 'clipanion'
import { type KnotCommand, report } from './command.ts'
import { COMMANDS } from './commands.ts'
import { isColoured, type KnotContext } from './context.ts'
import { usageProblem } from './usage.ts'

/** Runs a command line and gives its exit code. Never rejects. */
export async function run(argv: string[], context: KnotContext): Promise<number> {
  const words = isHelp(argv) ? ['help', ...argv.filter(isJson)] : helpForPrograms(argv) ?? argv
  const cli = cliFor(words, context)
  let command: KnotCommand
  try {
    command = cli.process(words, context) as KnotCommand
  } catch (thrown) {
    const problem = usageProblem(words, thrown, COMMANDS)
    const name = words.filter((word) => !word.startsWith('-')).slice(0, 2).join(' ')
    const form = words.includes('--json') ? 'json' : 'text'
    return report(context, name, form, { result: undefined, text: '', problem })
  }
  return await cli.run(command, context)
}

function isHelp(argv: string[]): boolean {
  const [first] = argv.filter((word) => !isJson(word))
  return first === undefined || first === '--help' || first === '-h'
}

/** Of `sync --help --json` the help of `sync`, which the parser would print for people. */
function helpForPrograms(argv: string[]): string[] | undefined {
  const asked = argv.includes('--help') || argv.includes('-h')
  if (!asked || !argv.some(isJson) || argv.includes('--')) return undefined
  const names = argv.filter((word) => !word.startsWith('-'))
  const paths = COMMANDS.flatMap(({ paths: all = [] }) => all)
  const meant = paths
    .filter((path) => path.every((word, at) => word === names[at]))
    .sort((a, b) => b.length - a.length)[0]
  return ['help', ...(meant ?? names), '--json']
}

function isJson(word: string): boolean {
  return word === '--json'
}

/** Compiling the grammar of every command takes longer than running one. */
function cliFor(words: string[], context: KnotContext): Cli<KnotContext> {
  const meant = COMMANDS.filter(({ paths = [] }) => paths.some(([first]) => first === words[0]))
  const overview = ['help', 'completion', '__complete'].includes(words[0] ?? '')
  const enableColors = isColoured(context.stdout, context.env)
  const cli = new Cli<KnotContext>({ binaryName: 'knot', enableColors })
  for (const command of meant.length === 0 || overview ? COMMANDS : meant) cli.register(command)
  return cli
}
