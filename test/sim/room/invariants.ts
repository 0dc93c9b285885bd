/**
 * What must hold of a simulated room after every turn of every peer. Each check looks only at what
 * is new since the last, so that a run costs what happens in it.
 */
import { type ActorId, type Hash, keyOf, type Oid } from '../../../src/core/brand.ts'
import type { Call } from '../../../src/core/engine/call.ts'
import type { Engine } from '../../../src/core/engine/state.ts'
import { askNow } from '../../../src/core/engine/undoing.ts'
import { confirmedSeq, records } from '../../../src/core/lease/lease.ts'
import { idOf } from '../../../src/core/room/origin.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { checkHoldings, Holdings, holdingsOf } from './holdings.ts'
import type { World } from './world.ts'

/** What was seen of one life of a peer's engine. */
type Seen = {
  engine: Engine
  confirmed: number
  streams: Map<ActorId, number>
  volume: number
  landings: number
  heads: string
}

/** Watches a room; throws with the symptom when something happens that never must. */
export class Watch {
  readonly #world: World
  readonly #seen: Seen[] = []
  readonly #shown: number[] = []
  /** What is confirmed at each place, by whoever said so first. */
  readonly #history: string[] = []
  readonly #streams = new Map<string, string[]>()
  readonly #leaders = new Map<number, ActorId>()
  /** The first term in which a push landed, and the last in which it was refused. */
  readonly #landed = new Map<FactId, number>()
  readonly #refused = new Map<FactId, number>()
  readonly #memberships = new Map<string, string>()
  readonly #events = new Map<number, Set<string>>()
  readonly #holdings = new Holdings()

  constructor(world: World) {
    this.#world = world
  }

  /** Checks everything that one peer's turn can have changed. */
  after(peer: number): void {
    const seen = this.#seenOf(peer)
    this.#oneHistory(seen)
    this.#oneStreamEach(seen)
    this.#oneLeaderATerm(seen)
    this.#landedIsTested(seen)
    this.#shownOnce(peer, seen)
    this.#oneMembership(seen)
    this.#holdings.after(seen.engine)
  }

  /** Checks an answer at the moment in which it is given. */
  acknowledged(peer: number, call: number): void {
    const { written, needs } = this.#peer(peer)
    const need = needs.get(call)
    if (need !== undefined && !written.has(need)) fail('something acknowledged is not on disk')
  }

  /** Checks what a peer has after it came back. */
  restarted(peer: number): void {
    const { engine } = this.#peer(peer)
    for (const { peer: author, id, request } of this.#world.acknowledged) {
      const misled = this.#world.misled.has(this.#peer(peer).key)
      const owes = engine.owed.some((origin) => idOf(origin) === id)
      if (author === peer && !misled && !owes && !knows(engine, id as FactId, request)) {
        fail('an own acknowledged fact was lost in a restart')
      }
    }
    // What a cut left out is shown anew when its author says it again.
    this.after(peer)
    if (engine.volume.number > 0) this.#events.set(peer, new Set(engine.shown))
  }

  /** A term that is known to have been led by another than this one. */
  termOfAnother(actor: ActorId): number | undefined {
    return [...this.#leaders].find(([, leader]) => leader !== actor)?.[0]
  }

  #peer(peer: number) {
    return this.#world.peers[peer] as World['peers'][number]
  }

  #seenOf(peer: number): Seen {
    const { engine } = this.#peer(peer)
    const known = this.#seen[peer]
    if (known?.engine === engine) return known
    const volume = engine.volume.number
    const seen = { engine, confirmed: 0, streams: new Map(), volume, landings: 0, heads: '' }
    this.#seen[peer] = seen
    return seen
  }

  /** No two peers ever take different records for confirmed at one place. */
  #oneHistory(seen: Seen): void {
    const { lease } = seen.engine
    const to = confirmedSeq(lease)
    if (to < seen.confirmed) fail('what was confirmed is not confirmed any more')
    for (const record of records(lease, { from: seen.confirmed + 1, to })) {
      const mark = `${record.term}/${record.leader}/${record.prev}/${record.payload.kind}`
      const known = this.#history[record.seq]
      if (known !== undefined && known !== mark) fail('two records are confirmed at one place')
      this.#history[record.seq] = mark
    }
    seen.confirmed = to
  }

  /** No two peers ever hold different changes at one place of a stream. */
  #oneStreamEach(seen: Seen): void {
    const { engine, streams } = seen
    const { number } = engine.volume
    if (seen.volume !== number) streams.clear()
    seen.volume = number
    for (const [actor, held] of engine.held) {
      // A seal may have cut it back.
      const from = Math.min(streams.get(actor) ?? 0, held.length)
      streams.set(actor, from)
      if (from === held.length) continue
      const known = this.#streams.get(`${number} ${actor}`) ?? []
      this.#streams.set(`${number} ${actor}`, known)
      for (let at = from; at < held.length; at++) {
        const { hash } = held[at] as { hash: string }
        if (known[at] !== undefined && known[at] !== hash) this.#forked(actor)
        known[at] = hash
      }
      const authors = this.#world.peers.filter(({ key }) => key === keyOf(actor))
      if (authors.every((author) => author.engine !== engine)) {
        const isWritten = ({ hash }: { hash: Hash }) => authors.some((a) => a.written.has(hash))
        if (!held.slice(from).every(isWritten)) fail('a change left before it was on disk')
      }
      streams.set(actor, held.length)
    }
  }

  /** Only who lost something, or has a twin, signs two changes at one place; and not for long. */
  #forked(actor: ActorId): void {
    if (!this.#world.misled.has(keyOf(actor))) fail('a stream forked')
    this.#world.tally.forks++
  }

  /** A peer came back with a disk that knows nothing of what it showed since. */
  forgot(peer: number): void {
    this.#events.delete(peer)
    this.#shown[peer] = this.#peer(peer).shown.length
  }

  /** A term has one leader at most. */
  #oneLeaderATerm({ engine }: Seen): void {
    const { role } = engine.lease
    if (role.kind !== 'leader') return
    const known = this.#leaders.get(role.term)
    if (known === engine.me.actor) return
    if (known !== undefined) fail('two peers lead one term')
    this.#leaders.set(role.term, engine.me.actor)
  }

  /** A landing is the tree that was tested, sound, on top of the one before, and of a leader. */
  #landedIsTested(seen: Seen): void {
    const { git } = this.#world
    const { line } = seen.engine.board
    for (const [at, step] of line.entries()) {
      if (at < seen.landings) continue
      const { fact, term, by } = step
      const prev: Oid | undefined = line[at - 1]?.fact.commit ?? fact.prev
      if (this.#leaders.get(term) !== by) fail('somebody landed who did not lead')
      if (git.tree(fact.commit) !== fact.tree) fail('a landing is not the tree that was tested')
      if (Object.values(git.files(fact.commit)).includes('broken')) fail('a broken tree landed')
      if (prev !== undefined && !git.parents(fact.commit).includes(prev)) {
        fail('a landing leaves the one before it out')
      }
      if ('undoes' in step) continue
      this.#landed.set(step.fact.push, Math.min(term, this.#landed.get(step.fact.push) ?? term))
      this.#noneAfter(step.fact.push)
    }
    if (line.length > seen.landings) this.#headIsWhatStands(seen.engine)
    seen.landings = line.length
  }

  /** After any undos the head has the files of the last landing that stands, or of the base. */
  #headIsWhatStands({ board }: Engine): void {
    const { git, base } = this.#world
    const head = board.line.at(-1)?.fact.commit as Oid
    const top = board.stack.at(-1)?.fact.commit ?? base
    if (git.tree(head) !== git.tree(top)) fail('the head is not what stands after an undo')
    for (const { fact } of board.stack) {
      if (board.undone.has(fact.push)) fail('an undone push stands')
    }
  }

  /** Every event is shown once, and a verdict only when it counts. */
  #shownOnce(peer: number, { engine }: Seen): void {
    const { shown } = this.#peer(peer)
    const before = this.#events.get(peer) ?? new Set()
    this.#events.set(peer, before)
    for (const id of shown.slice(this.#shown[peer] ?? 0)) {
      if (before.has(id)) fail('an event was shown twice')
      before.add(id)
      this.#onlyALeaderRefuses(engine, id as FactId)
    }
    this.#shown[peer] = shown.length
  }

  #onlyALeaderRefuses(engine: Engine, id: FactId): void {
    const event = engine.events.get(id)
    if (event === undefined || !('push' in event) || event.kind === 'landed') return
    if (event.kind === 'undone') return
    const entry = engine.board.verdicts.get(event.push)?.find((verdict) => verdict.id === id)
    if (entry === undefined) throw new Error('bug: a verdict that the board does not have')
    const { term } = entry.fact
    if (this.#leaders.get(term) !== entry.place.actor) fail('somebody refused who did not lead')
    const mine = engine.me.actor === entry.place.actor
    if (mine && engine.board.landed.has(event.push)) fail('a landed push was refused')
    this.#refused.set(event.push, Math.max(term, this.#refused.get(event.push) ?? term))
    this.#noneAfter(event.push)
  }

  /** A push that landed is not refused in a later term. */
  #noneAfter(push: FactId): void {
    const [landed, refused] = [this.#landed.get(push), this.#refused.get(push)]
    if (landed !== undefined && refused !== undefined && refused > landed) {
      fail('a landed push was refused')
    }
  }

  /** Whoever holds the same ops takes the same agents for members. */
  #oneMembership(seen: Seen): void {
    const { auth, membership } = seen.engine
    const heads = auth.heads().join()
    if (heads === seen.heads) return
    seen.heads = heads
    const rows = [...membership.members].map(([agent, { key, name, role, status }]) =>
      [agent, key, name, role, status].join())
    const known = this.#memberships.get(heads)
    const text = rows.join(' ')
    if (known !== undefined && known !== text) fail('one set of ops gave two memberships')
    this.#memberships.set(heads, text)
  }
}

/** Throws unless the room is as it must be some time after its last fault. */
export function checkHealed(world: World): void {
  const { peers } = world
  const views = peers.map(({ engine }) => viewOf(engine))
  for (const { engine } of peers) {
    const seal = engine.membership.sealOf(engine.me.actor, engine.volume.id)
    if (seal !== undefined) fail('somebody lives on in a stream that is sealed')
  }
  const differ = peers.some(({ engine }) => engine.differs.length > 0)
  if (differ || views.some((view) => view !== views[0])) fail('the views did not converge')
  for (const { id, request } of world.acknowledged) {
    for (const { engine } of peers) {
      if (!knows(engine, id as FactId, request)) fail('something acknowledged was lost')
    }
  }
  for (const { engine, disk } of peers) {
    const { board } = engine
    const last = board.line.at(-1)?.fact.commit
    if (disk.integration !== last) fail('an integration ref did not follow')
    if (askNow(engine) !== undefined) fail('a wish to undo waits for ever')
    for (const id of board.open.keys()) {
      const refused = board.verdicts.get(id)
      const counts = refused?.some(({ place, fact }) => engine.led.get(fact.term) === place.actor)
      if (counts !== true) fail('a push waits for ever')
    }
    for (const id of board.unlanded.keys()) if (!engine.holding.has(id)) fail('a push is not pinned')
  }
  for (const one of peers) checkHolders(world, one)
  for (const [peer, { engine }] of peers.entries()) {
    checkHoldings(engine, world.clockOf(peer))
  }
}

/** Everybody knows of everybody else who holds what. */
function checkHolders({ peers }: World, { engine, key }: World['peers'][number]): void {
  for (const push of engine.board.unlanded.keys()) {
    const told = [...(engine.holders.get(push) ?? [])].filter((holder) => holder !== key).sort()
    const others = peers.filter((other) => other.key !== key && other.engine.holding.has(push))
    const right = [...new Set(others.map((other) => keyOf(other.engine.me.actor)))].sort()
    if (told.join() !== right.join()) fail('holders are not as they are told')
  }
}

/** Whether a peer shows what was acknowledged; a wish to undo is void once the head moved on. */
export function knows({ board }: Engine, id: FactId, request: Call): boolean {
  const { kind } = request
  if (kind === 'undo' && request.head !== board.line.at(-1)?.fact.commit) return true
  if (kind === 'ask' || kind === 'lock' || kind === 'withdraw') return true
  if (kind === 'undo') return [...board.asks.values()].some((asks) => asks.has(id))
  return kind === 'base' || [board.chat, board.tasks, board.pushes].some((map) => map.has(id))
}

function viewOf(engine: Engine): string {
  const { chat, tasks, pushes, line } = engine.board
  const ids = [chat, tasks, pushes].map((map) => [...map.keys()].sort())
  const landed = line.map(({ fact }) => fact)
  const members = [...engine.membership.members.keys()]
  const events = [...engine.events.keys()].sort()
  return JSON.stringify([engine.volume.number, engine.volume.id, ids, landed, members, events, holdingsOf(engine)])
}

function fail(symptom: string): never {
  throw new Error(symptom)
}
