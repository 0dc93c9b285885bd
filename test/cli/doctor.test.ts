import { afterEach, expect, test } from 'vitest'
import { terminal, type Terminal } from './terminal.ts'

let here: Terminal
afterEach(() => here.close())

test('S553: warnings end with 0, an error with 1 and the fix of it', async () => {
  here = terminal('initialised')
  const warned = await here.knot('doctor')
  expect(warned.exit).toBe(0)
  expect(warned.out).toBe('! key  it is bent\n       fix: straighten it\n\n1 warning\n')

  here.env['FAKE_KNOTD'] = 'unwell'
  const failed = await here.json('doctor')
  expect(failed.exit).toBe(1)
  expect(failed.envelope.error).toMatchObject({ code: 'UNWELL', fix: 'straighten it' })
  expect(failed.envelope.result).toMatchObject({ findings: [{ code: 'key-corrupt' }] })
})

test('S552: no daemon is started for it, and --fix is passed on', async () => {
  here = terminal('git')
  await here.knot('doctor', '--fix')
  expect(here.starts()).toEqual(['--doctor --fix'])
})
