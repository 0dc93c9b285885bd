/** `.knot/`: who may read it, the key, the settings, the remembered addresses. */
import { chmod, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { problemOf } from '../../api/errors.ts'
import { fingerprintOf } from '../../core/auth/identity.ts'
import { SMALL_FILE_MAX_BYTES } from '../../core/limits.ts'
import { readConfig } from '../../store/config.ts'
import { readWhole } from '../../store/files.ts'
import type { Home } from '../../store/home.ts'
import { closeKey, readKey } from '../../store/keys.ts'
import { nodeDisk } from '../../store/node-disk.ts'
import { parsePeers, readPeers } from '../../store/peers.ts'
import { settingsOf } from '../settings.ts'
import { error, fine, type Found, note, warning } from './finding.ts'

const FIX = 'knot doctor --fix'
const BACKUP = 'restore it from a backup, or join as a new agent in another clone'

/** Looks at everything in `.knot/` that is not a log. */
export async function examineHome(home: Home): Promise<Found[]> {
  if ((await modeOf(home.root)) === undefined) {
    const text = 'there is no .knot/ here yet: key, settings and logs were not looked at'
    return [note('home', 'home-missing', text, 'knot init')]
  }
  return [
    ...(await examineModes(home)),
    await examineKey(home),
    await examineConfig(home),
    ...(await examinePeers(home)),
  ]
}

async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(({ mode }) => mode & 0o777, () => undefined)
}

async function examineModes(home: Home): Promise<Found[]> {
  const found: Found[] = []
  const private_ = [home.root, home.keys, home.room, home.invites]
  for (const path of private_) {
    const mode = await modeOf(path)
    if (mode === undefined || (mode & 0o077) === 0) continue
    const shown = mode.toString(8).padStart(4, '0')
    const text = `${path} has mode ${shown}: other users of this machine may look into it`
    const mend = () => chmod(path, path === home.invites ? 0o600 : 0o700)
    found.push(warning('home', { code: 'home-too-open', text, fix: FIX, mend }))
  }
  return found.length > 0 ? found : [fine('home', `${home.root}, for you only`)]
}

async function examineKey({ key: path, roomLog }: Home): Promise<Found> {
  const read = await readKey(path)
  switch (read.kind) {
    case 'ok':
      return fine('key', `${fingerprintOf(read.key.public)}, whole, for you only`)
    case 'too-open':
      return warning('key', {
        code: 'key-too-open',
        text: read.why.replace(/; run .*$/, ''),
        fix: FIX,
        mend: () => closeKey(path),
      })
    case 'missing': {
      const inRoom = (await modeOf(roomLog)) !== undefined
      const missing = `${path} is missing`
      if (!inRoom) return error('key', { code: 'key-missing', text: missing, fix: 'knot init' })
      const text = `${missing}, and this checkout is in a room`
      return error('key', { code: 'key-lost', text, fix: BACKUP })
    }
    case 'corrupt':
      return error('key', { code: 'key-corrupt', text: read.why, fix: BACKUP })
    case 'failed':
      return error('key', { code: 'key-unreadable', text: read.fault.why, fix: `ls -l ${path}` })
  }
}

async function examineConfig(home: Home): Promise<Found> {
  const { config: path, root } = home
  const read = await readConfig(nodeDisk, path)
  switch (read.kind) {
    case 'ok': {
      const { config } = read
      const all = settingsOf({ root: dirname(root), home, config, env: process.env })
      const wrong = await all.then(() => undefined, problemOf)
      if (wrong !== undefined) {
        const { message: text, fix = 'knot config list' } = wrong
        return error('config', { code: 'settings-invalid', text, fix })
      }
      const strange = Object.keys(read.unknown)
      if (strange.length === 0) return fine('config', `${basename(path)} reads`)
      const text = `${path} has "${strange.join('", "')}", which this knot does not know`
      return note('config', 'config-unknown-key', text, 'correct the spelling, or take it out')
    }
    case 'missing':
      return error('config', {
        code: 'config-missing',
        text: `${path} is missing`,
        fix: 'knot init',
      })
    case 'corrupt':
      return error('config', {
        code: 'config-corrupt',
        text: read.why,
        fix: `mend ${path}; {"v":1,"name":"<this agent>"} is enough`,
      })
    case 'failed':
      return error('config', {
        code: 'config-unreadable',
        text: read.fault.why,
        fix: `ls -l ${path}`,
      })
  }
}

async function examinePeers({ peers: path }: Home): Promise<Found[]> {
  const read = await readWhole(nodeDisk, path, SMALL_FILE_MAX_BYTES)
  if (read.kind === 'missing') return []
  const peers = read.kind === 'ok' ? parsePeers(read.bytes) : undefined
  if (peers !== undefined) return [fine('peers', `addresses of ${peers.size} agents remembered`)]
  const text = `${path} does not read; the addresses in it are learnt again from peers`
  const mend = () => readPeers(nodeDisk, path)
  return [warning('peers', { code: 'peers-corrupt', text, fix: FIX, mend })]
}
