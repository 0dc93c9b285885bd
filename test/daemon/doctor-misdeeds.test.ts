/** What `knot doctor` tells of peers that send what no peer may take. */
import { expect, test } from 'vitest'
import { blame } from '../../src/core/engine/misdeeds.ts'
import { MISDEEDS_MAX } from '../../src/core/limits.ts'
import { misdeedFindings } from '../../src/daemon/doctor/misdeeds.ts'
import { Stage } from '../core/engine/cast.ts'

test('S762: a peer’s misdeeds are a note, and a warning with the reason while it is left out', () => {
  const stage = new Stage(2)
  const [alice, bob] = stage.people
  if (alice === undefined || bob === undefined) throw new Error('nobody there')
  const findings = () => misdeedFindings(alice.engine, stage.clock)
  const sins = (times: number) => {
    for (let n = 0; n < times; n++) {
      blame(alice.engine, stage.clock, [], { key: bob.key, why: 'an unknown kind of frame' })
    }
  }
  expect(findings()).toEqual([])
  sins(1)
  expect(findings()).toMatchObject([{ severity: 'note', code: 'peer-misdeeds' }])
  expect(findings()[0]?.text).toMatch(/^bob: sent once what no peer may take.*unknown kind of frame$/)
  sins(MISDEEDS_MAX - 1)
  expect(findings()).toMatchObject([{ severity: 'warning', code: 'peer-left-out' }])
  expect(findings()[0]?.text).toMatch(/^bob: left out for another 60 s: it sent 10 times/)
  expect(findings()[0]?.fix).toContain('have bob update knot')
})
