/** `knot config`, as far as the files of a checkout are concerned. */
import { Failure } from '../api/errors.ts'
import { type Held, KEYS, parseKey, parseSetting, RULES } from '../core/settings/settings.ts'
import { readConfig } from '../store/config.ts'
import { homeAt } from '../store/home.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { checkoutAt } from './identity.ts'
import { changeSetting, settingsOf } from './settings.ts'

/** What `knot config` is told. */
export type SettingsAnswer = { settings: Held[]; wrote?: string }

/** Changes a setting, if asked to, and tells all of them. */
export async function answerSettings(
  { root, set, unset, of, env, signal }: {
    root: string
    set: string | undefined
    unset: string | undefined
    of: 'checkout' | 'user'
    env: Readonly<Record<string, string | undefined>>
    signal: AbortSignal
  },
): Promise<SettingsAnswer> {
  const checkout = await checkoutAt(root, signal)
  const home = homeAt(checkout.root)
  const [, name = unset, text] = /^([^=]*)=(.*)$/s.exec(set ?? '') ?? []
  let wrote: string | undefined
  if (name !== undefined) {
    const change = { ...meant(name, text), of }
    wrote = await changeSetting({ home, env }, change)
  }
  const config = await readConfig(nodeDisk, home.config)
  if (config.kind === 'corrupt') throw new Failure('CONFIG_CORRUPT', config.why)
  if (config.kind !== 'ok') {
    throw new Failure('NOT_INITIALISED', `${home.config} is missing`, 'knot init')
  }
  const settings = await settingsOf({ root: checkout.root, home, config: config.config, env })
  return { settings, ...(wrote === undefined ? {} : { wrote }) }
}

function meant(name: string, text: string | undefined) {
  const key = parseKey(name)
  if (key === undefined) {
    const why = `"${name}" is no setting; there are ${KEYS.join(', ')}`
    throw new Failure('USAGE', why, 'knot config list')
  }
  if (text === undefined) return { key, value: undefined }
  const value = parseSetting(key, text)
  if (value !== undefined) return { key, value }
  const why = `${key} cannot be ${JSON.stringify(text)}; it must be ${RULES[key].is}`
  throw new Failure('USAGE', why, `knot config get ${key}`)
}
