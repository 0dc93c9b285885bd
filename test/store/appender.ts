/** A process to be killed: appends to a room, and says what was acknowledged once it was. */
import { utf8 } from '../../src/core/bytes/text.ts'
import { nodeDisk } from '../../src/store/node-disk.ts'
import { openRoom } from '../../src/store/room.ts'

const [roomLog, journal, from] = process.argv.slice(2) as [string, string, string]
const opened = await openRoom({
  home: { roomLog, journal },
  disk: nodeDisk,
  restore: () => undefined,
})
if (opened.kind !== 'ok') throw new Error(JSON.stringify(opened))

for (let n = Number(from); ;) {
  for (let more = 1 + (n % 5); more > 0; more--, n++) {
    const bytes = utf8(`${n}:${'x'.repeat((n * 37) % 3_000)}`)
    opened.room.append([n % 3 === 0 ? { kind: 'signed', bytes } : { kind: 'record', bytes }])
  }
  const flushed = await opened.room.flush()
  if (flushed.kind !== 'ok') throw new Error(flushed.fault.why)
  process.stdout.write(`${n}\n`)
}
