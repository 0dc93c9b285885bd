/** Clocks of peers against this one. They decide nothing; the times in the log are theirs. */
import { CLOCK_SKEW_MS } from '../../core/limits.ts'
import { fine, type Found, warning } from './finding.ts'

const FIX = 'set it by the network: timedatectl set-ntp true (Linux), Date & Time settings (macOS)'

/** Findings for estimates of how many ms each peer's clock is ahead of this one. */
export function clockFindings(peers: readonly { name: string; ahead: number }[]): Found[] {
  if (peers.length === 0) return []
  const off = peers.filter(({ ahead }) => Math.abs(ahead) > CLOCK_SKEW_MS)
  const most = `${CLOCK_SKEW_MS / 1000} s`
  if (off.length === 0) return [fine('clock', `within ${most} of every peer heard`)]
  const sides = new Set(off.map(({ ahead }) => Math.sign(ahead)))
  // Where all who are heard differ the same way, it is hardly all of them that are wrong.
  if (off.length === peers.length && peers.length > 1 && sides.size === 1) {
    const [first] = off.map(({ ahead }) => -ahead).sort((a, b) => Math.abs(a) - Math.abs(b))
    const all = `those of all ${peers.length} peers heard`
    const text = `this machine’s clock is ${apart(first ?? 0)} ${all}`
    return [warning('clock', { code: 'clock-here', text, fix: FIX })]
  }
  return off.map(({ name, ahead }) => {
    const text = `${name}’s clock is ${apart(ahead)} this one`
    return warning('clock', { code: 'clock-apart', text, fix: FIX })
  })
}

function apart(ahead: number): string {
  const seconds = Math.round(Math.abs(ahead) / 1000)
  const long = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `${long} ${ahead > 0 ? 'ahead of' : 'behind'}`
}
