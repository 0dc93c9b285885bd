import { Command, Option } from 'clipanion'
import { Failure, problemOf } from '../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../command.ts'
import type { Event } from '../demo/ears.ts'
import { CAST, play, SAMPLE, type Teller } from '../demo/play.ts'
import { setStage, type Stage } from '../demo/stage.ts'
import { describeEvent, namesWidth } from '../describe/event.ts'
import { clean, duration, pad } from '../print.ts'

/** `knot demo` */
export class Demo extends KnotCommand {
  static override paths = [['demo']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Play three agents on one sample repository, with real daemons',
    details: `
      Makes a sample repository and three clones in a temporary folder, starts a daemon for each on
      loopback, and lets them land work, collide and break a test. Every line about the room is read
      back from their logs. Takes about 15 seconds and leaves nothing behind.
    `,
    examples: [
      ['See what knot does', '$0 demo'],
      ['Look around afterwards', '$0 demo --keep'],
    ],
  })

  keep = Option.Boolean('--keep', false, { description: 'Keep the folder with the three clones' })

  async run(): Promise<Answer> {
    const { signal, env, now } = this.context
    const began = now()
    const events: Event[] = []
    const stage = await setStage(CAST, SAMPLE, env)
    let gone = false
    try {
      this.say('Three agents on one repository, each with its own clone, key and daemon.\n')
      const ending = await play({ stage, teller: this.teller(events), signal })
      gone = await this.leave(stage)
      if (!gone) throw new Failure('DAEMON_SILENT', `a daemon in ${stage.root} did not end.`)
      const folder = this.keep ? { folder: stage.root } : {}
      const ms = now() - began
      return {
        result: { id: ending.room, ...ending, ...folder, ms, events },
        text: `\nAll as told, in ${duration(ms)}. ${this.after(stage)}`,
        next: this.keep ? [`cd ${stage.cloneOf('ada')} && knot log`] : ['knot up'],
      }
    } catch (thrown) {
      if (signal.aborted) throw thrown
      const result = { ...(this.keep ? { folder: stage.root } : {}), ms: now() - began, events }
      return { result, text: '', problem: problemOf(thrown) }
    } finally {
      if (!gone) await this.leave(stage)
    }
  }

  private async leave(stage: Stage): Promise<boolean> {
    const stopped = await stage.stop()
    if (!this.keep) stage.remove()
    return stopped
  }

  private after({ root }: Stage): string {
    if (this.keep) return `The daemons are stopped; the clones are in ${root}.`
    return 'The daemons are stopped, the folder is gone.'
  }

  private teller(heard: Event[]): Teller {
    const { paint } = this
    const names = namesWidth(CAST.map((name) => ({ by: { id: name, name } })))
    return {
      scene: (text) => this.say(`\n${paint.bold(text)}\n`),
      command: (agent, command) => {
        this.say(`  ${pad(agent, names)}  ${paint.dim(`$ ${command}`)}\n`)
      },
      events: (events) => {
        heard.push(...events)
        const look = { paint, now: this.context.now(), names }
        for (const event of events) this.say(`${indented(describeEvent(event, look))}\n`)
      },
      output: (text) => this.say(`${indented(clean(text).trimEnd())}\n`),
    }
  }

  private say(text: string): void {
    if (!this.json) this.context.stdout.write(text)
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
