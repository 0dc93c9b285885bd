/** A process that takes a room, says what came of it, and keeps what it got until it is killed. */
import { ownRoom } from '../../src/store/ownership.ts'

const owned = await ownRoom({ room: process.argv[2] as string })
process.stdout.write(owned.kind === 'held' ? `held ${owned.pid}\n` : `${owned.kind}\n`)
if (owned.kind === 'ok') setInterval(() => undefined, 60_000)
