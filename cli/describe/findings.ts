/** What `knot doctor` found, as a person reads it. */
import type { Output } from '../../src/api/types.ts'
import { clean, count, pad, type Paint } from '../print.ts'

type Finding = Output<'doctor'>['findings'][number]

/** A line each with its fix below it, and the sum of it all. */
export function describeFindings(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(0, ...findings.map(({ area }) => area.length))
  const lines = findings.map((finding) => {
    const line = `${sign(finding, paint)} ${pad(finding.area, width)}  ${clean(finding.text)}`
    if (finding.fix === undefined) return line
    return `${line}\n${' '.repeat(width + 4)}${paint.dim('fix:')} ${clean(finding.fix)}`
  })
  return `${lines.join('\n')}\n\n${sum(findings, paint)}`
}

function sign({ severity, mended }: Finding, paint: Paint): string {
  if (mended === true) return paint.green('+')
  switch (severity) {
    case 'fine':
      return paint.green('✓')
    case 'note':
      return paint.dim('-')
    case 'warning':
      return paint.yellow('!')
    case 'error':
      return paint.red('✗')
  }
}

function sum(findings: readonly Finding[], paint: Paint): string {
  const of = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length
  const mended = findings.filter((finding) => finding.mended === true).length
  const [errors, warnings] = [of('error'), of('warning')]
  const parts = [
    ...(mended > 0 ? [`${mended} mended`] : []),
    ...(errors > 0 ? [paint.red(count(errors, 'error'))] : []),
    ...(warnings > 0 ? [paint.yellow(count(warnings, 'warning'))] : []),
  ]
  return parts.length === 0 ? paint.green('all is well') : parts.join(', ')
}
