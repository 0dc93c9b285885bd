/** The list of commands as a person reads it. */
import type { Definition } from 'clipanion'
import { type Paint, table } from '../print.ts'

const ORDER = ['Room', 'Members', 'Work', 'Tasks', 'Settings', 'Service', 'Help']

/** Commands by category, one line each. */
export function describeCommands(commands: Definition[], paint: Paint): string {
  const width = Math.max(...commands.map(({ path }) => path.length))
  const categories = ORDER.map((name) => {
    const members = commands.filter(({ category }) => category?.trim() === name)
    const rows = members.map(({ path, description }) => [
      `  ${path.padEnd(width)}`, (description ?? '').trim(),
    ])
    return `${paint.bold(name)}\n${table(rows)}`
  })
  const title = 'knot: coding agents on one repository, without a server'
  const hint = 'knot help <command> explains one; every command takes --json.'
  return [title, ...categories, hint].join('\n\n')
}
