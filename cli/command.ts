/**
 * What every command shares: `--json`, the envelope, colours, the daemon.
 *
 * A command reads its options, calls, and returns an answer; printing and the
 * exit code are decided here and nowhere else. Data goes to stdout; progress,
 * refusals and advice go to stderr, so that a pipe only ever sees data.
 */
import { Command, Option } from 'clipanion'
import type { Client } from '../src/api/client.ts'
import { type ApiError, EXIT, problemOf } from '../src/api/errors.ts'
import { type Checkout, initialisedCheckout } from './checkout.ts'
import { isColoured, type KnotContext } from './context.ts'
import { ensureDaemon, type Start } from './daemon.ts'
import { clean, colours, type Paint, plain } from './print.ts'
import { SILENT, type Teller, tellerOn } from './telling.ts'

/** What a command found out, for programs, for people, and for whoever asks what now. */
export type Answer = {
  result: unknown
  text: string
  /** Commands that usually come next. */
  next?: string[]
  /** Why the exit code is not 0, although there is a result. */
  problem?: ApiError
}

/** The version of the envelope's form. */
export const ENVELOPE_VERSION = 1

/** A command of knot. */
export abstract class KnotCommand extends Command<KnotContext> {
  json = Option.Boolean('--json', false, { description: 'Print one line of JSON' })
  quiet = Option.Boolean('--quiet,-q', false, { description: 'Leave out progress and advice' })

  #client: Client | undefined
  #teller: Teller | undefined

  /** Does the work; a refusal is thrown as a `Failure`. */
  abstract run(): Promise<Answer>

  override async execute(): Promise<number> {
    try {
      const answer = await this.run()
      this.waiting.clear()
      return report(this.context, this.path.join(' '), this.form, answer)
    } catch (thrown) {
      this.waiting.clear()
      if (this.context.signal.aborted) return EXIT.failed
      return report(this.context, this.path.join(' '), this.form, {
        result: undefined,
        text: '',
        problem: problemOf(thrown),
      })
    } finally {
      this.#client?.close()
    }
  }

  /** Colours for stdout, if it takes any. */
  protected get paint(): Paint {
    return isColoured(this.context.stdout, this.context.env) ? colours : plain
  }

  /** Tells a waiting person what is going on. */
  protected progress(text: string): void {
    this.waiting.say(text)
  }

  /** Tells it in other ways: in place, or only if it takes long. */
  protected get waiting(): Teller {
    this.#teller ??= this.json || this.quiet ? SILENT : tellerFor(this.context)
    return this.#teller
  }

  private get form(): Form {
    if (this.json) return 'json'
    return this.quiet ? 'quiet' : 'text'
  }

  /** The daemon of this checkout's room, started if it does not run. */
  protected async daemon(): Promise<Client> {
    return await this.reach(initialisedCheckout(this.context.cwd), 'room', [])
  }

  /** The daemon of a checkout that may be in no room, started with these arguments. */
  protected async daemonOf(checkout: Checkout, args: string[] = []): Promise<Client> {
    return await this.reach(checkout, 'checkout', args)
  }

  private async reach(checkout: Checkout, needs: Start['needs'], args: string[]): Promise<Client> {
    const progress = (text: string) => this.progress(text)
    const { context } = this
    const client = this.#client ?? await ensureDaemon(checkout, { context, needs, args, progress })
    this.#client = client
    // An interrupted command ends whatever it is waiting for.
    context.signal.addEventListener('abort', client.close, { once: true })
    return client
  }

  /** Reads a stream to its end: the items as they come, then the output. */
  protected async drain<Item, Output>(
    stream: AsyncGenerator<Item, Output, void>,
    onItem: (item: Item) => void,
  ): Promise<Output> {
    for (;;) {
      const next = await stream.next()
      if (next.done === true) return next.value
      onItem(next.value)
    }
  }
}

function tellerFor({ stderr, env }: KnotContext): Teller {
  const live = (stderr as { isTTY?: boolean }).isTTY === true && env['TERM'] !== 'dumb'
  const paint = isColoured(stderr, env) ? colours : plain
  return tellerOn((text) => void stderr.write(text), { live, paint })
}

/** How an answer is printed; `quiet` leaves out what comes next. */
export type Form = 'text' | 'quiet' | 'json'

/** Prints an answer in the form that was asked for, and gives the exit code. */
export function report(
  context: KnotContext,
  command: string,
  form: Form,
  { result, text, next = [], problem }: Answer,
): number {
  const exit = problem?.exit ?? EXIT.ok
  if (form === 'json') {
    const { code, message, fix, retryable } = problem ?? {}
    const error = problem && { code, message, fix, retryable }
    const envelope = { ok: exit === EXIT.ok, command, v: ENVELOPE_VERSION, result, error, next }
    context.stdout.write(`${JSON.stringify(envelope)}\n`)
    return exit
  }
  if (text !== '') context.stdout.write(`${text}\n`)
  const paint = isColoured(context.stderr, context.env) ? colours : plain
  if (problem !== undefined) {
    // A peer that refused may have worded it.
    const fix = problem.fix && clean(problem.fix)
    context.stderr.write(`${paint.red('error:')} ${clean(problem.message)}\n`)
    if (fix !== undefined) context.stderr.write(`${paint.bold('fix:')} ${fix}\n`)
  }
  if (form === 'quiet') return exit
  for (const step of next) context.stderr.write(`${paint.dim('next:')} ${step}\n`)
  return exit
}
