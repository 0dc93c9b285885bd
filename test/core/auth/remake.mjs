/**
 * Makes `test/vectors/auth.json` again after the format changed, from the inputs in the file itself:
 * `node test/core/auth/remake.mjs`. Ids and signatures follow from them; nothing else changes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { signerFrom } from '../../../src/core/auth/ed25519.ts'
import { encodeJoinAnswer, encodeJoinRequest, makeJoinRequest } from '../../../src/core/auth/join.ts'
import { formatLink } from '../../../src/core/auth/link.ts'
import { admitMessage, changeMessage, joinMessage, rotateMessage } from '../../../src/core/auth/messages.ts'
import { inProofOrder } from '../../../src/core/auth/fraud.ts'
import { signOp } from '../../../src/core/auth/op.ts'
import { fromHex, hex } from '../../../src/core/bytes/text.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'

const file = new URL('../../vectors/auth.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8'))
const bytes = (text) => fromHex(text)
const signers = Object.fromEntries(
  Object.entries (vectors.keys).map(([name, { seed }]) => [name, signerFrom(bytes(seed))]),
)
const byKey = new Map(Object.values(signers).map((signer) => [signer.key, signer]))
const ids = new Map ()
const before = new Map (vectors.ops.map(({ name, id }) => [id, name]))

const renamed = (id) => ids.get(before.get(id) ?? '') ?? id
const message = {
  'knot/admit/1': admitMessage,
  'knot/join/1': joinMessage,
  'knot/rotate/1': rotateMessage,
  'knot/op/1': changeMessage,
}

function resealed(seal) {
  const { actor, volume, seq, hash } = seal
  const signer = byKey.get(actor.slice(0, 64))
  const signature = signer?.sign(changeMessage({ room: vectors.room, volume, actor, seq, hash }))
  return { ...seal, signature: hex(signature) }
}

function lastOf(run, deed) {
  const last = bytes(run.changes.at(-1))
  const hash = hashOf(last.subarray(8))
  // seq follows the actor, in one or two bytes of LEB128, as the vectors have them.
  const at = 8 + 1 + 1 + 1 + 32 + 1 + 40
  const low = last[at]
  const seq = low < 0x80 ? low : (low & 0x7f) | ((last[at + 1]) << 7)
  return { room: vectors.room, volume: deed.volume, actor: deed.actor, seq, hash }
}

function revived(deed, author) {
  const made = structuredClone(deed)
  for (const field of ['invite', 'admission']) if (made[field]) made[field] = renamed(made[field])
  if (made.admissions) made.admissions = made.admissions.map(renamed).sort()
  if (made.seals) made.seals = made.seals.map(resealed)
  const room = vectors.room
  if (made.kind === 'admit') {
    const invite = signers['invite']
    made.proof = hex(invite.sign(admitMessage({ room, invite: invite.key, member: made.member })))
  }
  if (made.kind === 'rotate') {
    const seals = made.seals.map((seal) => ({ ...seal, signature: bytes(seal.signature) }))
    const from = signers[author]?.key
    const asked = rotateMessage({ room, from, to: made.key, seals })
    made.proof = hex(byKey.get(made.key)?.sign(asked))
  }
  if (made.kind === 'fraud') {
    const signer = byKey.get(made.actor.slice(0, 64))
    for (const run of made.runs) {
      run.signature = hex(signer?.sign(changeMessage(lastOf(run, made))))
    }
  }
  return made
}

function toBytes(deed) {
  const made = structuredClone(deed)
  for (const field of ['secret', 'proof']) if (made[field]) made[field] = bytes(made[field])
  const run = ({ changes, signature }) => ({ changes: changes.map(bytes), signature: bytes(signature) })
  if (made.seals) made.seals = made.seals.map((seal) => ({ ...seal, signature: bytes(seal.signature) }))
  if (made.runs) made.runs = inProofOrder(run(made.runs[0]), run(made.runs[1]))
  return made
}

for (const [n, op] of vectors.ops.entries()) {
  op.at ??= 1_700_000_000_000 + 1000 * n
  op.deed = revived(op.deed, op.author)
  const parents = op.parents.map((name) => ids.get(name)).sort()
  const made = signOp(signers[op.author], {
    room: vectors.room, parents, at: op.at, deed: toBytes(op.deed),
  })
  ids.set(op.name, made.id)
  op.id = made.id
  op.bytes = hex(made.bytes)
  if (op.name === 'genesis') vectors.room = made.id
}
for (const one of vectors.signatures) {
  one.fields.room = vectors.room
  if (one.fields.seals) one.fields.seals = one.fields.seals.map(resealed)
  const fields = one.fields.seals
    ? { ...one.fields, seals: one.fields.seals.map((s) => ({ ...s, signature: bytes(s.signature) })) }
    : one.fields
  const asked = (message[one.purpose])(fields)
  one.message = hex(asked)
  one.signature = hex(signers[one.signer]?.sign(asked))
}
const { text: _, ...link } = vectors.link
vectors.link.room = vectors.room
vectors.link.text = formatLink({
  ...link, room: vectors.room, secret: bytes(link.secret), seed: bytes(link.seed),
})
const { name } = vectors.join.request
const joined = { room: vectors.room, invite: signers['invite'], member: signers['bob'], name }
const request = makeJoinRequest(joined)
vectors.join.request = { ...request, proof: hex(request.proof), signature: hex(request.signature) }
vectors.join.bytes = hex(encodeJoinRequest(request))
for (const one of vectors.join.answers) {
  const { answer } = one
  if (answer.kind === 'admitted') answer.ops = [vectors.ops[0].bytes]
  if (answer.kind === 'pending') answer.admission = ids.get('admit')
  const given = answer.kind === 'admitted' ? { ...answer, ops: answer.ops.map(bytes) } : answer
  one.bytes = hex(encodeJoinAnswer(given))
}
writeFileSync(file, `${JSON.stringify(vectors, undefined, 2)}\n`)
