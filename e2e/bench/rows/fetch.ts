/** What the mesh costs git: a fetch from a peer, beside the same fetch by git's own protocol. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { socketPath } from '../../../src/api/socket.ts'
import type { Peer } from '../../peers.ts'
import type { Ground } from '../ground.ts'
import { history } from '../history.ts'
import { ends, inTurn, timed } from '../measure.ts'
import { type Bound, type Row, rowOf } from '../row.ts'

const ROUNDS = 15
const COMMITS = 400

/** A clone-size fetch, and one new commit on top of it. */
export async function fetch(ground: Ground): Promise<Row[]> {
  const set = await ground.room(['ada', 'bob'])
  const [ada, bob] = set.peers as [Peer, Peer]
  const served = ada.knotPath('repo.git')
  const tips = await fill(served, join(set.root, 'history.git'))
  const daemon = await gitDaemon(served)
  const ways = { mesh: await overMesh(ada, bob), git: daemon.way }
  try {
    const folder = (name: string) => join(set.root, `fetched-${name}.git`)
    const full = (name: keyof typeof ways) => async () => {
      fresh(folder(name))
      return await timed(() => fetchInto(folder(name), ways[name], tips[0] as string))
    }
    const whole = await inTurn({ rounds: ROUNDS, warm: 2 },
      { mesh: full('mesh'), git: full('git') })
    // What was fetched last is the whole history but for the newest commits: one for each round.
    const one = (name: keyof typeof ways) => (round: number) =>
      timed(() => fetchInto(folder(name), ways[name], tips[round + 1] as string))
    const single = await inTurn({ rounds: tips.length - 3, warm: 2 },
      { mesh: one('mesh'), git: one('git') })
    const size = daemon.size()
    const git = (samples: number[]) => ({ what: 'git:// on loopback', samples })
    return [
      rowOf({ row: 'fetch', what: `all of ${size} over the mesh`, asked: atMost(1.5) },
        whole.mesh, git(whole.git)),
      rowOf({ row: 'fetch', what: 'one new commit over the mesh', asked: atMost(1) },
        single.mesh, git(single.git)),
    ]
  } finally {
    await daemon.stop()
  }
}

function atMost(times: number): Bound[] {
  return [{ figure: 'median', atMost: times, times: 'floor' }]
}

/** Where git fetches from, and what it needs to get there. */
type Way = { url: string; env: NodeJS.ProcessEnv }

async function fetchInto(folder: string, { url, env }: Way, ref: string): Promise<void> {
  const args = ['fetch', '--quiet', '--no-tags', '--no-auto-maintenance', url, `+${ref}:${ref}`]
  await ends(['git', '-c', 'core.hooksPath=/dev/null', ...args], { cwd: folder, env })
}

function fresh(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  execFileSync('git', ['init', '--quiet', '--bare', '--template=', folder])
}

/** Puts the history into a mirror, as a push of it would; gives a ref for each of its last tips. */
async function fill(mirror: string, draft: string): Promise<string[]> {
  fresh(draft)
  execFileSync('git', ['fast-import', '--quiet'], { cwd: draft, input: history(COMMITS) })
  const line = execFileSync('git', ['rev-list', '--first-parent', 'bench'], { cwd: draft })
  const last = line.toString().trim().split('\n').slice(0, ROUNDS + 3).reverse()
  const refs = last.map((_, n) => `refs/knot/push/bench-${String(n).padStart(2, '0')}`)
  const specs = last.map((commit, n) => `${commit}:${refs[n]}`)
  await ends(['git', 'push', '--quiet', mirror, ...specs], { cwd: draft })
  return refs
}

/** As a daemon's own git does it: the remote helper, the local socket, and the other daemon. */
async function overMesh(from: Peer, at: Peer): Promise<Way> {
  const key = JSON.parse(readFileSync(from.knotPath('keys', 'agent.key.json'), 'utf8')) as
    { public: string }
  const env = {
    ...at.env,
    PATH: [at.knotPath('bin'), at.env['PATH']].join(delimiter),
    KNOT_SOCKET: await socketPath(at.knotPath()),
    GIT_ALLOW_PROTOCOL: 'knot',
  }
  return { url: `knot://${key.public}/`, env }
}

/** Serves one repository as plain git does. */
async function gitDaemon(repository: string) {
  const port = await freePort()
  const programs = execFileSync('git', ['--exec-path']).toString().trim()
  const child = spawn(join(programs, 'git-daemon'), [
    '--listen=127.0.0.1', `--port=${port}`, '--export-all', '--reuseaddr', repository,
  ], { stdio: 'ignore' })
  await answers(port)
  return {
    way: { url: `git://127.0.0.1:${port}${repository}`, env: process.env },
    size: () => {
      const args = ['count-objects', '-v']
      const said = execFileSync('git', args, { cwd: repository }).toString()
      const number = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(said)?.[1])
      const mega = (number('size-pack') + number('size')) / 1024
      return `${number('in-pack') + number('count')} objects, ${mega.toFixed(1)} MiB`
    },
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect({ port, host: '127.0.0.1' })
    const open = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (open) return
    await sleep(50)
  }
  throw new Error(`git daemon did not listen on port ${port}`)
}
