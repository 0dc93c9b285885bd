/** The bytes of what an op does: one number for each kind, for ever, then its fields. */
import { type ActorId, type Hash, type Instant, type PublicKey, unreachable } from '../brand.ts'
import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import {
  AUTH_OP_MAX_BYTES,
  CHANGE_MAX_BYTES,
  CLOSE_ADMISSIONS_MAX,
  INVITE_USES_MAX,
  NAME_MAX_BYTES,
  RUN_MAX_CHANGES,
  SEALS_MAX,
  VOTERS_MAX,
} from '../limits.ts'
import type { Deed, ProofRun, Seal } from './deed.ts'
import { type Name, isName } from './name.ts'
import { type GivenRole, ROLES, type Role } from './roles.ts'

const NUMBER: { readonly [Kind in Deed['kind']]: number } = {
  genesis: 1,
  invite: 2,
  admit: 3,
  approve: 4,
  add: 5,
  close: 6,
  role: 7,
  remove: 8,
  rotate: 9,
  fraud: 10,
  recover: 11,
}

const APPROVE_FLAG = 1
const SPENT = 1
const REVOKED = 2

/** Appends the kind and the fields. */
export function writeDeed(writer: Writer, deed: Deed): Writer {
  writer.u8(NUMBER[deed.kind])
  switch (deed.kind) {
    case 'genesis':
      writer.id(deed.incarnation).text(deed.founder).text(deed.name).raw(deed.secret)
      return writer.u8(deed.approve ? APPROVE_FLAG : 0)
    case 'invite':
      return role(writer.id(deed.key), deed.role).uint(deed.uses).uint(deed.expires ?? 0)
    case 'admit':
      return writer.id(deed.invite).id(deed.member).text(deed.name).raw(deed.proof)
    case 'approve':
      return writer.id(deed.admission)
    case 'add':
      return role(writer.id(deed.member).text(deed.name), deed.role)
    case 'close':
      writer.id(deed.invite).u8(deed.why === 'spent' ? SPENT : REVOKED)
      return writer.list(deed.admissions, admission => writer.id(admission))
    case 'role':
      return writeSeals(role(writer.id(deed.member), deed.role), deed.seals)
    case 'remove':
      return writeSeals(writer.id(deed.member), deed.seals)
    case 'rotate':
      return writeSeals(writer.id(deed.key).raw(deed.proof), deed.seals)
    case 'fraud':
      writer.id(deed.actor).id(deed.volume)
      for (const run of deed.runs) writeRun(writer, run)
      return writer
    case 'recover':
      return writer.uint(deed.era).list(deed.voters, voter => writer.id(voter))
    default:
      return unreachable(deed)
  }
}

/** Reads what `writeDeed` wrote, and nothing else. */
export function readDeed(reader: Reader): Deed {
  const number = reader.u8()
  switch (number) {
    case NUMBER.genesis:
      return readGenesis(reader)
    case NUMBER.invite:
      return readInvite(reader)
    case NUMBER.admit: {
      const invite = reader.id<Hash>(32)
      const member = reader.id<PublicKey>(32)
      return { kind: 'admit', invite, member, name: readName(reader), proof: reader.raw(64) }
    }
    case NUMBER.approve:
      return { kind: 'approve', admission: reader.id<Hash>(32) }
    case NUMBER.add: {
      const member = reader.id<PublicKey>(32)
      return { kind: 'add', member, name: readName(reader), role: readRole(reader) }
    }
    case NUMBER.close:
      return readClose(reader)
    case NUMBER.role: {
      const member = reader.id<PublicKey>(32)
      return { kind: 'role', member, role: readRole(reader), seals: readSeals(reader) }
    }
    case NUMBER.remove:
      return { kind: 'remove', member: reader.id<PublicKey>(32), seals: readSeals(reader) }
    case NUMBER.rotate: {
      const key = reader.id<PublicKey>(32)
      return { kind: 'rotate', key, proof: reader.raw(64), seals: readSeals(reader) }
    }
    case NUMBER.fraud:
      return readFraud(reader)
    case NUMBER.recover:
      return readRecover(reader)
    default:
      return reader.fail(`op kind ${number} is not one of this version`)
  }
}

/** Appends seals, in the order of their streams whatever order they come in. */
export function writeSeals(writer: Writer, seals: readonly Seal[]): Writer {
  const inOrder = [...seals].sort((a, b) => (streamOf(a) < streamOf(b) ? -1 : 1))
  return writer.list(inOrder, ({ actor, volume, seq, hash, signature }) => {
    writer.id(actor).id(volume).uint(seq).id(hash).raw(signature)
  })
}

function readSeals(reader: Reader): Seal[] {
  const seals = reader.list(SEALS_MAX, (): Seal => {
    const actor = reader.id<ActorId>(40)
    const volume = reader.id<Hash>(32)
    const seq = reader.uint()
    if (seq === 0) reader.fail('a seal at 0, which is what leaving it out means')
    return { actor, volume, seq, hash: reader.id<Hash>(32), signature: reader.raw(64) }
  })
  if (seals.some((seal, at) => at > 0 && streamOf(seal) <= streamOf(seals[at - 1] as Seal))) {
    reader.fail('seals out of order')
  }
  return seals
}

function streamOf({ actor, volume }: Seal): string {
  return actor + volume
}

function readGenesis(reader: Reader): Deed {
  const incarnation = reader.id(8)
  const founder = readName(reader)
  const name = readName(reader)
  const secret = reader.raw(32)
  const flags = reader.u8()
  if (flags > APPROVE_FLAG) reader.fail(`policy flags ${flags}`)
  return { kind: 'genesis', incarnation, founder, name, secret, approve: flags === APPROVE_FLAG }
}

function readInvite(reader: Reader): Deed {
  const key = reader.id<PublicKey>(32)
  const given = readRole(reader)
  const uses = reader.uint(INVITE_USES_MAX)
  if (uses === 0) reader.fail('an invite for nobody')
  const until = reader.uint()
  const expires = until === 0 ? undefined : (until as Instant)
  return { kind: 'invite', key, role: given, uses, expires }
}

function readClose(reader: Reader): Deed {
  const invite = reader.id<Hash>(32)
  const reason = reader.u8()
  if (reason !== SPENT && reason !== REVOKED) reader.fail(`reason ${reason} of a close`)
  const admissions = ascending<Hash>(reader, { size: 32, max: CLOSE_ADMISSIONS_MAX })
  return { kind: 'close', invite, why: reason === SPENT ? 'spent' : 'revoked', admissions }
}

function readFraud(reader: Reader): Deed {
  const actor = reader.id<ActorId>(40)
  const volume = reader.id<Hash>(32)
  return { kind: 'fraud', actor, volume, runs: [readRun(reader), readRun(reader)] }
}

function readRecover(reader: Reader): Deed {
  const era = reader.uint()
  const voters = ascending<ActorId>(reader, { size: 40, max: VOTERS_MAX })
  if (era === 0 || voters.length === 0) reader.fail(`era ${era} of ${voters.length} voters`)
  return { kind: 'recover', era, voters }
}

function writeRun(writer: Writer, { changes, signature }: ProofRun): void {
  writer.list(changes, change => writer.bytes(change)).raw(signature)
}

function readRun(reader: Reader): ProofRun {
  const limit = Math.min(CHANGE_MAX_BYTES, AUTH_OP_MAX_BYTES)
  return {
    changes: reader.list(RUN_MAX_CHANGES, () => reader.bytes(limit)),
    signature: reader.raw(64),
  }
}

function role(writer: Writer, given: Role): Writer {
  return writer.u8(ROLES.indexOf(given) + 1)
}

function readRole(reader: Reader): GivenRole {
  const number = reader.u8()
  const given = ROLES[number - 1]
  if (given === undefined || given === 'founder') return reader.fail(`role ${number} to give`)
  return given
}

function readName(reader: Reader): Name {
  const text = reader.text(NAME_MAX_BYTES)
  return isName(text) ? text : reader.fail('a name that is none')
}

/** A list of ids in strictly ascending order, so that one set has one spelling. */
export function ascending<Id extends string>(
  reader: Reader,
  { size, max }: { size: number; max: number },
): Id[] {
  const ids = reader.list(max, () => reader.id<Id>(size))
  if (ids.some((id, at) => at > 0 && id <= (ids[at - 1] as Id))) reader.fail('ids out of order')
  return ids
}
