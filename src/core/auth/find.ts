/**
 * Whom a person means by a word: a name, an id or the beginning of one, or a fingerprint.
 *
 * Names are unique among agents that one log knows, but for their case, and an id may be cut; where
 * a word fits several agents all of them are answered, so that nobody acts on the wrong one.
 */
import type { AgentId } from '../brand.ts'
import { AGENT_PREFIX_MIN_CHARS, ID_PREFIX_MIN_CHARS } from '../limits.ts'
import type { Membership } from './evaluate.ts'
import { fingerprintOf, parseFingerprint } from './identity.ts'
import type { Invite } from './invites.ts'
import type { Member } from './members.ts'

export type FoundAgent =
  | { readonly kind: 'found'; readonly member: Member }
  | { readonly kind: 'ambiguous'; readonly members: readonly Member[] }
  | { readonly kind: 'none' }

/** Finds an agent, removed ones too. A whole name or id goes before parts of others. */
export function agentNamed({ members }: Membership, word: string): FoundAgent {
  const all = [...members.values()]
  const exact = members.get(word as AgentId) ?? all.find(({ name }) => name === word)
  if (exact !== undefined) return { kind: 'found', member: exact }

  const fingerprint = parseFingerprint(word)
  const folded = word.toLowerCase()
  const found = all.filter(({ agent, name, keys }) => {
    if (fingerprint !== undefined) return keys.some(key => fingerprintOf(key) === fingerprint)
    return name.toLowerCase() === folded || isStartOf(folded, agent)
  })
  const [member] = found
  if (member === undefined) return { kind: 'none' }
  return found.length === 1 ? { kind: 'found', member } : { kind: 'ambiguous', members: found }
}

function isStartOf(word: string, agent: AgentId): boolean {
  return word.length >= AGENT_PREFIX_MIN_CHARS && word.startsWith('ag_') && agent.startsWith(word)
}

export type FoundInvite =
  | { readonly kind: 'found'; readonly invite: Invite }
  | { readonly kind: 'ambiguous'; readonly invites: readonly Invite[] }
  | { readonly kind: 'none' }

/** Finds an invite by its id or the beginning of it. */
export function inviteNamed({ invites }: Membership, word: string): FoundInvite {
  const folded = word.toLowerCase()
  const long = word.length >= ID_PREFIX_MIN_CHARS
  const found = long ? [...invites.values()].filter(({ id }) => id.startsWith(folded)) : []
  const [invite] = found
  if (invite === undefined) return { kind: 'none' }
  return found.length === 1 ? { kind: 'found', invite } : { kind: 'ambiguous', invites: found }
}
