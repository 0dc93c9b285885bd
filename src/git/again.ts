/**
 * Trying again while another git is at the same refs. A git outlives the daemon that started it and
 * was killed: it still moves refs, or has died with a lock in its hand.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { REF_TRIES_MAX, REF_WAIT_MS } from '../core/limits.ts'

/** Repeats what was refused for a lock, or for a ref that moved meanwhile; at most a few times. */
export async function whileBusy<T extends { kind: string }>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const outcome = await attempt()
    if (tries >= REF_TRIES_MAX || !isBusy(outcome)) return outcome
    await sleep(tries * REF_WAIT_MS, undefined, { signal })
  }
}

function isBusy(outcome: { kind: string; why?: unknown }): boolean {
  const { kind, why } = outcome
  return kind === 'refused' && /cannot lock ref|\.lock'|stale info/.test(String(why))
}
