/**
 * `npm run bench`: what knot costs, each figure beside its floor in the same run.
 *
 *     npm run bench -- [--only <row>]… [--json] [--strict] [--list]
 *
 * A figure is the median, and a machine that others use makes it a large one: the floor, taken in
 * turn with it, says how much of it is the machine's. A bound that is missed is shown, and changes
 * the exit code with --strict only; a measurement that could not be made always does.
 */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { setup as bundle } from '../../test/bundle.ts'
import { type Ground, layGround } from './ground.ts'
import { held, type Row } from './row.ts'
import { fetch } from './rows/fetch.ts'
import { idle } from './rows/idle.ts'
import { landing } from './rows/landing.ts'
import { message } from './rows/message.ts'
import { status } from './rows/status.ts'
import { volumes } from './rows/volumes.ts'
import { table } from './table.ts'

/** Every measurement by its name; each gives one row or more. */
const MEASURED: Record<string, (ground: Ground) => Promise<Row[]>> = {
  status, idle, message, fetch, landing, volumes,
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
process.exitCode = values.list ? list() : await bench()

function list(): number {
  console.log(Object.keys(MEASURED).join('\n'))
  return 0
}

async function bench(): Promise<number> {
  const names = values.only ?? Object.keys(MEASURED)
  const unknown = names.filter((name) => !Object.hasOwn(MEASURED, name))
  if (unknown.length > 0) {
    const known = Object.keys(MEASURED).join(', ')
    console.error(`error: no row is called ${unknown.join(', ')}\nfix: use one of ${known}`)
    return 2
  }
  bundle()
  const before = loadavg()[0] ?? 0
  const rows: Row[] = []
  const failures: { row: string; why: string }[] = []
  const ground = layGround((text) => console.error(text))
  // Daemons outlive whoever started them.
  const leave = () => void ground.strike().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave)
  try {
    for (const name of names) {
      ground.tell(`measuring ${name}`)
      try {
        rows.push(...(await MEASURED[name]!(ground)))
      } catch (error) {
        failures.push({ row: name, why: error instanceof Error ? error.message : String(error) })
      }
    }
  } finally {
    await ground.strike()
  }
  print(rows, failures, before)
  if (failures.length > 0) return 1
  const missed = rows.flatMap(held).some(({ holds }) => !holds)
  return values.strict && missed ? 1 : 0
}

/** `load` is what others kept this machine busy with before anything was measured. */
function print(rows: Row[], failures: { row: string; why: string }[], load: number): void {
  const processors = availableParallelism()
  if (values.json) {
    const judged = rows.map((row) => ({ ...row, asked: held(row) }))
    const machine = { node: process.version, processors, load }
    console.log(JSON.stringify({ machine, rows: judged, failures }))
  } else if (rows.length > 0) {
    console.log(table(rows))
    const again = ': busy with other things, so measure again when it is not'
    const busy = load > processors / 2 ? again : ''
    console.log(`\n${processors} processors, load ${load.toFixed(1)} before the first row${busy}`)
  }
  for (const { row, why } of failures) console.error(`error: ${row} could not be measured: ${why}`)
}
