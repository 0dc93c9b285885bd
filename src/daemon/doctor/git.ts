/** The git program and the user's repository. */
import { existsSync } from 'node:fs'
import { Failure } from '../../api/errors.ts'
import { excludeKnot, headOf, isShallow } from '../../git/checkout.ts'
import { excludesKnot, gitVersion, tracksKnot } from '../../git/inspect.ts'
import type { Checkout } from '../../git/repository.ts'
import { homeAt } from '../../store/home.ts'
import { checkoutAt } from '../identity.ts'
import { VERSION } from '../version.ts'
import { error, fine, type Found, note, warning } from './finding.ts'

/** What was found, and the repository if it can be used. */
export async function examineGit(
  root: string,
  signal: AbortSignal,
): Promise<{ findings: Found[]; checkout: Checkout | undefined }> {
  const findings: Found[] = [fine('knot', `knot ${VERSION} on Node ${process.version}`)]
  const version = await gitVersion(root, signal)
  if (version === undefined) {
    const text = 'git cannot be started'
    const fix = 'install git 2.38 or newer'
    findings.push(error('git', { code: 'git-missing', text, fix }))
    return { findings, checkout: undefined }
  }
  const opened = await open(root, signal)
  if (opened instanceof Failure) {
    const { message, fix = 'see git status there', code } = opened.problem
    const tooOld = code === 'GIT_TOO_OLD'
    const trouble = { code: tooOld ? 'git-too-old' : 'repository-unusable', text: message, fix }
    return { findings: [...findings, error('git', trouble)], checkout: undefined }
  }
  findings.push(fine('git', `git ${version}`))
  findings.push(...(await examineRepository(opened, signal)))
  return { findings, checkout: opened }
}

async function open(root: string, signal: AbortSignal): Promise<Checkout | Failure> {
  try {
    return await checkoutAt(root, signal)
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown
    throw thrown
  }
}

async function examineRepository(checkout: Checkout, signal: AbortSignal): Promise<Found[]> {
  const found: Found[] = []
  const head = await headOf(checkout, signal)
  if (head.kind === 'unborn') {
    const text = `branch ${head.branch} has no commit yet, so there is nothing to publish`
    found.push(note('repository', 'branch-unborn', text, 'git commit'))
  } else {
    const where = head.branch === undefined ? 'detached HEAD' : head.branch
    found.push(fine('repository', `${checkout.root}, ${where} at ${head.oid.slice(0, 8)}`))
  }
  if (await isShallow(checkout, signal)) {
    const text = 'this clone is shallow: it can give no whole commit to anybody, and publishes none'
    const fix = 'git fetch --unshallow'
    found.push(error('repository', { code: 'repository-shallow', text, fix }))
  }
  if (await tracksKnot(checkout, signal)) {
    const text = '.knot/ is in the index: a commit would publish this agent’s key'
    const fix = 'git rm -r --cached .knot'
    found.push(error('exclude', { code: 'knot-tracked', text, fix }))
  }
  if (await excludesKnot(checkout, signal)) found.push(fine('exclude', 'git ignores .knot/'))
  else if (existsSync(homeAt(checkout.root).root)) {
    const text = '.git/info/exclude does not have /.knot/, so git shows it, and git clean takes it'
    const mend = () => excludeKnot(checkout, signal)
    found.push(warning('exclude', { code: 'exclude-missing', text, fix: FIX, mend }))
  }
  return found
}

const FIX = 'knot doctor --fix'
