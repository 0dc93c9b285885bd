/** What three agents do all day, without the pauses. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../src/api/client.ts'
import { clientOf } from '../bench/ground.ts'
import type { Peer } from '../peers.ts'

const TALK_MS = 100
const TASK_MS = 2_000
const PUSH_MS = 10_000

/** What was done. */
export type Done = { calls: number; pushes: number; failed: number }

/** Keeps all of them busy until the signal, and answers what they did. */
export async function busy(peers: readonly Peer[], signal: AbortSignal): Promise<Done> {
  const done: Done = { calls: 0, pushes: 0, failed: 0 }
  const clients = await Promise.all(peers.map(clientOf))
  const everyMs = async (ms: number, act: (round: number) => Promise<void>) => {
    for (let round = 0; !signal.aborted; round++) {
      // A task that somebody else took, or a push that is refused, is part of the day.
      await act(round).catch(() => done.failed++)
      await sleep(ms, undefined, { signal }).catch(() => undefined)
    }
  }
  const counted = async <T>(call: Promise<T>): Promise<T> => {
    done.calls++
    return await call
  }
  try {
    await Promise.all(peers.flatMap((peer, n) => {
      const client = clients[n] as Client
      return [
        everyMs(TALK_MS, (round) => talk(client, counted, `${peer.name} says ${round}`)),
        everyMs(TASK_MS, (round) => work(client, counted, `${peer.name} does ${round}`)),
        everyMs(PUSH_MS, async (round) => {
          await push(peer, round)
          done.pushes++
        }),
      ]
    }))
  } finally {
    for (const client of clients) client.close()
  }
  return done
}

type Counted = <T>(call: Promise<T>) => Promise<T>

async function talk(client: Client, counted: Counted, text: string): Promise<void> {
  await counted(client.call('say', { text }))
}

async function work(client: Client, counted: Counted, title: string): Promise<void> {
  const { id } = await counted(client.call('tasks.add', { title }))
  for await (const _ of client.stream('tasks.claim', { id, worktree: false })) continue
  const globs = [`src/${title.replaceAll(' ', '-')}/**`]
  const { lock } = await counted(client.call('doing', { text: title, globs }))
  if (lock !== undefined) await counted(client.call('doing.stop', {}))
  await counted(client.call('tasks.end', { id, want: 'done' }))
}

async function push(peer: Peer, round: number): Promise<void> {
  await peer.git('merge', '--quiet', '--no-edit', 'refs/knot/integration').catch(() => undefined)
  await peer.commit({ [`${peer.name}.js`]: `export const round = ${round}\n` })
  await peer.told('sync', '--push-only')
}
