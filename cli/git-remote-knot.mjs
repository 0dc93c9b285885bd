#!/usr/bin/env node
// The remote helper: `git fetch knot://<key of a peer, 64 hex digits>/`.
//
// It asks the local daemon, by its socket in KNOT_SOCKET, for a stream to the peer's upload-pack,
// and then only carries bytes. Plain JavaScript, so that whichever node git finds can run it.
import { connect } from 'node:net'

// The daemon answers once it has reached the peer; it gives up on a peer sooner than this.
const ANSWER_MS = 60_000
// The daemon's answer is "ok" or one sentence.
const ANSWER_MAX_BYTES = 4096

const [, , , url = ''] = process.argv
const input = process.stdin
const output = process.stdout
let commands = ''

function fail(why) {
  process.stderr.write(`git-remote-knot: ${why}\n`, () => process.exit(128))
}

function onCommands(chunk) {
  commands += chunk.toString('latin1')
  for (let end = commands.indexOf('\n'); end >= 0; end = commands.indexOf('\n')) {
    const command = commands.slice(0, end)
    commands = commands.slice(end + 1)
    if (command === '') process.exit(0)
    if (command === 'capabilities') output.write('connect\n\n')
    else if (command === 'connect git-upload-pack') return openStream()
    else if (command.startsWith('connect ')) refuseService()
    else return fail(`unknown command "${command}" from git`)
  }
}

function onCommandsEnd() {
  process.exit(0)
}

function refuseService() {
  process.stderr.write('git-remote-knot: a peer takes no pushes; publish with `knot sync`\n')
  output.write('fallback\n')
}

function openStream() {
  input.off('data', onCommands)
  input.off('end', onCommandsEnd)
  input.pause()
  const [, peer] = /^knot:\/\/([0-9a-f]{64})\/?$/.exec(url) ?? []
  if (peer === undefined) {
    return fail(`"${url}" is not an address; expected knot://<key of a peer, 64 hex digits>/`)
  }
  const path = process.env.KNOT_SOCKET
  if (path === undefined || path === '') {
    return fail('KNOT_SOCKET is not set; fetch with `knot sync`, which sets it')
  }

  const socket = connect({ path, allowHalfOpen: true })
  const late = setTimeout(() => fail('the knot daemon did not answer'), ANSWER_MS)
  let answer = Buffer.alloc(0)
  const onAnswer = (chunk) => {
    answer = Buffer.concat([answer, chunk])
    const end = answer.indexOf(10)
    if (end < 0 && answer.length < ANSWER_MAX_BYTES) return
    clearTimeout(late)
    socket.off('data', onAnswer)
    socket.pause()
    const line = answer.subarray(0, end < 0 ? ANSWER_MAX_BYTES : end).toString('utf8')
    if (line !== 'ok') return fail(line.replace(/^error /, ''))
    carry(socket, answer.subarray(end + 1))
  }
  socket.on('data', onAnswer)
  socket.once('end', () => {
    if (socket.listenerCount('data') > 0 && answer.indexOf(10) < 0) {
      fail('the knot daemon closed the connection')
    }
  })
  socket.on('error', (error) => fail(`the knot daemon is not reachable: ${error.message}`))
  socket.on('connect', () => {
    socket.write(`${JSON.stringify({ git: 'upload-pack', peer })}\n`)
  })
}

// Each side ends on its own: git closes its side first and then still reads.
function carry(socket, early) {
  output.on('error', () => process.exit(128))
  output.write('\n')
  if (early.length > 0) output.write(early)
  if (commands !== '') socket.write(Buffer.from(commands, 'latin1'))
  input.pipe(socket)
  socket.pipe(output, { end: false })
  socket.once('end', () => output.write('', () => process.exit(0)))
}

input.on('data', onCommands)
input.once('end', onCommandsEnd)
