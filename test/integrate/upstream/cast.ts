/** Agents with a checkout, a mirror and a lane of their own, around one bare remote. */
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { AgentId, Instant, Oid } from '../../../src/core/brand.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import type { Worked } from '../../../src/core/engine/input.ts'
import { type FactId, factId } from '../../../src/core/room/facts.ts'
import { findCheckout } from '../../../src/git/checkout.ts'
import { initMirror, publish } from '../../../src/git/mirror.ts'
import { updateRef } from '../../../src/git/moves.ts'
import { INTEGRATION_REF } from '../../../src/git/refs.ts'
import type { Repositories } from '../../../src/integrate/repositories.ts'
import { UpstreamLane } from '../../../src/integrate/upstream/lane.ts'
import type { OwnPush, Picture } from '../../../src/integrate/upstream/picture.ts'
import { alice, bob, person, room, verify } from '../../core/room/cast.ts'
import { commit, folder, git, signal } from '../../git/scratch.ts'

export const CAST = { alice, bob, carol: person('carol') }
export type Name = keyof typeof CAST

/** An agent's id in these tests; who it is the pictures say. */
export const idOf = (name: Name) => `ag_${name.padEnd(16, 'x')}` as AgentId

export type Agent = {
  name: Name
  root: string
  at: Repositories
  lane: UpstreamLane
  picture: { -readonly [K in keyof Picture]: Picture[K] }
  told: Worked[]
  log: string[]
  /** Commits a file and puts the push of it into the picture. */
  push: (file: string) => Promise<OwnPush>
  /** Has a commit in the mirror with the integration ref on it, as after a confirmed landing. */
  land: (commit: Oid) => Promise<void>
  stop: () => Promise<void>
}

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A bare repository with one commit on main. */
export function remote(): string {
  const bare = folder('shared')
  git(bare, 'init', '--quiet', '--bare', '-b', 'main')
  const seed = folder('seed')
  git(seed, 'clone', '--quiet', bare, '.')
  git(seed, 'checkout', '--quiet', '-B', 'main')
  commit(seed, { readme: 'hello' })
  git(seed, 'push', '--quiet', 'origin', 'main')
  return bare
}

/** The refs of a repository below refs/knot/. */
export function refsOf(repository: string): Record<string, string> {
  const list = git(repository, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/knot')
  return Object.fromEntries(list.split('\n').filter(Boolean).map((line) => line.split(' ')))
}

/** An agent with a clone of the remote; its lane runs. */
export async function agent(
  name: Name,
  url: string,
  { root = clone(url), transport = 'auto' }: { root?: string; transport?: 'auto' | 'upstream' } = {},
): Promise<Agent> {
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const mirror = await initMirror(join(root, '.git', 'knot-mirror'), signal)
  const { checkout } = found
  const route = { helperFolder: folder(), socket: '' }
  const at = { checkout, mirror, route, checkFolder: '', cacheFolder: '' }
  const picture = pictureFor(name)
  const [told, log]: [Worked[], string[]] = [[], []]
  const stopping = new AbortController()
  const lane = new UpstreamLane(at, {
    transport, verify, signal: stopping.signal,
    picture: () => picture,
    now: () => 1_700_000_000_000 as Instant,
    log: (text) => log.push(text),
    tell: (result) => told.push(result),
    moved: () => undefined,
  })
  const push = async (file: string) => {
    const oid = commit(root, { [file]: `${name} ${file}` })
    return add(picture, CAST[name], oid)
  }
  const own = async (file: string) => {
    const made = await push(file)
    const refs = [`refs/knot/push/${made.push}`, `refs/knot/${idOf(name)}`]
    await publish({ checkout, mirror, rev: made.commit, refs }, signal)
    return made
  }
  const land = async (oid: Oid) => {
    const refs = [`refs/knot/pin/${oid}`]
    await publish({ checkout, mirror, rev: oid, refs }, signal)
    const before = picture.line.at(-1)
    const from = before === undefined ? {} : { from: before }
    await updateRef(mirror, { ref: INTEGRATION_REF, to: oid, ...from }, signal)
    picture.line = [...picture.line, oid]
  }
  const stop = async () => {
    stopping.abort()
    await lane.idle()
  }
  stops.push(stop)
  lane.start()
  return { name, root, at, lane, picture, told, log, push: own, land, stop }
}

function clone(url: string): string {
  const root = folder('clone')
  git(root, 'clone', '--quiet', url, '.')
  return root
}

function add(picture: Agent['picture'], { actor }: { actor: Picture['me']['actor'] }, oid: Oid) {
  const n = picture.own.length
  const push = factId({ actor, topic: 'refs', n }) as FactId
  const made = { push, actor, n, commit: oid, at: (1_700_000_000_000 + n) as Instant }
  picture.own = [...picture.own, made]
  return made
}

function pictureFor(name: Name): Agent['picture'] {
  const me: Signer & { actor: Picture['me']['actor'] } = CAST[name]
  const names = Object.keys(CAST) as Name[]
  return {
    room,
    me: { agent: idOf(name), actor: me.actor, signer: me },
    part: 'writes',
    own: [],
    missing: [],
    line: [],
    agents: new Set(names.filter((other) => other !== name).map(idOf)),
    agentOf: (actor) => {
      const found = names.find((other) => CAST[other].actor === actor)
      return found === undefined ? undefined : idOf(found)
    },
    newestOf: () => -1,
    authorOf: () => undefined,
  }
}
