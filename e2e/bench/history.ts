/** A git history that is the same bytes every time: thousands of objects, several megabytes. */
import { createHash } from 'node:crypto'

const FIRST_FILES = 100
const FIRST_BYTES = 32 << 10
const FILES_A_COMMIT = 4
const FILE_BYTES = 2 << 10
const FOLDERS = 20

/** A stream for `git fast-import`, of one branch `bench` with this many commits. */
export function history(commits: number): string {
  const out: string[] = []
  for (let n = 0; n < commits; n++) {
    const message = `Change ${n}`
    const when = `bench <bench@example.com> ${1_700_000_000 + 60 * n} +0000`
    out.push('commit refs/heads/bench', `committer ${when}`, `data ${message.length}`, message)
    for (let file = 0; n === 0 && file < FIRST_FILES; file++) {
      out.push(...written(`large/${file}.txt`, noise(`first ${file}`, FIRST_BYTES)))
    }
    for (let file = 0; file < FILES_A_COMMIT; file++) {
      const path = `small/${n % FOLDERS}/${(n * FILES_A_COMMIT + file) % 97}.txt`
      out.push(...written(path, noise(`${n} ${file}`, FILE_BYTES)))
    }
    out.push('')
  }
  return out.join('\n')
}

function written(path: string, text: string): string[] {
  return [`M 100644 inline ${path}`, `data ${text.length}`, text]
}

/** Text that compresses as badly as text can. */
function noise(seed: string, bytes: number): string {
  const lines: string[] = []
  for (let n = 0; n * 65 < bytes; n++) {
    lines.push(createHash('sha384').update(`${seed} ${n}`).digest('base64'))
  }
  return `${lines.join('\n')}\n`
}
