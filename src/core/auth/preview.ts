/**
 * What an op would do, before anybody hears of it.
 *
 * An op that has no effect is kept by everybody for ever and says something untrue to whoever made
 * it, so it is evaluated on a copy of the log first. That costs what opening the log costs, for
 * something that a person does a few times a day.
 */
import { type Membership, evaluate } from './evaluate.ts'
import { AuthLog } from './log.ts'

/** The membership as it would be with one more op; undefined where the log would not take it. */
export function preview(log: AuthLog, op: Uint8Array): Membership | undefined {
  // All but the last were found right when they came in.
  const copy = new AuthLog(log.room, () => true)
  for (const { bytes } of log.ops()) copy.add(bytes, () => true)
  return copy.add(op, () => true).kind === 'accepted' ? evaluate(copy) : undefined
}
