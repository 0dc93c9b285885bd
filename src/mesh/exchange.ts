/**
 * The join protocol: one question, one answer, each one frame, then the stream ends. It is the only
 * thing that a peer who is not a member can say, so everything about it is bounded: size, time,
 * rate, and how many are answered at once.
 */
import type { PublicKey } from '../core/brand.ts'
import { JOIN_AT_ONCE } from '../core/limits.ts'
import { frameCutter, frameOf } from './frames.ts'
import { greet, greeted, reasonOf, withSignal } from './greeting.ts'
import type { AskOutcome, ByteStream, MeshEvents } from './port.ts'
import { joinThrottle } from './throttle.ts'

/** Answers questions; one per mesh, since it counts them. */
export type Answerer = {
  answer(key: PublicKey, stream: ByteStream, signal: AbortSignal): Promise<void>
}

/** Answers with what `ask` returns; when that fails, the asker is refused without a reason. */
export function createAnswerer(options: {
  ask: MeshEvents['ask']
  now(): number
  log(line: string): void
}): Answerer {
  const throttle = joinThrottle()
  let open = 0
  return {
    async answer(key, stream, signal) {
      if (open >= JOIN_AT_ONCE || !throttle(key, options.now())) {
        await greet(stream, 'busy')
        await stream.end()
        return
      }
      open++
      try {
        await withSignal(stream, signal, async () => {
          await greet(stream, 'taken')
          const question = await readFrame(stream)
          if (question.kind !== 'frame') return stream.abort(question.why)
          const answer = await options.ask(key, question.bytes, signal)
          await stream.write(frameOf(answer))
          await stream.end()
        })
      } catch (error) {
        options.log(`join: no answer for ${key.slice(0, 8)}: ${(error as Error).message}`)
        stream.abort('no answer')
      } finally {
        open--
      }
    },
  }
}

/** Asks over a fresh stream to `key`. */
export async function askOver(
  { key, stream }: { key: PublicKey; stream: ByteStream },
  question: Uint8Array,
  signal: AbortSignal,
): Promise<AskOutcome> {
  return withSignal(stream, signal, async () => {
    const greeting = await greeted(stream, signal)
    if (greeting.kind === 'busy') {
      stream.abort('busy')
      return { kind: 'busy', why: 'that peer answers no more questions just now; try again later' }
    }
    if (greeting.kind === 'gone') return failed(greeting.why, signal)
    await greeting.stream.write(frameOf(question))
    // Both sides must close, or the stream counts against the peer's limit for ever.
    await greeting.stream.end()
    const answer = await readFrame(greeting.stream)
    if (answer.kind !== 'frame') return failed(answer.why, signal)
    return { kind: 'answered', key, answer: answer.bytes }
  })
}

function failed(why: string, signal: AbortSignal): AskOutcome {
  if (signal.aborted) return { kind: 'late', why: reasonOf(signal) }
  return { kind: 'refused', why }
}

async function readFrame(
  stream: ByteStream,
): Promise<{ kind: 'frame'; bytes: Uint8Array } | { kind: 'gone'; why: string }> {
  const cutter = frameCutter()
  for (;;) {
    const chunk = await stream.read()
    if (chunk.kind === 'gone') return chunk
    if (chunk.kind === 'end') return { kind: 'gone', why: 'the peer closed without an answer' }
    const { frames, oversize } = cutter.push(chunk.bytes)
    if (frames[0] !== undefined) return { kind: 'frame', bytes: frames[0] }
    if (oversize !== undefined) {
      const why = `a frame of ${oversize} bytes is too large`
      stream.abort(why)
      return { kind: 'gone', why }
    }
  }
}
