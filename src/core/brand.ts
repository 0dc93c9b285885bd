/**
 * Branded primitives: ids and units that the compiler keeps apart.
 *
 * All ids are lower-case hex strings inside the program (so that they can be
 * map keys and compared with `<`), and raw bytes on the wire.
 */
declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A SHA-256 digest, 64 hex digits. */
export type Hash = Brand<string, 'Hash'>
/** A room: the hash of its genesis op. */
export type RoomId = Hash & Brand<string, 'RoomId'>
/** An Ed25519 public key, 64 hex digits. */
export type PublicKey = Brand<string, 'PublicKey'>
/** One life of an agent's stream: 32-byte key, then 8-byte incarnation; 80 hex digits. */
export type ActorId = Brand<string, 'ActorId'>
/** An agent, `ag_` and 16 base32 digits of the SHA-256 of its first key. */
export type AgentId = Brand<string, 'AgentId'>
/** A moment in milliseconds since the Unix epoch, as some peer's clock told it. Never decides. */
export type Instant = Brand<number, 'Instant'>
/** A moment of this machine's monotonic clock, in milliseconds. Means nothing to another peer. */
export type Monotonic = Brand<number, 'Monotonic'>
/** A git object name, 40 hex digits. */
export type Oid = Brand<string, 'Oid'>

/** Splits an actor into the key that signs and the incarnation. */
export function keyOf(actor: ActorId): PublicKey {
  return actor.slice(0, 64) as PublicKey
}

/** Joins a key and an incarnation (16 hex digits). */
export function actorOf(key: PublicKey, incarnation: string): ActorId {
  return (key + incarnation) as ActorId
}

/** For the default branch of a switch over a union: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`bug: unreachable case ${String(value)}`)
}
