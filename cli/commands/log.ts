import { Command, Option } from 'clipanion'
import type { Item } from '../../src/api/types.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeEvent, namesWidth } from '../describe/event.ts'
import { milliseconds, whole } from '../options.ts'

/** `knot log` */
export class Log extends KnotCommand {
  static override paths = [['log']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Show what happened in the room, oldest first',
    details: `
      Every event with all of its text. \`--json\` prints them in one envelope; with \`--follow\`
      each event is a line of JSON of its own, as it happens.
    `,
    examples: [
      ['Everything', '$0 log'],
      ['What happens from now on, after the last ten', '$0 log --follow --limit 10'],
      ['The last two hours', '$0 log --since 2h'],
    ],
  })

  follow = Option.Boolean('--follow,-f', false, { description: 'Go on with what happens next' })
  since = Option.String('--since', { description: 'Only this far back, like 30m, 2h or 7d' })
  limit = Option.String('--limit,-n', { description: 'Only the last so many' })

  async run(): Promise<Answer> {
    const { follow } = this
    const back = this.since === undefined ? undefined : milliseconds('--since', this.since)
    const input = {
      follow,
      ...(back === undefined ? {} : { since: this.context.now() - back }),
      ...(this.limit === undefined ? {} : { limit: whole('--limit', this.limit, COUNTS) }),
    }
    const daemon = await this.daemon()
    const stream = daemon.stream('log', input, this.context.signal)
    const events: Item<'log'>[] = []
    await this.drain(stream, (event) => {
      if (follow) this.tell(event)
      else events.push(event)
    })
    const look = { paint: this.paint, now: this.context.now(), names: namesWidth(events) }
    const text = events.map((event) => describeEvent(event, look)).join('\n')
    return { result: { events }, text }
  }

  #names = 0

  private tell(event: Item<'log'>): void {
    this.#names = namesWidth([event], this.#names)
    const look = { paint: this.paint, now: this.context.now(), names: this.#names }
    const line = this.json ? JSON.stringify(event) : describeEvent(event, look)
    this.context.stdout.write(`${line}\n`)
  }
}

const COUNTS = { min: 1, max: 1_000_000 }
