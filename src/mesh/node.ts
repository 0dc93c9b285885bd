/**
 * The mesh on libp2p: one connection and one sync session for each pair of members, dialled and
 * dialled again by ourselves.
 */
import type { PublicKey } from '../core/brand.ts'
import { JOIN_MS } from '../core/limits.ts'
import { type Endpoint, formatEndpoint } from './address.ts'
import { ask, openGit } from './call.ts'
import { startDiscovery } from './discovery.ts'
import { createAnswerer } from './exchange.ts'
import { greet } from './greeting.ts'
import { keyOfPeer } from './key.ts'
import { createLinks } from './links.ts'
import { listen } from './listen.ts'
import { mutedBy } from './mute.ts'
import type { Mesh, MeshOptions, StartOutcome } from './port.ts'
import { answerProtocols } from './protocols.ts'
import type { Node } from './settings.ts'
import { watchStrangers } from './strangers.ts'

/** Listens and answers; `want` is what makes it dial. */
export async function startMesh(options: MeshOptions): Promise<StartOutcome> {
  const outcome = await listen(options)
  if (outcome.kind !== 'listening') return outcome
  return { kind: 'started', mesh: await assemble(outcome.node, options, outcome.places) }
}

async function assemble(node: Node, options: MeshOptions, places: () => Endpoint[]): Promise<Mesh> {
  const me = keyOfPeer(node.peerId) as PublicKey
  const stopping = new AbortController()
  const now = () => performance.now()
  const events = mutedBy(stopping.signal, options.events)

  const links = createLinks({ ...options, events }, { node, me, now })
  const { sessions, keeper } = links
  const answerer = createAnswerer({ ask: events.ask, now, log: options.log })
  await answerProtocols(node, {
    mayEnter: (key) => options.isMember(key) && !keeper.forgotten(key),
    sync: links.answerSync,
    join: ({ key, stream }) => answerer.answer(key, stream, timed(stopping.signal)),
    async git({ key, stream }) {
      if ((await greet(stream, 'taken')) === 'sent') events.git(key, stream)
    },
  })
  const unwatch = watchStrangers(node, { keeps: links.keeps, isMember: options.isMember })
  const discovery = startDiscovery({
    me,
    tag: options.mdnsTag,
    announced: (ip) => places().filter(({ host }) => host === ip),
    found(key, addresses) {
      keeper.learn(key, addresses)
      events.found(key, addresses)
    },
    moved: () => keeper.hurry(),
    logger: node.logger,
    log: options.log,
  })

  return {
    key: me,
    addresses: () => places().map(formatEndpoint),
    want: keeper.want,
    forget(key) {
      keeper.forget(key)
      links.forgetFailures(key)
      sessions.end(key, 'no longer wanted')
    },
    send: sessions.send,
    reset: sessions.end,
    ask: (target, question, signal) =>
      ask(
        { node, reach: options.reach ?? 'anywhere', connectionTo: links.connectionTo },
        { ...target, question },
        AbortSignal.any([signal, timed(stopping.signal)]),
      ),
    survey: () => ({
      peers: keeper.wanted().map(({ key, addresses }) => ({
        key,
        state: sessions.has(key) ? 'up' : 'away',
        addresses: triedOf(addresses, links.failuresOf(key)),
      })),
      mdns: options.mdnsTag === undefined ? undefined : discovery.survey(),
    }),
    openGit: (key, signal) =>
      openGit(links.connectionTo(key), AbortSignal.any([signal, stopping.signal])),
    async stop() {
      stopping.abort()
      keeper.stop()
      unwatch()
      sessions.endAll('stopped')
      await discovery.stop()
      await node.stop()
    },
  }
}

function triedOf(addresses: readonly string[], failures: ReadonlyMap<string, string>) {
  return addresses.map((address) => {
    const why = failures.get(address)
    return why === undefined ? { address } : { address, why }
  })
}

function timed(stopping: AbortSignal): AbortSignal {
  return AbortSignal.any([stopping, AbortSignal.timeout(JOIN_MS)])
}
