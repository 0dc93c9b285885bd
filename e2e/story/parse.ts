/**
 * Stories: Markdown that runs.
 *
 *     ``` ~ada (exit 2) (eventually)      who types, and how each command must end
 *     $ knot status \                     a command; a backslash goes on below
 *         --jason
 *     error: knot status: [..]            what it must print, stdout and stderr together
 *     ```
 *
 * `[..]` is any text within a line, a line `...` any lines, `{{name}}` any word
 * without blanks, which from then on is that word: in output and, as `{{name}}`
 * or `$NAME`, in commands. `(eventually)` repeats a command until it fits. A
 * block "``` setup" makes the repository that everybody clones.
 */

/** One command, what it must print and how it must end. */
export type Step = {
  speaker: string
  command: string
  expected: string[]
  exit: number
  patience: 'once' | 'eventually'
  line: number
}

/** A story: the shell lines that make the repository, if it wants another one, and the steps. */
export type Story = { setup: string | undefined; steps: Step[] }

/** Reads a story; a block that cannot be understood is an error with its line. */
export function parseStory(markdown: string): Story {
  const story: Story = { setup: undefined, steps: [] }
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const header = /^```\s*(~\S+|setup\b)(.*)$/.exec(lines[at] ?? '')
    if (header === null) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`line ${at + 1}: this block never ends`)
    const body = lines.slice(at + 1, end)
    const [, who = '', how = ''] = header
    if (who === 'setup') story.setup = body.join('\n')
    else story.steps.push(...steps(who.slice(1), how, body, at + 2))
    at = end
  }
  return story
}

function steps(speaker: string, how: string, body: string[], from: number): Step[] {
  const rest = how.replace(/\(exit (\d+)\)|\(eventually\)/g, '').trim()
  if (rest !== '') throw new Error(`line ${from - 1}: "${rest}" means nothing here`)
  const exit = Number(/\(exit (\d+)\)/.exec(how)?.[1] ?? 0)
  const patience = how.includes('(eventually)') ? 'eventually' : 'once'

  const found: Step[] = []
  let open = false
  body.forEach((text, index) => {
    const last = found.at(-1)
    if (text.startsWith('$ ')) {
      const command = text.slice(2)
      found.push({ speaker, command, expected: [], exit, patience, line: from + index })
      open = command.endsWith('\\')
    } else if (last === undefined) {
      throw new Error(`line ${from + index}: expected "$ command", found "${text}"`)
    } else if (open) {
      last.command += `\n${text}`
      open = text.endsWith('\\')
    } else {
      last.expected.push(text)
    }
  })
  return found
}
