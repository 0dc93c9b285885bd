/** A daemon's program as the command line expects one, around the fake answers. */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { serve } from '../../src/api/server.ts'
import { socketPath } from '../../src/api/socket.ts'
import { fakeAnswers, status } from '../api/fake-daemon.ts'

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    doctor: { type: 'boolean' },
    fix: { type: 'boolean' },
    settings: { type: 'boolean' },
    set: { type: 'string' },
    unset: { type: 'string' },
    user: { type: 'boolean' },
    init: { type: 'boolean' },
    name: { type: 'string' },
    port: { type: 'string' },
  },
})
const home = values.home ?? '.'
const knot = join(home, '.knot')
const behaviour = process.env['FAKE_KNOTD'] ?? ''
appendFileSync(join(home, 'fake-starts.txt'), `${process.argv.slice(4).join(' ')}\n`)

if (values.init === true) {
  const kind = existsSync(knot) ? 'exists' : 'created'
  mkdirSync(knot, { recursive: true })
  const agent = { id: 'ag_aaaaaaaaaaaaaaaa', name: values.name ?? 'nobody' }
  const fingerprint = 'knot:0a1b:2c3d:4e5f:6071:8293'
  console.log(JSON.stringify({ result: { kind, agent, fingerprint, home: knot } }))
  process.exit(0)
}
if (values.settings === true) {
  const settings = [{ key: 'port', value: 0, origin: 'default', from: '' }]
  console.log(JSON.stringify({ result: { settings, wrote: 'config.json' } }))
  process.exit(0)
}
if (values.doctor === true) {
  const found = { area: 'key', code: 'key-corrupt', text: 'it is bent', fix: 'straighten it' }
  const severity = behaviour === 'unwell' ? 'error' : 'warning'
  console.log(JSON.stringify({ result: { findings: [{ ...found, severity }] } }))
  process.exit(0)
}
if (behaviour === 'port') {
  const fix = 'knot up --port 4002'
  console.log(JSON.stringify({ error: { code: 'PORT_TAKEN', message: 'port 4001 is taken.', fix } }))
  process.exit(1)
}
if (behaviour === 'crash') {
  console.error('loading\nError: the sky fell\x1b[2J')
  process.exit(3)
}
if (behaviour === 'slow') await sleep(1_200)

const join_ = fakeAnswers()['room.join']
const enter = () => {
  mkdirSync(join(knot, 'room'), { recursive: true })
  writeFileSync(join(knot, 'room', 'room.log'), '')
}
const { 'room.create': create } = fakeAnswers()
const served = await serve(await socketPath(knot), fakeAnswers({
  status: async () => ({ ...status, pid: process.pid, addresses: [`127.0.0.1:${values.port ?? 4001}`] }),
  'room.create': async (input, signal) => {
    enter()
    return await create(input, signal)
  },
  'room.join': async function* (input, signal) {
    enter()
    return yield* join_(input, signal)
  },
  down: async () => {
    setTimeout(async () => {
      if (served.kind === 'serving') await served.close()
      process.exit(0)
    }, 30)
    return { pid: process.pid }
  },
}))
if (served.kind === 'already-running') process.exit(0)
