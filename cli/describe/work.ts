/** Pushes and checks as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { ago, cleanLine, count, duration, type Paint, shortOid, table } from '../print.ts'

/** What was published, who holds it, which way it went, and what the others published. */
export function describeSync(sync: Output<'sync'>, paint: Paint, now: number): string {
  const rows = sync.rows.map(({ name, commit, files, at }) => [
    cleanLine(name), shortOid(commit), ago(at, now), files.map(cleanLine).join(' '),
  ])
  const head = ['AGENT', 'COMMIT', 'PUBLISHED', 'FILES'].map(paint.dim)
  const others = rows.length === 0 ? '' : table([head, ...rows])
  const first = [`${published(sync)} (${way(sync)})`, trouble(sync, paint), waits(sync, paint)]
  const said = first.filter((line) => line !== '').join('\n')
  return [said, others].filter((part) => part !== '').join('\n\n')
}

function published({ push, commit, fileCount, heldBy }: Output<'sync'>): string {
  if (push === undefined || commit === undefined) return 'nothing to publish'
  const files = count(fileCount, 'file')
  const holders = heldBy.map(({ name }) => cleanLine(name)).join(', ')
  const held = holders === '' ? 'held only here so far' : `held by ${holders}`
  return `published ${shortOid(commit)} (${files}) as ${push}, ${held}`
}

function way({ transport, upstream }: Output<'sync'>): string {
  return transport === 'mesh' ? 'mesh' : `upstream ${cleanLine(upstream?.remote ?? '')}`.trim()
}

/** A remote that is left out on purpose is no trouble. */
function trouble({ upstream }: Output<'sync'>, paint: Paint): string {
  if (upstream?.why === undefined || upstream.reach === 'left-out') return ''
  const what = upstream.reach === 'away' ? 'is away' : 'refused'
  return paint.yellow(`origin ${what}, and is tried again: ${cleanLine(upstream.why)}`)
}

/** What the landing of a push waits for where nothing can be confirmed now. */
function waits({ push, awaits }: Output<'sync'>, paint: Paint): string {
  if (push === undefined || awaits === undefined) return ''
  const { needed, voters } = awaits
  const names = voters.map(({ name }) => cleanLine(name)).join(', ')
  const who = voters.length === 1 ? `the voter ${names} leads again`
    : `${needed} of the voters ${names} agree on a leader`
  return paint.yellow(`provisional: nothing is confirmed until ${who}`)
}

/** What was undone, where the integration is now, and how its author brings it back. */
export function describeUndo(undo: Output<'undo'>, paint: Paint): string {
  const name = cleanLine(undo.name)
  const push = `${name}@${shortOid(undo.commit)}`
  if (undo.standing !== 'confirmed') return paint.yellow(`not undone yet: ${push}`)
  const head = shortOid(undo.head ?? '')
  return [
    `undone ${push}: integration is at ${head}, with the files from before it`,
    `${name} alone brings it back: knot sync of ${shortOid(undo.commit)}, or of what has it in it`,
  ].join('\n')
}

/** How the checks ended, one line each, and the verdict over all of them. */
export function describeCheck(evidence: Output<'check'>, paint: Paint): string {
  if (evidence.verdict === 'unchecked') {
    return `${paint.yellow('unchecked')}: no check was detected here`
  }
  const rows = evidence.checks.map(({ name, command, outcome, exit, ms }) => [
    outcome === 'passed' ? paint.green('✓') : paint.red('✗'),
    cleanLine(name),
    outcome === 'failed' ? `failed with code ${exit ?? 'unknown'}` : outcome,
    duration(ms),
    paint.dim(cleanLine(command)),
  ])
  const verdict = evidence.verdict === 'passed' ? paint.green('passed') : paint.red('failed')
  return `${table(rows)}\n${verdict} in ${duration(evidence.ms)}`
}
