/** One peer of the lab: wants whomever mDNS finds, and prints what happens with the time of day. */
import { startMesh } from '../../../src/mesh/node.ts'
import type { Mesh } from '../../../src/mesh/port.ts'

const [name = 'peer', number = '1'] = process.argv.slice(2)
const say = (what: string) => console.log(`${Date.now()} ${name} ${what}`)

let mesh: Mesh | undefined
const outcome = await startMesh({
  seed: new Uint8Array(32).fill(Number(number)),
  prologue: new Uint8Array(32).fill(7),
  mdnsTag: '_knot-00000001ab._udp.local',
  listen: [{ host: '0.0.0.0', port: 0 }],
  isMember: () => true,
  events: {
    up: (key, path, address) => say(`up ${key.slice(0, 4)} ${path} ${address}`),
    down: (key, why) => say(`down ${key.slice(0, 4)} ${why}`),
    frame: () => {},
    drained: () => {},
    found(key, addresses) {
      say(`found ${key.slice(0, 4)} ${addresses.join(' ')}`)
      mesh?.want(key, addresses)
    },
    ask: async (_, question) => question,
    git: (_, stream) => stream.abort('no git here'),
  },
  log: say,
})
if (outcome.kind !== 'started') throw new Error(outcome.why)
mesh = outcome.mesh
say(`started ${mesh.addresses().join(' ')}`)
process.on('SIGTERM', () => {
  mesh?.stop().then(() => process.exit(0), () => process.exit(1))
})
