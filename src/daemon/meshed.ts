/** Joins the engine to the mesh: what peers do becomes input. */
import { Failure } from '../api/errors.ts'
import type { Engine } from '../core/engine/state.ts'
import { isMember } from '../core/engine/names.ts'
import { startMesh } from '../mesh/node.ts'
import type { Mesh } from '../mesh/port.ts'
import type { Repositories } from '../integrate/repositories.ts'
import { clocks, type Loop } from './loop.ts'
import { mdnsTagOf, prologueOf } from './linking.ts'
import { serveGit } from './git-door.ts'
import type { Identity } from './identity.ts'
import type { Memory } from './memory.ts'
import type { Pace } from './pace.ts'

type Parts = {
  identity: Identity
  port: number | undefined
  log: (text: string) => void
  engine: Engine
  loop: Loop
  memory: Memory
  pace: Pace
  repositories: Repositories
  signal: AbortSignal
}

/** Starts the mesh; on the port of last time when nobody asked for another. */
export async function joinMesh(parts: Parts): Promise<Mesh> {
  const { identity, memory, port, engine } = parts
  const asked = port ?? identity.config.port
  const { keys } = engine.membership.byKey(identity.signer.key) ?? { keys: [] }
  // A new key listens where the one before it did.
  const before = keys.reduceRight<number | undefined>((port, key) => {
    return port ?? memory.ownPort(key)
  }, undefined)
  const started = await start(parts, asked ?? before ?? 0)
  if (started.kind === 'started') return remembered(parts, started.mesh)
  if (started.kind === 'taken' && asked !== undefined) {
    const fix = `stop what uses it, or choose another: knot up --port ${asked + 1}`
    throw new Failure('PORT_TAKEN', `port ${started.port} is taken: ${started.why}`, fix)
  }
  if (started.kind === 'taken') {
    const other = await start(parts, 0)
    if (other.kind === 'started') return remembered(parts, other.mesh)
  }
  const fix = 'knot config get listen shows where it would listen; knot config unset listen'
  throw new Failure('FAILED', `the network could not be opened: ${started.why}`, fix)
}

function remembered({ identity, memory }: Parts, mesh: Mesh): Mesh {
  memory.learn(identity.signer.key, mesh.addresses())
  return mesh
}

function start(parts: Parts, port: number) {
  const { identity, engine, loop, memory, pace, repositories, signal, log } = parts
  const { room, secret } = engine.membership
  const heard = (key: Parameters<typeof memory.heard>[0]) => memory.heard(key, clocks().wall)
  return startMesh({
    seed: identity.seed,
    prologue: prologueOf({ room, secret }),
    mdnsTag: mdnsTagOf({ room, secret }),
    listen: (identity.config.listen ?? ['0.0.0.0']).map((host) => ({ host, port })),
    reach: identity.config.lanOnly === true ? 'lan' : 'anywhere',
    isMember: (key) => isMember(engine.membership, key),
    events: {
      up(key, path, address) {
        heard(key)
        void loop.push({ kind: 'up', peer: key, path, address })
      },
      down(key, why) {
        heard(key)
        pace.forget(key)
        void loop.push({ kind: 'down', peer: key, why })
      },
      frame: (key, bytes) => loop.push({ kind: 'frame', peer: key, bytes }),
      drained: (key) => pace.roomAgain(key),
      found: (key, addresses) =>
        void loop.push({ kind: 'found', peer: key, addresses: [...addresses] }),
      async ask(key, question) {
        const answer = await loop.ask(key, question)
        if (answer?.kind !== 'joined') throw new Error('the daemon is stopping')
        return answer.bytes
      },
      git: (_key, stream) => {
        serveGit(repositories.mirror, stream, signal).catch((error) => log(`git: ${String(error)}`))
      },
    },
    log,
  })
}
