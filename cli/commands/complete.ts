import { Command, Option } from 'clipanion'
import { connect } from '../../src/api/client.ts'
import { socketPath } from '../../src/api/socket.ts'
import { COMPLETE_MS } from '../../src/core/limits.ts'
import { checkoutOf } from '../checkout.ts'
import { type Candidate, complete, fitting, type Live } from '../completion/candidates.ts'
import type { KnotContext } from '../context.ts'
import { cleanLine } from '../print.ts'

/**
 * `knot __complete <words…>`: what a shell's script asks when somebody presses the tab key. It
 * prints a word and what it is on each line, starts nothing, and never complains.
 */
export class Complete extends Command<KnotContext> {
  static override paths = [['__complete']]

  words = Option.Proxy()

  override async execute(): Promise<number> {
    const isNew = this.words[0] === '--new-word'
    const words = isNew ? [...this.words.slice(1), ''] : this.words
    const { candidates, live } = complete(this.cli.definitions(), words)
    const values = live === undefined ? [] : await this.ask(live).catch(() => [])
    const found = [...candidates, ...fitting(words.at(-1) ?? '', values).candidates]
    const lines = found.map(({ word, about }) => `${cleanLine(word)}\t${cleanLine(about)}\n`)
    this.context.stdout.write(lines.join(''))
    return 0
  }

  /** Asks the daemon, if one runs; the words are those of this moment. */
  private async ask(live: Live): Promise<Candidate[]> {
    const { knot } = checkoutOf(this.context.cwd)
    const inTime = AbortSignal.any([this.context.signal, AbortSignal.timeout(COMPLETE_MS)])
    const connected = await connect(await socketPath(knot), inTime)
    if (connected.kind !== 'connected') return []
    try {
      const { tasks, members, invites } = await connected.client.call('values', {}, inTime)
      if (live === 'invites') return invites.map(({ id, about }) => ({ word: id, about }))
      return live === 'tasks'
        ? tasks.map(({ id, title }) => ({ word: id, about: title }))
        : members.map(({ id, name }) => ({ word: name, about: id }))
    } finally {
      connected.client.close()
    }
  }
}
