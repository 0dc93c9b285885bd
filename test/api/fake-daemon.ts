/** A daemon without a room behind it: what it is told it keeps in memory, and nothing is real. */
import type { Answers, Item, Output } from '../../src/api/types.ts'

const alice = { id: 'ag_aaaaaaaaaaaaaaaa', name: 'alice' }
const bob = { id: 'ag_bbbbbbbbbbbbbbbb', name: 'bob' }
const fingerprint = 'knot:0a1b:2c3d:4e5f:6071:8293'
const room = { id: '7'.repeat(64), name: 'weft' }
const link = 'knot://AbC-dEf_123/192.168.1.7:4001'
const prompt = 'You work in a shared room.'
const at = Date.UTC(2026, 4, 1, 12, 0, 0)

/** What the fake's status says. */
export const status: Output<'status'> = {
  room,
  me: { ...alice, fingerprint },
  members: [
    { ...alice, fingerprint, role: 'founder', status: 'active', me: true, online: true, path: 'self' },
    {
      ...bob, fingerprint: 'knot:ffff:2c3d:4e5f:6071:8293', role: 'member', status: 'active',
      me: false, online: false, path: 'none', lastSeen: at,
    },
  ],
  leader: { ...alice, mine: true, lapsed: false },
  term: 3,
  voters: [alice, bob],
  mode: 'quorum',
  integration: {
    commit: 'a1b2c3d4'.repeat(5),
    landings: 2, behind: 0, undone: [],
    queue: [{ push: 'p1', name: 'bob', commit: 'beefcafe'.repeat(5), state: 'checking', at }],
  },
  pid: process.pid,
  node: process.version,
  addresses: ['127.0.0.1:4001'],
  transport: 'mesh',
  store: { changes: 12, bytes: 3456 },
  checks: [{ name: 'test', command: 'npm test' }],
}

/** The lease of that room. */
export const lease: Output<'lease'> = {
  era: 0, term: 3,
  leader: { ...alice, mine: true, lapsed: false, term: 3 },
  until: at + 9_000, confirmed: 12, tail: { era: 0, term: 3, seq: 12 },
  change: { seq: 2, counts: true }, mode: 'quorum', missing: [],
  voters: [
    {
      ...alice, incarnation: '1a2b3c4d', me: true, leads: true, online: true, integrates: true,
      of: 'both', acknowledged: at, accepted: { term: 3, seq: 12 },
    },
    {
      ...bob, incarnation: '5e6f7081', me: false, leads: false, online: true, integrates: false,
      of: 'both', acknowledged: at - 1_000, accepted: { term: 3, seq: 12 },
    },
  ],
}

function lockOf(terms: { globs: string[]; mode: 'shared' | 'exclusive'; reason: string }) {
  return { id: 'l1', ...terms, by: alice, mine: true, at, standing: 'confirmed' as const }
}

const invites: Output<'invite.list'>['invites'] = [
  { id: '1a2b3c4d'.repeat(8), role: 'member', state: 'open', uses: 20, used: 1, by: alice, link },
]
const waiting: Output<'members'>['members'][number] = {
  ...bob, fingerprint, role: 'member', status: 'pending', me: false, online: false, path: 'none',
  by: alice, since: at, approve: 'knot approve bob',
}

/** The answers, with whatever a test wants to answer otherwise. */
export function fakeAnswers(overrides: Partial<Answers> = {}): Answers {
  const events: Item<'log'>[] = []
  const record = (kind: string, text: string): string => {
    const id = `e${events.length + 1}`
    events.push({ id, at: at + events.length, kind, by: alice, text, fields: {} })
    return id
  }
  return {
    status: async () => status,
    whoami: async () => ({ ...alice, fingerprint, role: 'founder', room, home: '/checkout' }),
    say: async ({ text }) => ({ id: record('said', text) }),
    log: async function* ({ follow, limit }, signal) {
      yield* events.slice(limit === undefined ? 0 : -limit)
      if (follow) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return {}
    },
    lease: async () => lease,
    'lease.step-down': async () => ({ term: 3, next: { ...bob, term: 4 }, ms: 1_200 }),
    'tasks.add': async ({ title }) => ({ id: record('task', title) }),
    'tasks.list': async () => ({
      tasks: events.map(({ id, text }) => ({
        id, title: text, status: 'open', priority: 5, after: [], by: alice, at,
        standing: 'confirmed',
      })),
    }),
    'tasks.show': async ({ id }) => ({
      id, title: 'Mend the gate', status: 'claimed', priority: 5, after: [], by: alice, at,
      standing: 'provisional', owner: { ...bob, mine: false }, body: 'It lets everything in.', events,
    }),
    'tasks.next': async function* () {
      yield { step: 'claim', text: 'looking' }
      return {
        task: {
          id: 'e2', title: 'Paint it', status: 'open', priority: 0, after: [], by: bob, at,
          standing: 'confirmed',
        },
        passed: [],
      }
    },
    'tasks.claim': async function* ({ id }) {
      yield { step: 'claim', text: `asking for ${id}` }
      return {
        id, title: 'Mend the gate', status: 'claimed', priority: 0, after: [], by: bob, at,
        standing: 'confirmed', owner: { ...alice, mine: true },
        fence: { era: 0, term: 2, seq: 7 },
      }
    },
    'tasks.end': async ({ id, want }) => ({
      id, title: 'Mend the gate', status: want === 'done' ? 'done' : 'open', priority: 0,
      after: [], by: bob, at, standing: 'provisional',
    }),
    'locks.take': async function* ({ globs, mode, reason = 'none' }) {
      yield { step: 'wait', text: 'waiting' }
      return lockOf({ globs, mode, reason })
    },
    'locks.release': async () => ({ locks: [] }),
    'locks.list': async () => ({
      locks: [lockOf({ globs: ['src'], mode: 'shared', reason: 'moving' })],
    }),
    doing: async ({ text, globs, mode }) => ({
      id: record('doing', text),
      ...(globs === undefined ? {} : { lock: lockOf({ globs, mode, reason: text }) }),
      given: [],
    }),
    'doing.stop': async () => ({ text: 'mend the gate', locks: [] }),
    'doing.list': async () => ({ doing: [{ by: bob, text: 'mend', at, online: true }] }),
    sync: async function* () {
      yield { step: 'push', text: 'packing 2 files' }
      return {
        push: 'p1', commit: 'a1b2c3d4'.repeat(5), base: 'b'.repeat(40), files: ['a.ts', 'b.ts'],
        fileCount: 2, heldBy: [bob], transport: 'mesh', mode: 'quorum', rows: [],
      }
    },
    'sync.watch': async function* (_input, signal) {
      const sync = {
        files: [], fileCount: 0, heldBy: [], transport: 'mesh' as const, mode: 'quorum' as const,
        rows: [],
      }
      yield { kind: 'step', step: 'publish', text: 'publishing a1b2c3d4' }
      yield { kind: 'synced', sync }
      yield { kind: 'failed', code: 'GIT_FAILED', message: 'git says no', fix: 'git gc' }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return {}
    },
    compact: async function* () {
      yield { step: 'cut', text: 'ending volume 0' }
      const size = { bytes: 10, packs: 1, loose: 0 }
      const log = { before: 20, after: 10 }
      return { volume: { from: 0, to: 1 }, log, mirror: { before: size, after: size } }
    },
    undo: async function* () {
      yield { step: 'undo', text: 'asking to undo bob@beefcafe' }
      const undone = { id: 'u1', landing: 'l1', push: 'p1', name: 'bob', by: alice, at }
      return { ...undone, commit: 'beefcafe'.repeat(5), standing: 'confirmed', head: 'cafe'.repeat(10) }
    },
    check: async function* () {
      yield { check: 'test' }
      yield { check: 'test', text: 'ok 1\n' }
      return {
        verdict: 'passed', ms: 1200,
        checks: [{ name: 'test', command: 'npm test', outcome: 'passed', exit: 0, ms: 1200 }],
      }
    },
    'check.history': async function* ({ limit }) {
      const run = { name: 'test', command: 'npm test', outcome: 'failed', exit: 3, ms: 5 } as const
      const past = [
        { id: 'v2', push: 'p2', verdict: 'failed', checks: [run], output: 'not ok 1' } as const,
        { id: 'v1', push: 'p1', verdict: 'unchecked', checks: [], landed: 'c'.repeat(40) } as const,
      ]
      const about = { at, term: 1, commit: 'a1b2c3d4'.repeat(5), author: bob, by: alice, ms: 5 }
      for (const one of past.slice(0, limit)) yield { ...one, ...about, checks: [...one.checks] }
      return { total: past.length }
    },
    'room.create': async () => ({
      kind: 'created', room, link, fingerprint, agent: alice, prompt,
    }),
    'room.join': async function* () {
      yield { step: 'dial', text: 'reaching 192.168.1.7:4001' }
      return { kind: 'admitted', room, fingerprint, agent: bob, members: 2, prompt }
    },
    invite: async ({ role = 'member', uses = 1 }) => ({ link, id: 'i1', role, uses }),
    'invite.list': async () => ({ invites }),
    'invite.revoke': async ({ invite }) => ({ kind: 'done', id: invite }),
    members: async () => ({ members: [{ ...status.members[0]!, since: at }, waiting] }),
    'members.remove': async () => ({ kind: 'done', agent: bob }),
    'members.approve': async () => ({ kind: 'done', agent: bob }),
    'members.role': async ({ role }) => ({ kind: 'unchanged', agent: bob, role }),
    'key.show': async () => ({ fingerprint, line: 'ssh-ed25519 AAAA alice', name: 'alice' }),
    'key.rotate': async () => ({
      fingerprint, line: 'ssh-ed25519 BBBB alice', name: 'alice', before: fingerprint,
    }),
    'key.add': async ({ role }) => ({
      kind: 'done', agent: bob, fingerprint, role, status: 'active', link,
    }),
    values: async () => ({
      tasks: [{ id: 'qw12', title: 'Mend: the gate' }],
      members: [alice, bob],
      invites: [{ id: '1a2b3c4d', about: 'member, 1 of 20 used' }],
    }),
    doctor: async () => ({ findings: [] }),
    down: async () => ({ pid: process.pid }),
    version: async () => ({ version: '0.1.0', node: process.version, api: 1, pid: process.pid }),
    ...overrides,
  }
}
