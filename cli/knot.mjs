#!/usr/bin/env node
// Starts knot on a Node that can run it. This file must parse on Node 18, and has no dependencies.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// The bundle runs from 22.12 on; the source needs type stripping, which came with 22.18 and 23.6.
const bundle = new URL('../dist/knot.js', import.meta.url)
const bundled = existsSync(bundle) && process.env.KNOT_SOURCE !== '1'

if (runsHere(bundled)) {
  delete process.env.KNOT_NODE_TRIED
  const { enableCompileCache } = await import('node:module')
  // Not in the temporary folder, which is nobody's to fill. Where this may not be written, the
  // start is slower, and that is all.
  enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/knot', import.meta.url)))
  await import(bundled ? bundle.href : new URL('./main.ts', import.meta.url).href)
} else {
  await runElsewhere()
}

/** @param {boolean} built */
function runsHere(built) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (built) return major > 22 || (major === 22 && minor >= 12)
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

async function runElsewhere() {
  const node = process.env.KNOT_NODE_TRIED === '1' ? undefined : await newerNode()
  if (node === undefined) {
    const wanted = bundled ? '22.12' : '22.18'
    console.error(`error: knot needs Node ${wanted} or newer, and this is ${process.version}.`)
    console.error('fix: install Node 24, or set KNOT_NODE=/path/to/node')
    process.exit(78)
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, KNOT_NODE_TRIED: '1' },
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
  child.on('error', (error) => {
    console.error(`error: ${node} could not be started (${error.message}).`)
    console.error('fix: install Node 24, or set KNOT_NODE=/path/to/node')
    process.exit(78)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** The Node that KNOT_NODE names, else the one that a development checkout carries. */
async function newerNode() {
  if (process.env.KNOT_NODE) return process.env.KNOT_NODE
  const { createRequire } = await import('node:module')
  const { dirname, join } = await import('node:path')
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (const kind of ['node', 'node-bin']) {
    try {
      const manifest = require.resolve(`${kind}-${platform}-${process.arch}/package.json`)
      const node = join(dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node')
      if (existsSync(node)) return node
    } catch {
      // Not installed: the next name, or none.
    }
  }
  return undefined
}
