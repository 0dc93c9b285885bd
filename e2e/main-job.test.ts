/** The main job: what one commits and syncs, all three have, tested, without a server or a path. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Event, type Follower, makeRoom, type Peer, type Peers, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 90_000 })

describe('three peers', () => {
  let set: Peers
  let [ada, bob, carol]: Peer[] = []
  let followers: Follower[] = []

  beforeAll(async () => {
    set = await setPeers(['ada', 'bob', 'carol'])
    ;[ada, bob, carol] = set.peers
    await carol!.git('remote', 'remove', 'origin')
    await makeRoom(set.peers)
    followers = set.peers.map((peer) => peer.follow())
  })
  afterAll(async () => {
    for (const follower of followers) follower.close()
    await set.strike()
  })

  /** The same event, as every peer's `knot log --follow` told it. */
  async function everybodySees(kind: string, push: string): Promise<Event> {
    const seen = await Promise.all(followers.map((follower) => follower.until(
      `${kind} of ${push}`, (event) => event.kind === kind && event.fields['push'] === push,
    )))
    for (const event of seen) expect(event).toEqual(seen[0])
    return seen[0] as Event
  }

  /** What the room published, once all are at this landing. Each keeps pins of its own. */
  async function sameRefs(landed: unknown): Promise<string[]> {
    let seen: string[][] = []
    await until('refs/knot is the same everywhere', async () => {
      seen = await Promise.all(set.peers.map(async (peer) => {
        const refs = await peer.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/knot')
        return refs.split('\n').filter((ref) => !ref.startsWith('refs/knot/pin/'))
      }))
      const there = seen[0]?.includes(`refs/knot/integration ${landed}`)
      return there === true && new Set(seen.map((refs) => refs.join())).size === 1
    })
    return seen[0] as string[]
  }

  test('two pushes land, one after the other, and all three have them', async () => {
    const commits = await Promise.all([bob!, carol!].map((peer) => {
      return peer.commit({ [`${peer.name}.js`]: `export const by = '${peer.name}'\n` })
    }))
    // Work that is not committed is nobody's business, and stays.
    writeFileSync(join(bob!.clone, 'draft.js'), '// half a thought\n')
    const before = await bob!.git('status', '--porcelain=v2', '--branch')
    const [first, second] = await Promise.all([bob!, carol!].map((peer) => {
      return peer.told<{ id: string; heldBy: unknown[] }>('sync', '--intent', `add ${peer.name}`)
    }))
    expect(first!.heldBy.length).toBeGreaterThan(0)
    const landings = await Promise.all([first!, second!].map(({ id }) => everybodySees('landed', id)))
    for (const [i, name] of ['bob', 'carol'].entries()) {
      const commit = commits[i]!.slice(0, 8)
      expect(landings[i]).toMatchObject({ by: { name }, text: `✓ landed ${name}@${commit}` })
    }

    const last = landings.toSorted((a, b) => a.at - b.at).at(-1)?.fields['landed']
    const refs = await sameRefs(last)
    expect(refs.filter((ref) => ref.startsWith('refs/knot/ag_'))).toHaveLength(2)
    for (const peer of set.peers) {
      const log = await peer.git('log', '--first-parent', '--format=%s', 'refs/knot/integration')
      expect(log.split('\n')).toHaveLength(3)
      for (const name of ['bob', 'carol']) {
        expect(await peer.git('show', `refs/knot/integration:${name}.js`)).toContain(name)
      }
      await peer.git('fsck', '--no-dangling', '--connectivity-only')
    }
    expect(await bob!.git('status', '--porcelain=v2', '--branch')).toBe(before)
  })

  test('a conflict goes back to its author with the files and the other side', async () => {
    const head = await ada!.git('rev-parse', 'refs/knot/integration')
    const commit = await ada!.commit({ 'bob.js': 'export const by = "ada"\n' })
    const { id } = await ada!.told<{ id: string }>('sync')
    const { text, fields } = await everybodySees('conflict', id)
    const other = (await bob!.git('rev-parse', 'HEAD')).slice(0, 8)
    expect(text).toBe(`✗ conflict ada@${commit.slice(0, 8)} bob.js (with bob@${other})`)
    expect(fields).toMatchObject({ files: ['bob.js'], fileCount: 1 })
    expect(await ada!.git('rev-parse', 'refs/knot/integration')).toBe(head)
  })

  test('a push that breaks the check is refused with its output, and the ref stays', async () => {
    const head = await carol!.git('rev-parse', 'refs/knot/integration')
    await carol!.git('merge', '-q', '--no-edit', 'refs/knot/integration')
    await carol!.commit({ 'broken.txt': 'yes\n' })
    const { id } = await carol!.told<{ id: string }>('sync')
    const { text } = await everybodySees('check-failed', id)
    expect(text).toMatch(/^✗ check failed carol@[0-9a-f]{8} \(.*check\.js: exit 1\)\n/)
    expect(text).toContain('broken.txt says no')
    for (const peer of set.peers) {
      expect(await peer.git('rev-parse', 'refs/knot/integration')).toBe(head)
    }
  })

  test('nobody holds a path of another, and the objects are whole without one', async () => {
    for (const peer of set.peers) {
      const others = set.peers.filter((other) => other !== peer).map(({ name }) => name)
      const repositories = [join(peer.clone, '.git'), peer.knotPath('repo.git')]
      const files = repositories.flatMap((repository) => [
        join(repository, 'config'),
        join(repository, 'config.worktree'),
        join(repository, 'objects', 'info', 'alternates'),
      ])
      for (const path of files.filter((path) => existsSync(path))) {
        const text = readFileSync(path, 'utf8')
        for (const other of others) expect(text, path).not.toContain(join(set.root, other))
      }
      await peer.run(['git', '-C', peer.knotPath('repo.git'), 'fsck', '--connectivity-only'])
    }
    expect(existsSync(join(set.root, 'seed'))).toBe(false)
    expect(await carol!.git('remote')).toBe('')
  })

  test('the log is the same everywhere, in the same order', async () => {
    const logs = await Promise.all(set.peers.map((peer) => peer.events()))
    for (const log of logs) expect(log).toEqual(logs[0])
    expect(logs[0]?.map(({ kind }) => kind).filter((kind) => kind !== 'pushed')).toEqual([
      'founded', 'joined', 'joined', 'landed', 'landed', 'conflict', 'check-failed',
    ])
  })
})

test('where there is nothing to check, a landing says so', async () => {
  const set = await setPeers(['dora', 'emil'], { files: { 'README.md': 'words\n' } })
  const [dora, emil] = set.peers
  try {
    await makeRoom(set.peers)
    const commit = await emil!.commit({ 'more.md': 'more words\n' })
    await emil!.told('sync')
    const follower = dora!.follow()
    const landed = await follower.until('a landing', ({ kind }) => kind === 'landed')
    follower.close()
    expect(landed.text).toBe(`✓ landed emil@${commit.slice(0, 8)} unchecked`)
    expect(landed.fields['checks']).toEqual([])
  } finally {
    await set.strike()
  }
})
