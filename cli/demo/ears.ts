/**
 * The demo's ears: `knot log --follow --json` of every agent. What the demo tells of the room it
 * heard here; an event counts once every agent's log shows it, in the same words.
 */
import { Failure } from '../../src/api/errors.ts'
import type { Item } from '../../src/api/types.ts'
import { kill, type Stage } from './stage.ts'

/** A line of the log. */
export type Event = Item<'log'>

const HEAR_MS = 30_000

/** Ears that are open until they are closed. */
export type Ears = {
  /** Waits until every log shows an event of each of these kinds; gives the events. */
  until: (wanted: Wanted[], signal: AbortSignal) => Promise<Event[]>
  /** Events that every log shows and that were not told before, in the order of the log. */
  news: () => Event[]
  close: () => void
}

/** What to wait for, and how to call it when it does not come. */
export type Wanted = { what: string; fits: (event: Event) => boolean }

/** Opens ears at every agent's log, from its beginning. */
export function openEars(stage: Stage, agents: readonly string[]): Ears {
  const logs = new Map<string, Map<string, Event>>()
  const told = new Set<string>()
  let wake = () => {}
  const children = agents.map((agent) => {
    const heard = new Map<string, Event>()
    logs.set(agent, heard)
    const child = stage.start(agent, ['log', '--follow', '--json'])
    child.stderr?.resume()
    if (child.stdout !== null) {
      const { createInterface } = process.getBuiltinModule('node:readline')
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as Event
        // The last line is no event: the envelope that says how the command ended.
        if (typeof event.id === 'string') heard.set(event.id, event)
        wake()
      })
    }
    return child
  })
  const [first = new Map<string, Event>(), ...others] = logs.values()
  const common = () => [...first.values()].filter(({ id, kind, text }) => others.every((log) => {
    const event = log.get(id)
    return event?.kind === kind && event.text === text
  }))
  return {
    until: async (wanted, signal) => {
      const late = AbortSignal.any([signal, AbortSignal.timeout(HEAR_MS)])
      late.addEventListener('abort', () => wake(), { once: true })
      for (;;) {
        const heard = common()
        const found = wanted.map(({ fits }) => heard.find(fits))
        const missing = wanted.find((_, place) => found[place] === undefined)
        if (missing === undefined) return found.filter((event) => event !== undefined)
        signal.throwIfAborted()
        if (late.aborted) throw silence(missing.what, agents)
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    news: () => {
      const fresh = common().filter(({ id }) => !told.has(id))
      for (const { id } of fresh) told.add(id)
      return fresh.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    },
    close: () => children.forEach(kill),
  }
}

function silence(what: string, agents: readonly string[]): Failure {
  const logs = agents.join(', ')
  const why = `${what} did not show in the logs of ${logs} within ${HEAR_MS / 1000} s.`
  return new Failure('FAILED', why, 'knot demo --keep, then knot log and .knot/daemon.log there')
}
