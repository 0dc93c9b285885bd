/**
 * The shared remote, `origin` of the checkout, as plain git would use it: by the user's own
 * configuration and credentials, but never with a question to anybody.
 *
 * Git runs in the mirror, whose objects they are. What the checkout's configuration says about
 * getting to remotes is handed over in the environment, where no list of processes shows it; so
 * nothing of the checkout is written, no remote-tracking ref and no FETCH_HEAD.
 */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Oid } from '../core/brand.ts'
import { FETCH_IDLE_MS, UPSTREAM_SILENT_MS } from '../core/limits.ts'
import { nulls, run } from './door.ts'
import { type Fetched, fetchVia, type Want } from './fetch.ts'
import { isKnotRef, parseOid } from './refs.ts'
import { type Checkout, inside, type Mirror, type Repository } from './repository.ts'
import { complaint, transfer } from './transfer.ts'

export type Upstream = {
  /** Its address for people, without passwords. */
  shown: string
  /** Another person's working repository on this machine is an origin, and nothing shared. */
  is: 'remote' | 'working-copy'
  mirror: Mirror
  at: Repository
}

/** Finds `origin` and how to get there; undefined when the checkout has none. */
export async function findUpstream(
  { checkout, mirror }: { checkout: Checkout; mirror: Mirror },
  signal: AbortSignal,
): Promise<Upstream | undefined> {
  const user = inside(checkout)
  const get = ['remote', 'get-url', 'origin']
  const { code, stdout } = await run(get, { at: user, signal, okCodes: [0, 2, 128] })
  const url = stdout.toString('utf8').replace(/\n[^]*$/, '')
  if (code !== 0 || url === '' || url.startsWith('knot:')) return undefined
  const list = await run(['config', '--list', '--show-scope', '-z'], { at: user, signal })
  const settings = readSettings(nulls(list.stdout))
  const path = localPath(url, checkout)
  const config = [...user.config, 'push.pushOption=', 'protocol.version=2']
  const env = { ...user.env, ...QUESTIONLESS, ...ssh(settings), ...handedOver(settings) }
  return {
    shown: withoutSecrets(url),
    is: path !== undefined && isWorkingCopy(path) ? 'working-copy' : 'remote',
    mirror,
    // From the checkout's root, so that relative paths mean what they mean to the user.
    at: { cwd: checkout.root, env: { ...env, GIT_DIR: mirror.path }, config },
  }
}

export type Listed = { kind: 'listed'; refs: Map<string, Oid> } | { kind: 'failed'; why: string }

/** Every ref of ours that the remote has. */
export async function listUpstream({ at }: Upstream, signal: AbortSignal): Promise<Listed> {
  const list = ['ls-remote', '--refs', 'origin', 'refs/knot/*']
  const ended = await transfer(list, { at, idleMs: UPSTREAM_SILENT_MS }, signal)
  if (ended.kind === 'stopped') return { kind: 'failed', why: ended.why }
  if (ended.code !== 0) return { kind: 'failed', why: sentence(complaint(ended.stderr)) }
  const refs = new Map<string, Oid>()
  for (const line of ended.stdout.split('\n')) {
    const [name = '', ref = ''] = line.split('\t')
    const oid = parseOid(name)
    if (oid !== undefined && isKnotRef(ref)) refs.set(ref, oid)
  }
  return { kind: 'listed', refs }
}

/** Where a ref of the remote goes; without `from` it must not be there yet. */
export type UpstreamMove = { ref: string; to: Oid; from?: Oid }

/** `failed` says nothing about where the refs are: whoever must know lists them again. */
export type PushedUpstream = { kind: 'pushed' } | { kind: 'failed'; why: string }

/** Moves refs of the remote from where they must be to where they shall be: all, or none. */
export async function pushUpstream(
  { at }: Upstream,
  moves: readonly UpstreamMove[],
  signal: AbortSignal,
): Promise<PushedUpstream> {
  for (const { ref } of moves) if (!isKnotRef(ref)) throw new Error(`bug: not ours: ${ref}`)
  const leases = moves.map(({ ref, from = '' }) => `--force-with-lease=${ref}:${from}`)
  const specs = moves.map(({ ref, to }) => `${to}:${ref}`)
  const push = (atomic: readonly string[]) => {
    const args = ['push', ...atomic, '--progress', '--no-verify', '--no-signed',
      '--no-follow-tags', '--recurse-submodules=no', ...leases, 'origin', ...specs]
    return transfer(args, { at, idleMs: FETCH_IDLE_MS }, signal)
  }
  let ended = await push(['--atomic'])
  // Of a single ref the lease alone is the whole swap; of several, each has its own.
  const asked = ended.kind === 'ended' && ended.code !== 0 && NO_ATOMIC.test(ended.stderr)
  if (asked) ended = await push([])
  if (ended.kind === 'stopped') return { kind: 'failed', why: ended.why }
  if (ended.code === 0) return { kind: 'pushed' }
  return { kind: 'failed', why: sentence(complaint(ended.stderr)) }
}

/** Fetches from the remote as from a peer: into quarantine, and only what has the wanted name. */
export async function fetchUpstream(
  { mirror, at }: Upstream,
  want: readonly Want[],
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched = await fetchVia({ mirror, source: { url: 'origin', at }, want }, signal)
  return fetched.kind === 'failed' ? { ...fetched, why: sentence(fetched.why) } : fetched
}

/** A text with addresses in it, without the user names and passwords that those may carry. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b(https?:\/\/)[^\s/@]*@/gi, '$1')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]*@/gi, '$1@')
}

/** What git said, on one line and without the advice that it gives to everybody. */
function sentence(said: string): string {
  const lines = said.split('\n').map((line) => line.trim())
  const news = lines.filter((line) => line !== '' && !CHATTER.test(line))
  const told = (news.length === 0 ? lines : news).join('; ')
  return withoutSecrets(told.replace(/\b([0-9a-f]{8})[0-9a-f]{32}\b/g, '$1'))
}

// Advice that everybody gets, progress at its end, and what only says that there was an error.
const CHATTER = new RegExp([
  '^(hint:|To |Pushing to |and the repository exists|Please make sure you have)',
  '^(Enumerating|Counting|Compressing|Writing) objects|^Delta compression|^Total \\d',
  '^error: failed to push some refs',
].join('|'))

const NO_ATOMIC = /does not support --atomic/

type Setting = { scope: string; key: string; value: string }

/** Triples of scope, key and value; a key that stands alone means true. */
function readSettings(parts: readonly string[]): Setting[] {
  const settings: Setting[] = []
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [key = '', ...value] = (parts[i + 1] ?? '').split('\n')
    const text = value.length === 0 ? 'true' : value.join('\n')
    settings.push({ scope: parts[i] ?? '', key, value: text })
  }
  return settings
}

const ABOUT_REMOTES = new RegExp([
  '^(credential|http|https|ssh|url|protocol)\\.',
  '^core\\.(sshcommand|gitproxy)$',
  '^remote\\.origin\\.(url|pushurl|proxy|proxyauthmethod|uploadpack|receivepack|vcs)$',
].join('|'), 's')

/** The checkout's own settings about remotes; those of the user and the system git reads itself. */
function handedOver(settings: readonly Setting[]): Record<string, string> {
  const own = settings.filter(({ scope }) => scope === 'local' || scope === 'worktree')
  const told = own.filter(({ key }) => ABOUT_REMOTES.test(key))
  const all = [...told, { key: 'credential.interactive', value: 'false' }]
  const pairs = all.flatMap(({ key, value }, n) => [
    [`GIT_CONFIG_KEY_${n}`, key],
    [`GIT_CONFIG_VALUE_${n}`, value],
  ])
  return { GIT_CONFIG_COUNT: `${all.length}`, ...Object.fromEntries(pairs) }
}

// A daemon has nobody to ask: what would be a question must be a failure, and at once.
const QUESTIONLESS = {
  GIT_ASKPASS: '',
  SSH_ASKPASS_REQUIRE: 'never',
  GCM_INTERACTIVE: 'never',
}

/** The user's ssh command, which is told not to ask if it is OpenSSH's. */
function ssh(settings: readonly Setting[]): Record<string, string> {
  const { GIT_SSH, GIT_SSH_VARIANT, GIT_SSH_COMMAND } = process.env
  const variant = GIT_SSH_VARIANT === undefined ? {} : { GIT_SSH_VARIANT }
  const configured = settings.findLast(({ key }) => key === 'core.sshcommand')?.value
  if (GIT_SSH_COMMAND === undefined && configured === undefined && GIT_SSH !== undefined) {
    return { ...variant, GIT_SSH }
  }
  const command = GIT_SSH_COMMAND ?? configured ?? 'ssh'
  const isOpenSsh = /^ssh(\.exe)?$/.test(basename(command.trim().split(/\s+/)[0] ?? ''))
  return { ...variant, GIT_SSH_COMMAND: isOpenSsh ? `${command} -oBatchMode=yes` : command }
}

/** The path of a remote on this machine. Git's own rule: a colon before any slash is a host. */
function localPath(url: string, { root }: Checkout): string | undefined {
  if (url.startsWith('file://')) return fromFileUrl(url)
  if (/^[^/]*:/.test(url)) return undefined
  return resolve(root, url)
}

function fromFileUrl(url: string): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

function isWorkingCopy(path: string): boolean {
  return basename(path) === '.git' || existsSync(join(path, '.git'))
}
