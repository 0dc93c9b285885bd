/** The demo's play: three agents, three landings at once, a conflict, a failing check. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../src/api/errors.ts'
import { type Ears, type Event, openEars, type Wanted } from './ears.ts'
import { failed, listenOnLoopback, type Stage } from './stage.ts'

/** Who plays. */
export const CAST = ['ada', 'bob', 'carol'] as const
type Agent = (typeof CAST)[number]

/** The sample repository: a function, its test, and how the test is run. */
export const SAMPLE = {
  'package.json':
    '{ "name": "sums", "private": true, "type": "module", "scripts": { "test": "node --test" } }\n',
  'sums.js': 'export const add = (a, b) => a + b\n',
  'sums.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add } from './sums.js'
test('adds', () => assert.equal(add(1.5, 1), 2.5))
`,
}

/** What the play tells, as it goes on. */
export type Teller = {
  scene: (text: string) => void
  command: (agent: string, command: string) => void
  events: (events: Event[]) => void
  output: (text: string) => void
}

/** What is there in the end. */
export type Ending = {
  room: string
  integration: string
  landings: number
  agents: { name: string; id: string; fingerprint: string; integration: string }[]
}

type Play = { stage: Stage; teller: Teller; signal: AbortSignal }

/** Plays it; fails as soon as something goes otherwise than told. */
export async function play(parts: Play): Promise<Ending> {
  await enter(parts)
  const ears = openEars(parts.stage, CAST)
  try {
    await meet(parts, ears)
    await landThree(parts, ears)
    const landed = await conflict(parts, ears)
    await breakTest(parts, ears, landed)
    return await compare(parts, landed)
  } finally {
    ears.close()
  }
}

async function enter({ stage, teller, signal }: Play): Promise<void> {
  teller.scene('ada makes a room for the repository; bob and carol join it by the link.')
  await Promise.all(CAST.map(async (agent) => {
    await knot(stage, agent, ['init'])
    listenOnLoopback(stage.cloneOf(agent))
  }))
  signal.throwIfAborted()
  teller.command('ada', 'knot up')
  const { link } = await knot(stage, 'ada', ['up'])
  signal.throwIfAborted()
  for (const agent of ['bob', 'carol']) teller.command(agent, 'knot join "knot://…"')
  await Promise.all(['bob', 'carol'].map((agent) => knot(stage, agent, ['join', String(link)])))
  const here = await Promise.all(CAST.map((agent) => knot(stage, agent, ['status'])))
  for (const { pid } of here) stage.remember(Number(pid))
  signal.throwIfAborted()
}

async function meet(parts: Play, ears: Ears): Promise<void> {
  const text = 'one function each: subtract is mine, bob multiplies, carol divides'
  parts.teller.command('ada', `knot say "${text}"`)
  const { id } = await knot(parts.stage, 'ada', ['say', text])
  await hear(parts, ears, [
    ...CAST.slice(1).map((agent) => ({
      what: `${agent} joined`,
      fits: ({ kind, by }: Event) => kind === 'joined' && by.name === agent,
    })),
    { what: 'ada’s message', fits: (event) => event.id === id },
  ])
}

async function landThree(parts: Play, ears: Ears): Promise<void> {
  const { teller } = parts
  teller.scene('Each commits another file and syncs. The leader merges, tests, and lands them.')
  const works = [
    ['ada', 'subtract', '-'], ['bob', 'multiply', '*'], ['carol', 'divide', '/'],
  ] as const
  const pushes = await Promise.all(works.map(async ([agent, name, sign]) => {
    const files = { [`${name}.js`]: `export const ${name} = (a, b) => a ${sign} b\n` }
    return await publish(parts, agent, { files, intent: `Add ${name}` })
  }))
  await hear(parts, ears, pushes.map((push) => verdict(push, 'landed')))
}

async function conflict(parts: Play, ears: Ears): Promise<Event | undefined> {
  const { stage, teller } = parts
  teller.scene('ada and bob change the same line. The second hears where, and with whom.')
  const negated = { 'sums.js': 'export const add = (a, b) => a - -b\n' }
  const first = await publish(parts, 'ada', { files: negated, intent: 'Add by subtracting' })
  const [landed] = await hear(parts, ears, [verdict(first, 'landed')])
  const swapped = { 'sums.js': 'export const add = (a, b) => b + a\n' }
  const second = await publish(parts, 'bob', { files: swapped, intent: 'Add the other way around' })
  await hear(parts, ears, [verdict(second, 'conflict')])

  teller.scene('bob merges the known-good state, settles the line, and syncs again.')
  teller.command('bob', 'git merge refs/knot/integration')
  await settled(parts, landed)
  await stage.git('bob', ['merge', '-q', '-X', 'theirs', '--no-edit', 'refs/knot/integration'])
  const both = { 'sums.js': 'export const add = (a, b) => b - -a\n' }
  const again = await publish(parts, 'bob', { files: both, intent: 'Add both ways' })
  const [settledIt] = await hear(parts, ears, [verdict(again, 'landed')])
  return settledIt
}

async function breakTest(parts: Play, ears: Ears, landed: Event | undefined): Promise<void> {
  const { stage, teller } = parts
  teller.scene('carol’s next change merges cleanly, but the tests do not pass with it.')
  teller.command('carol', 'git merge refs/knot/integration')
  await settled(parts, landed)
  await stage.git('carol', ['merge', '-q', '--no-edit', 'refs/knot/integration'])
  const rounded = { 'sums.js': 'export const add = (a, b) => Math.floor(a) + Math.floor(b)\n' }
  const push = await publish(parts, 'carol', { files: rounded, intent: 'Whole numbers only' })
  await hear(parts, ears, [verdict(push, 'check-failed')])
}

async function compare(parts: Play, landed: Event | undefined): Promise<Ending> {
  const { stage, teller } = parts
  teller.scene('What passed is in refs/knot/integration, the same on all three:')
  const integration = await settled(parts, landed)
  const words = ['log', '--oneline', '--first-parent', 'refs/knot/integration']
  const logs = new Set<string>()
  for (const agent of CAST) {
    teller.command(agent, `git ${words.join(' ')}`)
    logs.add(await stage.git(agent, words))
  }
  teller.output([...logs].join('\n'))
  const agents = await Promise.all(CAST.map(async (name) => {
    const me = await knot(stage, name, ['whoami'])
    const { id, fingerprint } = me as { id: string; fingerprint: string }
    return { name, id, fingerprint, integration: await head(stage, name) }
  }))
  const { room, integration: state } = await knot(stage, 'ada', ['status'])
  const { landings } = state as { landings: number }
  const left = await stage.git('carol', ['status', '--porcelain'])
  const { id } = room as { id: string }
  if (landings === 5 && left === '') return { room: id, integration, landings, agents }
  throw new Failure('FAILED', `there are ${landings} landings, not 5; carol has changed: "${left}"`)
}

const SETTLE_MS = 15_000

/** Waits until every clone's integration ref is at the landing that was told last. */
async function settled({ stage, signal }: Play, landed: Event | undefined): Promise<string> {
  const commit = String(landed?.fields['landed'])
  for (const began = Date.now(); ; await sleep(100)) {
    const heads = await Promise.all(CAST.map((agent) => head(stage, agent)))
    if (heads.every((oid) => oid === commit)) return commit
    signal.throwIfAborted()
    if (Date.now() - began < SETTLE_MS) continue
    const list = CAST.map((agent, place) => `${agent} ${heads[place]}`).join(', ')
    throw new Failure('FAILED', `refs/knot/integration is not everywhere at ${commit}: ${list}`)
  }
}

async function head(stage: Stage, agent: string): Promise<string> {
  // Prints nothing where the ref has not come yet, which is no failure.
  const words = ['for-each-ref', '--format=%(objectname)', 'refs/knot/integration']
  return (await stage.git(agent, words)).trim()
}

/** Writes, commits and syncs; gives the id of the push. */
async function publish(
  { stage, teller, signal }: Play,
  agent: Agent,
  { files, intent }: { files: Record<string, string>; intent: string },
): Promise<string> {
  signal.throwIfAborted()
  stage.write(agent, files)
  await stage.git(agent, ['add', '-A'])
  await stage.git(agent, ['commit', '-qm', intent])
  teller.command(agent, `knot sync --intent "${intent}"`)
  const { push } = await knot(stage, agent, ['sync', '--intent', intent])
  return String(push)
}

/** Waits for events, then tells everything that is new. */
async function hear({ teller, signal }: Play, ears: Ears, wanted: Wanted[]): Promise<Event[]> {
  const heard = await ears.until(wanted, signal)
  teller.events(ears.news())
  return heard
}

const VERDICTS = ['landed', 'conflict', 'check-failed', 'unrelated', 'contained', 'stale']

/** The verdict over a push; another one than told ends the demo. */
function verdict(push: string, told: string): Wanted {
  return {
    what: `“${told}” for push ${push}`,
    fits: ({ kind, text, fields }) => {
      if (fields['push'] !== push || !VERDICTS.includes(kind)) return false
      if (kind === told) return true
      throw new Failure('FAILED', `push ${push} should be ${told}, and the log says: ${text}`)
    },
  }
}

/** Runs a command with `--json` and gives its result; a refusal ends the demo. */
async function knot(
  stage: Stage,
  agent: string,
  words: string[],
): Promise<Record<string, unknown>> {
  const ran = await stage.knot(agent, [...words, '--json'])
  if (ran.exit !== 0) throw failed(`knot ${words[0]}`, agent, ran)
  return JSON.parse(ran.out).result
}
