/** Who this checkout's agent is: its key, its settings, its repository. */
import { existsSync } from 'node:fs'
import type { Signer } from '../core/crypto.ts'
import { nameFrom } from '../core/auth/name.ts'
import { Failure } from '../api/errors.ts'
import { excludeKnot, findCheckout, userName } from '../git/checkout.ts'
import type { Checkout } from '../git/repository.ts'
import { type Config, readConfig, updateConfig } from '../store/config.ts'
import { newSeed, signerFrom } from '../store/ed25519.ts'
import { createHome, type Home, homeAt } from '../store/home.ts'
import { closeKey, readKey, writeKey } from '../store/keys.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { settingsOf, withSettings } from './settings.ts'

export type Identity = {
  home: Home
  checkout: Checkout
  config: Config
  seed: Uint8Array
  signer: Signer
}

/** Finds the repository around a folder; a failure says what is missing and how to mend it. */
export async function checkoutAt(root: string, signal: AbortSignal): Promise<Checkout> {
  const found = await findCheckout(root, signal)
  switch (found.kind) {
    case 'found':
      return found.checkout
    case 'not-a-repository':
      throw new Failure('REPOSITORY_MISSING', `${root} is not in a git repository`, 'git init')
    case 'bare': {
      const why = `${root} is a bare repository, and knot works in a checkout`
      throw new Failure('REPOSITORY_MISSING', why, 'git clone it, and run knot in the clone')
    }
    case 'git-missing':
      throw new Failure('GIT_FAILED', 'git cannot be started', 'install git 2.38 or newer')
    case 'git-too-old': {
      const why = `git ${found.found} is too old, knot needs ${found.needed}`
      throw new Failure('GIT_TOO_OLD', why, 'install a newer git')
    }
    case 'object-format': {
      const why = `${root} uses ${found.found} object names, and knot knows SHA-1 ones`
      throw new Failure('GIT_FAILED', why, 'clone into a SHA-1 repository')
    }
    case 'refused':
      throw new Failure('GIT_FAILED', `git refuses ${root}: ${found.why}`)
  }
}

/** Makes what is missing of `.knot/`: folder, key, settings, the line in git's exclude file. */
export async function initialise(
  root: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<{ kind: 'created' | 'exists'; identity: Identity }> {
  const checkout = await checkoutAt(root, signal)
  const home = homeAt(checkout.root)
  const created = await createHome(home)
  if (created.kind === 'failed') throw new Failure('FAILED', created.fault.why)
  await excludeKnot(checkout, signal)
  // A new key would be a stranger to the room that is here, and hide that the old one is lost.
  if (isInRoom(home) && !existsSync(home.key)) throw lostKey(home)
  const written = await writeKey(home.key, { seed: newSeed(), made: new Date() })
  if (written.kind === 'failed') throw new Failure('FAILED', written.fault.why)
  if ((await readConfig(nodeDisk, home.config)).kind === 'missing') {
    const chosen = nameFrom(name ?? (await userName(checkout, signal)) ?? 'agent')
    const config = await updateConfig(nodeDisk, home.config, () => ({ name: chosen }))
    if (config.kind === 'failed') throw new Failure('FAILED', config.fault.why)
  }
  const kind = written.kind === 'exists' ? 'exists' : 'created'
  return { kind, identity: await readIdentity(root, signal) }
}

/** Reads what `initialise` made. */
export async function readIdentity(root: string, signal: AbortSignal): Promise<Identity> {
  const checkout = await checkoutAt(root, signal)
  const home = homeAt(checkout.root)
  const config = await readConfig(nodeDisk, home.config)
  if (config.kind === 'missing') {
    throw new Failure('NOT_INITIALISED', `${home.config} is missing`, 'knot init')
  }
  if (config.kind === 'corrupt') throw corruptConfig(home, config.why)
  if (config.kind === 'failed') throw new Failure('FAILED', config.fault.why)
  const seed = await seedIn(home)
  const at = { root: checkout.root, home, config: config.config, env: process.env }
  const settled = withSettings(config.config, await settingsOf(at))
  return { home, checkout, config: settled, seed, signer: signerFrom(seed) }
}

const OTHER_AGENT = 'restore it from a backup, or join as a new agent in another clone'

function isInRoom({ roomLog }: Home): boolean {
  return existsSync(roomLog)
}

function lostKey({ key }: Home): Failure {
  const why = `${key} is missing, and this checkout is in a room`
  return new Failure('CONFIG_CORRUPT', why, OTHER_AGENT)
}

function corruptConfig({ config }: Home, why: string): Failure {
  const fix = `mend ${config}; it holds settings only, and {"v":1,"name":"<this agent>"} is enough`
  return new Failure('CONFIG_CORRUPT', why, fix)
}

async function seedIn(home: Home): Promise<Uint8Array> {
  const read = await readKey(home.key)
  switch (read.kind) {
    case 'ok':
      return read.key.seed
    case 'too-open':
      await closeKey(home.key)
      return read.key.seed
    case 'missing':
      if (isInRoom(home)) throw lostKey(home)
      throw new Failure('NOT_INITIALISED', `${home.key} is missing`, 'knot init')
    case 'corrupt':
      throw new Failure('CONFIG_CORRUPT', read.why, OTHER_AGENT)
    case 'failed':
      throw new Failure('FAILED', read.fault.why)
  }
}
