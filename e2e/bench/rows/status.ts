/** How long a person waits for a command that only shows something. */
import { LAUNCHER } from '../../peers.ts'
import { bareNode } from '../floors.ts'
import type { Ground } from '../ground.ts'
import { ends, inTurn, timed } from '../measure.ts'
import { type Row, rowOf } from '../row.ts'

const ROUNDS = 20

/** `knot status`, as it is installed, beside a Node that does nothing. */
export async function status(ground: Ground): Promise<Row[]> {
  const [ada] = (await ground.three()).peers
  const { clone: cwd, env } = ada!
  const samples = await inTurn({ rounds: ROUNDS, warm: 2 }, {
    knot: () => timed(() => ends([process.execPath, LAUNCHER, 'status'], { cwd, env })),
    node: bareNode,
  })
  const asked = [{ figure: 'median', atMost: 2, times: 'floor' }] as const
  const floor = { what: 'node -e 0', samples: samples.node }
  return [rowOf({ row: 'status', what: 'knot status', asked: [...asked] }, samples.knot, floor)]
}
