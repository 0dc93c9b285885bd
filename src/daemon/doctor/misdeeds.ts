/** Peers that sent what no peer may take, since this daemon began, and those that are left out. */
import type { Now } from '../../core/engine/effect.ts'
import type { Engine } from '../../core/engine/state.ts'
import { whoIs } from '../words.ts'
import { type Found, note, warning } from './finding.ts'
import { ago } from './peers.ts'

/** A finding for each peer that did: a note, and a warning while it is left out. */
export function misdeedFindings(engine: Engine, now: Now): Found[] {
  const found = [...engine.misdeeds].map(([key, { total, why, at, until }]) => {
    const { name } = whoIs(engine, key)
    const often = total === 1 ? 'once' : `${total} times`
    const told = `sent ${often} what no peer may take, last ${ago(at)}: ${why}`
    const fix = `have ${name} update knot and run knot doctor; what it sent had no effect here`
    if (until === undefined) return note('peer', 'peer-misdeeds', `${name}: ${told}`, fix)
    const left = Math.max(1, Math.ceil((until - now.mono) / 1000))
    const text = `${name}: left out for another ${left} s: it ${told}`
    return warning('peer', { code: 'peer-left-out', text, fix })
  })
  return found.sort((a, b) => (a.text < b.text ? -1 : 1))
}
