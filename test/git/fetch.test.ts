import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Oid, PublicKey } from '../../src/core/brand.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { fetchFrom, type Want } from '../../src/git/fetch.ts'
import { hasCommit, initMirror, publish } from '../../src/git/mirror.ts'
import { listRefs, readRef } from '../../src/git/moves.ts'
import type { GitProgress } from '../../src/git/percent.ts'
import type { Mirror } from '../../src/git/repository.ts'
import { serveUploadPack } from '../../src/git/uploadPack.ts'
import { daemon, SCRIPT, type Answer, type Daemon } from './peer.ts'
import { commit, folder, git, repository, signal } from './scratch.ts'

const PEER = 'ab'.repeat(32) as PublicKey
const REF = 'refs/knot/push/p1'
let root: string
let theirs: Mirror
let mine: Mirror
let knotd: Daemon
let answer: Answer

async function published(rev: string, ref = REF): Promise<void> {
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const outcome = await publish(
    { checkout: found.checkout, mirror: theirs, rev, refs: [ref] },
    signal,
  )
  expect(outcome.kind).toBe('published')
}

beforeEach(async () => {
  root = repository()
  theirs = await initMirror(join(folder(), 'repo.git'), signal)
  mine = await initMirror(join(folder(), 'repo.git'), signal)
  answer = { serve: theirs }
  knotd = await daemon(() => answer)
})
afterEach(() => knotd.close())

function fetched(want: Want[], until = signal, progress?: (step: GitProgress) => void) {
  return fetchFrom({ mirror: mine, peer: PEER, route: knotd.route, want }, until, progress)
}

describe('fetching from a peer', () => {
  test('S320: a commit arrives through the daemon, whole, under its own ref', async () => {
    commit(root, { 'a b': 'x', bin: randomBytes(100_000) })
    const oid = commit(root, { c: 'y' })
    await published('HEAD')
    const steps: GitProgress[] = []
    const want = [{ ref: REF, oid }]
    const refs = [{ kind: 'fetched', ref: REF, oid }]
    expect(await fetched(want, signal, (step) => steps.push(step))).toEqual({
      kind: 'answered',
      refs,
    })
    expect(knotd.requests).toEqual([`{"git":"upload-pack","peer":"${PEER}"}\n`])
    expect(await hasCommit(mine, oid, signal)).toBe(true)
    expect(await listRefs(mine, signal)).toEqual([{ ref: REF, oid }])
    expect(steps.length).toBeGreaterThan(0)
    expect(steps.every(({ percent }) => percent >= 0 && percent <= 100)).toBe(true)
  })

  test('what is here already is not asked for', async () => {
    const oid = commit(root, { a: '1' })
    await published('HEAD')
    await fetched([{ ref: REF, oid }])
    const again = { ref: 'refs/knot/push/again', oid }
    expect(await fetched([again])).toEqual({
      kind: 'answered',
      refs: [{ kind: 'present', ...again }],
    })
    expect(knotd.requests.length).toBe(1)
    expect(await readRef(mine, again.ref, signal)).toBe(oid)
  })

  test('S321: a tip that is not the signed commit is refused, and leaves no ref', async () => {
    const signed = commit(root, { a: '1' })
    const other = commit(root, { a: '2' })
    await published(other)
    const wanted = 'd'.repeat(40) as Oid
    expect(await fetched([{ ref: REF, oid: wanted }])).toEqual({
      kind: 'answered',
      refs: [{ kind: 'refused', ref: REF, wanted, found: other }],
    })
    expect(await listRefs(mine, signal)).toEqual([])
    // Even though the signed commit came along in the history of the other one.
    const answers = await fetched([{ ref: 'refs/knot/push/p2', oid: signed }])
    expect(answers).toMatchObject({ refs: [{ kind: 'present' }] })
  })

  test('a ref that the peer lacks does not hold back the others', async () => {
    const oid = commit(root, { a: '1' })
    await published('HEAD')
    const gone = { ref: 'refs/knot/push/gone', oid: 'e'.repeat(40) as Oid }
    const answers = await fetched([gone, { ref: REF, oid }])
    expect(answers).toEqual({
      kind: 'answered',
      refs: [{ kind: 'not-there', ref: gone.ref }, { kind: 'fetched', ref: REF, oid }],
    })
  })

  test('an unreachable peer is an outcome in the words of the daemon', async () => {
    const oid = commit(root, { a: '1' })
    answer = { line: 'error ada (knot:1234) is offline since 12:00\n' }
    const outcome = await fetched([{ ref: REF, oid }])
    expect(outcome.kind).toBe('failed')
    expect(outcome).toMatchObject({
      why: expect.stringContaining('git-remote-knot: ada (knot:1234) is offline since 12:00'),
    })
    answer = 'close'
    expect((await fetched([{ ref: REF, oid }])).kind).toBe('failed')
    await knotd.close()
    const noDaemon = await fetched([{ ref: REF, oid }])
    expect(noDaemon).toMatchObject({ why: expect.stringContaining('daemon is not reachable') })
  })

  test('S322: objects that fsck refuses do not arrive', async () => {
    const modules = '[submodule "x"]\n\tpath = a\n\turl = -u./payload\n'
    const oid = commit(root, { '.gitmodules': modules })
    git(theirs.path, '-c', 'fetch.fsckObjects=false', 'fetch', '--quiet', root, `+main:${REF}`)
    const outcome = await fetched([{ ref: REF, oid }])
    expect(outcome).toMatchObject({ kind: 'failed', why: expect.stringContaining('gitmodulesUrl') })
    expect(await listRefs(mine, signal)).toEqual([])
  })

  test('an aborted fetch ends its processes and leaves no ref', async () => {
    const oid = commit(root, { a: '1' })
    answer = 'hang'
    const stop = new AbortController()
    const reason = new Error('enough')
    const waiting = fetched([{ ref: REF, oid }], stop.signal)
    setTimeout(() => stop.abort(reason), 150)
    await expect(waiting).rejects.toBe(reason)
    expect(await listRefs(mine, signal)).toEqual([])
  })
})

describe('serving the mirror', () => {
  /** Asks upload-pack for one object by its name, as a hostile client would, in v0. */
  async function wantOf(oid: Oid): Promise<string> {
    const pack = serveUploadPack(theirs, signal)
    const out: Buffer[] = []
    pack.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    const line = `want ${oid} no-progress\n`
    const pkt = (line.length + 4).toString(16).padStart(4, '0') + line
    pack.stdin.end(`${pkt}00000009done\n`)
    const { stderr } = await pack.done
    return Buffer.concat(out).toString('latin1') + stderr
  }

  test('S323: what is not advertised is not served, and hidden refs are not listed', async () => {
    const old = commit(root, { a: '1' })
    const tip = commit(root, { a: '2' })
    await published('HEAD')
    git(root, 'checkout', '--quiet', '--orphan', 'secret')
    const secret = commit(root, { b: 'secret' })
    git(theirs.path, 'fetch', '--quiet', root, '+secret:refs/knot/incoming/1/0')
    git(theirs.path, 'fetch', '--quiet', root, '+secret:refs/heads/private')

    process.env['GIT_PROTOCOL'] = 'version=2'
    try {
      for (const oid of [secret, old]) expect(await wantOf(oid)).toMatch(/not our ref/)
      const served = await wantOf(tip)
      expect(served).toMatch(/PACK/)
      expect(served).not.toMatch(/incoming|private|version 2/)
    } finally {
      delete process.env['GIT_PROTOCOL']
    }
  })

  test('a killed upload-pack says so', async () => {
    const pack = serveUploadPack(theirs, signal)
    pack.kill()
    expect((await pack.done).ending).toEqual({ kind: 'signalled', signal: 'SIGTERM' })
  })
})

describe('the remote helper', () => {
  function helper(args: string[], input: string, env: Record<string, string> = {}) {
    const run = spawnSync(process.execPath, [SCRIPT, ...args], {
      input,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', ...env },
    })
    return { code: run.status, stdout: run.stdout, stderr: run.stderr }
  }

  test('S324: it offers connect, and only to upload-pack', () => {
    const push = helper(['x', `knot://${PEER}/`], 'capabilities\nconnect git-receive-pack\n')
    expect(push).toMatchObject({ code: 0, stdout: 'connect\n\nfallback\n' })
    expect(push.stderr).toMatch(/takes no pushes/)
  })

  test('what is wrong with the call is said in a sentence, with exit code 128', () => {
    const connect = 'connect git-upload-pack\n'
    const bad = helper(['x', 'knot://abc/'], connect, { KNOT_SOCKET: '/none' })
    expect(bad).toMatchObject({ code: 128, stderr: expect.stringContaining('"knot://abc/"') })
    const unset = helper(['x', `knot://${PEER}/`], connect)
    expect(unset).toMatchObject({ code: 128, stderr: expect.stringContaining('knot sync') })
    const none = helper(['x', `knot://${PEER}/`], connect, { KNOT_SOCKET: '/none' })
    expect(none).toMatchObject({ code: 128, stderr: expect.stringContaining('not reachable') })
    const odd = helper(['x', `knot://${PEER}/`], 'list\n')
    expect(odd).toMatchObject({ code: 128, stderr: expect.stringContaining('"list"') })
  })
})
