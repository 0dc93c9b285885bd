// Bundles the command line and the daemon into dist/, so that starting them reads few files.
// Runs as the root's own `prepare`, after npm ci: quiet when all is well, loud when it is not.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const fresh = join(root, 'dist.new')
const require = createRequire(import.meta.url)

/** What goes into dist/, from what; sources that do not exist are not part of this checkout. */
const ENTRIES = [
  // Read anew for every command, so it is as small as can be.
  { from: 'cli/main.ts', to: 'knot.js', minify: true },
  // Read once: lines and names stay, for whoever finds a stack trace in daemon.log.
  { from: 'src/daemon/main.ts', to: 'knotd.js', minify: 'dce-only' },
  { from: 'src/store/document/worker.ts', to: 'document-worker.js', minify: 'dce-only' },
]

const rolldown = await import('rolldown').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  console.error('knot: not bundled, as rolldown is not installed; knot runs from its source')
  return undefined
})
if (rolldown !== undefined) {
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh)
  for (const { from, to, minify } of ENTRIES) {
    const source = join(root, from)
    if (existsSync(source)) await bundle(rolldown.build, source, join(fresh, to), minify)
  }
  copyWasm()
  // Whoever runs knot meanwhile finds the old bundle or the new one, and never half of one.
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
}

/** One file for one program: a shared chunk would be one more file to find and read at start. */
async function bundle(build, input, file, minify) {
  await build({
    cwd: root,
    input,
    platform: 'node',
    logLevel: 'warn',
    onLog: (level, log, next) => {
      // Dependencies' own cycles and evals are theirs; a thing that cannot be found is ours.
      if (log.code === 'UNRESOLVED_IMPORT') next('error', log)
      else if (level !== 'warn' || !(log.id ?? '').includes('node_modules')) next(level, log)
    },
    resolve: {
      alias: {
        // The ES modules leave out what no command uses; the package's main entry is CommonJS.
        clipanion: require.resolve('clipanion').replace(/\.js$/, '.mjs'),
      },
    },
    output: { file, format: 'esm', minify, codeSplitting: false, comments: false },
  })
}

/** Automerge's WebAssembly stays a file beside the bundle: embedded in text it starts slower. */
function copyWasm() {
  if (!existsSync(join(fresh, 'document-worker.js'))) return
  const wasm = require.resolve('@automerge/automerge/automerge.wasm')
  copyFileSync(wasm, join(fresh, 'automerge.wasm'))
}
