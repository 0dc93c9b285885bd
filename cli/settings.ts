/** Settings, asked of the daemon's program: the daemon itself need not run. */
import type { Held } from '../src/core/settings/settings.ts'
import { type Checkout } from './checkout.ts'
import type { KnotContext } from './context.ts'
import { runOnce } from './daemon.ts'
import { cleanLine, type Paint, table } from './print.ts'

/** Every setting as it would hold for a daemon that is started now, and the file just written. */
export type Settings = { settings: Held[]; wrote?: string }

/** Reads the settings, after a change if there is one. */
export async function askSettings(
  checkout: Checkout,
  change: string[],
  context: KnotContext,
): Promise<Settings> {
  return (await runOnce(checkout, ['--settings', ...change], context)) as Settings
}

/** A value as `knot config set` takes it. */
export function shownValue({ value }: Pick<Held, 'value'>): string {
  return typeof value === 'object' ? value.join(',') : String(value)
}

/** All of them, with who said so. */
export function describeSettings(settings: readonly Held[], paint: Paint): string {
  return table(settings.map((held) => [
    held.key,
    cleanLine(shownValue(held)),
    paint.dim(held.from === '' ? held.origin : `${held.origin} (${held.from})`),
  ]))
}

/** What a running daemon needs before it knows of a change. */
export const ANEW = ['knot down && knot up']
