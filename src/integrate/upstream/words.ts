/** Words of agents on the remote: who published what while nobody here was connected to them. */
import type { AgentId, Oid } from '../../core/brand.ts'
import { WORD_MAX_BYTES } from '../../core/limits.ts'
import { readWord } from '../../core/sync/word.ts'
import { readRef, updateRef } from '../../git/moves.ts'
import { agentRef, wordRef } from '../../git/refs.ts'
import { readTag } from '../../git/tag.ts'
import { fetchUpstream } from '../../git/upstream.ts'
import type { Passing } from './pass.ts'

/** Hears what is new; true when a ref here was moved for it. */
export async function listen(passing: Passing): Promise<boolean> {
  const { memory, picture } = passing
  for (const [agent, word] of memory.words) {
    if (picture.newestOf(word.actor) >= word.n) memory.words.delete(agent)
  }
  let moved = false
  for (const agent of agents(passing)) {
    const tag = memory.refs.get(wordRef(agent))
    if (tag === undefined || memory.heard.get(agent) === tag) continue
    moved = (await hear(passing, { agent, tag })) || moved
  }
  return moved
}

/** Takes up again what was heard before this process: the remote may be away now. */
export async function recall(passing: Omit<Passing, 'held'>): Promise<void> {
  for (const agent of agents(passing)) {
    const tag = await readRef(passing.upstream.mirror, wordRef(agent), passing.signal)
    if (tag !== undefined) await weigh(passing, { agent, tag })
  }
}

/** The commit comes with the tag that names it. */
async function hear(
  passing: Passing,
  { agent, tag }: { agent: AgentId; tag: Oid },
): Promise<boolean> {
  const { upstream, memory, signal } = passing
  const fetched = await fetchUpstream(upstream, [{ ref: wordRef(agent), oid: tag }], signal)
  const [answer] = fetched.kind === 'answered' ? fetched.refs : []
  if (answer?.kind !== 'fetched' && answer?.kind !== 'present') return false
  memory.heard.set(agent, tag)
  return weigh(passing, { agent, tag })
}

/** Points the agent's ref at the commit, if the word is its own and newer than what is known. */
async function weigh(
  { upstream, picture, memory, verify, log, signal }: Omit<Passing, 'held'>,
  { agent, tag }: { agent: AgentId; tag: Oid },
): Promise<boolean> {
  const { mirror } = upstream
  const found = await readTag(mirror, tag, { maxBytes: WORD_MAX_BYTES }, signal)
  const [, text = ''] = /^knot word (\S+)$/.exec(found?.text ?? '') ?? []
  const word = readWord(picture.room, text, verify)
  const isTheirs = word !== undefined && picture.agentOf(word.actor) === agent
  if (!isTheirs || word.commit !== found?.commit) {
    log(`${wordRef(agent)} of origin is not that agent’s word, and was left alone`)
    return false
  }
  const known = memory.words.get(agent)
  const isOlder = known !== undefined && known.actor === word.actor && known.n >= word.n
  if (isOlder || picture.newestOf(word.actor) >= word.n) return false
  memory.words.set(agent, word)
  const ref = agentRef(agent)
  const from = await readRef(mirror, ref, signal)
  if (from === word.commit) return false
  const move = { ref, to: word.commit, ...(from === undefined ? {} : { from }) }
  return (await updateRef(mirror, move, signal)).kind === 'moved'
}

function agents({ picture }: Pick<Passing, 'picture'>): AgentId[] {
  return [...picture.agents].sort()
}
