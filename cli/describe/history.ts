/** What was checked, as a person reads it. */
import type { Item } from '../../src/api/types.ts'
import { ago, cleanLine, duration, type Paint, shortOid, table } from '../print.ts'

type Row = Item<'check.history'>

/** A line for each push that was checked, and under it its checks that did not pass. */
export function describeHistory(
  rows: readonly Row[],
  { total, paint, now }: { total: number; paint: Paint; now: number },
): string {
  if (total === 0) return 'nothing was checked in this room yet'
  const head = ['CHECKED', 'PUSH', 'VERDICT', 'BY', 'TOOK', 'CHECKS'].map(paint.dim)
  const lines = rows.map((row) => [
    ago(row.at, now), pushName(row), verdict(row, paint), cleanLine(row.by.name),
    row.checks.length === 0 ? '-' : duration(row.ms), checks(row),
  ])
  const more = total > rows.length ? `\n${paint.dim(`the last ${rows.length} of ${total}`)}` : ''
  return table([head, ...lines]) + more
}

function pushName({ push, commit, author }: Row): string {
  if (commit === undefined || author === undefined) return push
  return `${cleanLine(author.name)}@${shortOid(commit)}`
}

function verdict({ verdict, landed }: Row, paint: Paint): string {
  const word = landed === undefined ? 'refused' : verdict === 'unchecked' ? 'unchecked' : 'landed'
  if (landed === undefined) return paint.red(`✗ ${word}`)
  return verdict === 'unchecked' ? paint.yellow(`? ${word}`) : paint.green(`✓ ${word}`)
}

function checks({ checks, output }: Row): string {
  if (checks.length > 0) return checks.map((check) => checkWords(check)).join(', ')
  return cleanLine((output ?? '').split('\n')[0] ?? '')
}

function checkWords({ command, outcome, exit }: Row['checks'][number]): string {
  const shown = cleanLine(command)
  if (outcome === 'passed') return shown
  return `${shown}: ${outcome === 'failed' ? `exit ${exit ?? '?'}` : outcome}`
}
