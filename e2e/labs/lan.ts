/**
 * Hosts on switches, in network namespaces of this machine. Each host is a process that holds a
 * network of its own and a mount namespace in which the other hosts' folders are empty.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '../peers.ts'
import { isAlive, until } from '../world.ts'

/** A host's leg into a switch; `n` is the last number of its address there, `net` the others. */
export type Leg = { lan: number; n: number; net?: string }

/** Hosts by name, with the switches that they are plugged into. */
export type Plan = Record<string, Leg[]>

/** Peers that live at somebody else's host, by name, with that host. */
export type Guests = Record<string, string>

/** Some switches and the hosts at them. */
export class Lan {
  readonly #plan: Plan
  readonly #hosts = new Map<string, ChildProcess>()

  constructor(plan: Plan) {
    sweep()
    this.#plan = plan
    ip('netns', 'add', SWITCHES)
    const lans = new Set(Object.values(plan).flatMap((legs) => legs.map(({ lan }) => lan)))
    for (const lan of lans) {
      ip('-n', SWITCHES, 'link', 'add', `br${lan}`, 'type', 'bridge')
      ip('-n', SWITCHES, 'link', 'set', `br${lan}`, 'up')
    }
    for (const [name, legs] of Object.entries(plan)) plug(name, legs)
  }

  /** Starts the hosts, each with nothing but the folders of those who live there below the root. */
  async boot(root: string, guests: Guests = {}): Promise<void> {
    const names = Object.keys(this.#plan)
    for (const name of names) {
      const others = [...names, ...Object.keys(guests)]
        .filter((other) => (guests[other] ?? other) !== name)
        .map((other) => join(root, other))
      for (const folder of others) mkdirSync(folder, { recursive: true })
      const hide = others.map((folder) => `mount -t tmpfs -o size=64k tmpfs '${folder}'`)
      const script = [...hide, 'echo ready', 'exec sleep infinity'].join(' && ')
      const unshared = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
      const child = spawn('ip', ['netns', 'exec', netns(name), ...unshared], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      this.#hosts.set(name, child)
      await until(`the host ${name} is up`, () => said.includes('ready'))
    }
  }

  /** Runs a command at a host, in a folder of it. */
  place(name: string, folder: () => string): Place {
    return (argv) => {
      const host = this.#hosts.get(name)
      if (host?.pid === undefined) throw new Error(`bug: the host ${name} is not up`)
      const inside = ['nsenter', '--target', String(host.pid), '--net', '--mount', '--']
      return [...inside, 'sh', '-c', 'cd "$0" && exec "$@"', folder(), ...argv]
    }
  }

  /** Pulls a host's cable out of a switch, or plugs it in again. */
  cable(name: string, lan: number, state: 'down' | 'up'): void {
    ip('-n', SWITCHES, 'link', 'set', port(name, lan), state)
  }

  /** Drops every multicast packet at every host, as guest networks do. */
  dropMulticast(): void {
    for (const name of Object.keys(this.#plan)) {
      const rules = [
        'add table inet knot',
        'add chain inet knot out { type filter hook output priority 0; }',
        'add rule inet knot out ip daddr 224.0.0.0/4 drop',
        'add chain inet knot in { type filter hook input priority 0; }',
        'add rule inet knot in ip daddr 224.0.0.0/4 drop',
      ]
      run('ip', ['netns', 'exec', netns(name), 'nft', rules.join('; ')])
    }
  }

  /** Takes everything away. */
  tearDown(): void {
    for (const child of this.#hosts.values()) child.kill('SIGKILL')
    for (const name of [...Object.keys(this.#plan).map(netns), SWITCHES]) {
      run('ip', ['netns', 'del', name])
    }
  }
}

const PREFIX = 'knotlab-'
const SWITCHES = netns('switches')

function netns(name: string): string {
  return `${PREFIX}${process.pid}-${name}`
}

function port(name: string, lan: number): string {
  return `${name.slice(0, 8)}-${lan}`
}

function plug(name: string, legs: readonly Leg[]): void {
  ip('netns', 'add', netns(name))
  ip('-n', netns(name), 'link', 'set', 'lo', 'up')
  for (const { lan, n, net = `10.77.${lan}` } of legs) {
    const [near, far] = [`eth${lan}`, port(name, lan)]
    const ends = ['type', 'veth', 'peer', 'name', far, 'netns', SWITCHES]
    ip('-n', netns(name), 'link', 'add', near, ...ends)
    ip('-n', SWITCHES, 'link', 'set', far, 'master', `br${lan}`, 'up')
    ip('-n', netns(name), 'addr', 'add', `${net}.${n}/24`, 'dev', near)
    ip('-n', netns(name), 'link', 'set', near, 'up')
  }
}

/** Removes what a run that was killed has left: its namespaces carry its process id. */
function sweep(): void {
  for (const line of run('ip', ['netns', 'list']).split('\n')) {
    const [name = ''] = line.split(' ')
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) ip('netns', 'del', name)
  }
}

function ip(...args: string[]): void {
  run('ip', args)
}

function run(program: string, args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
