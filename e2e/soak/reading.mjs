/**
 * Loaded into every Node process of a soak by NODE_OPTIONS; in a daemon it writes what that uses, one
 * line at a time. Garbage is collected first: what is left is held by something.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

const folder = process.env.KNOT_SOAK
const every = Number(process.env.KNOT_SOAK_MS)
const isDaemon = process.argv.some((word) => /(knotd\.js|daemon\/main\.ts)$/.test(word))

if (isMainThread && isDaemon && folder !== undefined && every > 0) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  setInterval(() => {
    collect()
    const { heapUsed, external, rss } = process.memoryUsage()
    const handles = process.getActiveResourcesInfo().length
    const reading = { at: Date.now(), heap: heapUsed, external, rss, handles }
    appendFileSync(join(folder, `${process.pid}.ndjson`), `${JSON.stringify(reading)}\n`)
  }, every).unref()
}
