/**
 * The mesh: what the rest of knot knows about peers and wires.
 *
 * A peer is a public key, proved by the handshake, and whoever completes a handshake knows the
 * room's secret. Between two members stands at most one sync session. Anything here can be lost
 * at any moment: what was sent has not been received until the peer says so itself.
 *
 * Two implementations pass the same tests: `node.ts` on libp2p, `memory.ts` without a network.
 */
import type { PublicKey } from '../core/brand.ts'

/** How a peer is reached: within private address ranges, over public ones, through the relay. */
export type Path = 'lan' | 'direct' | 'relay'

/** Which addresses a room may use, in both directions; `lan` means private ranges only. */
export type Reach = 'anywhere' | 'lan'

/** What a read gave. `end` is the other side's own word; `gone` is everything else. */
export type Chunk =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'end' }
  | { kind: 'gone'; why: string }

/** A duplex of bytes with one reader and one writer; every wait ends when it is aborted. */
export type ByteStream = {
  /** The next bytes. Not calling this again is what slows the other side down. */
  read(): Promise<Chunk>
  /** Hands bytes over, not to be changed afterwards, and resolves when it can take more. */
  write(bytes: Uint8Array): Promise<'sent' | 'gone'>
  /** Says that no more will be written; reading goes on. */
  end(): Promise<void>
  /** Breaks both directions at once, on both sides. */
  abort(why: string): void
}

/** What the mesh tells; never from within a call of the mesh's own functions. */
export type MeshEvents = {
  /** A sync session with a member stands. Always followed by one `down`. */
  up(key: PublicKey, path: Path, address: string): void
  down(key: PublicKey, why: string): void
  /** One whole frame. The peer's next one waits for the promise: that is its backpressure. */
  frame(key: PublicKey, bytes: Uint8Array): void | Promise<void>
  /** After `full`: the outbox of this peer has room again. */
  drained(key: PublicKey): void
  /** A peer of this room was seen on the local network. Its addresses are hearsay. */
  found(key: PublicKey, addresses: readonly string[]): void
  /** The join protocol; the one thing here that a peer who is not a member can cause. */
  ask(key: PublicKey, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** A member opened a git stream. */
  git(key: PublicKey, stream: ByteStream): void
}

/** `full`: taken, but hold on until `drained`. `gone`: not taken, there is no session. */
export type SendOutcome = 'sent' | 'full' | 'gone'

/** What became of a question; `stranger` has another key or does not know the room's secret. */
export type AskOutcome =
  | { kind: 'answered'; key: PublicKey; answer: Uint8Array }
  | { kind: 'unreachable'; why: string }
  | { kind: 'stranger'; why: string }
  | { kind: 'busy'; why: string }
  | { kind: 'refused'; why: string }
  | { kind: 'late'; why: string }

export type GitOutcome = { kind: 'open'; stream: ByteStream } | { kind: 'gone'; why: string }

/** How it stands with one wanted peer. */
export type Reaching = {
  key: PublicKey
  state: 'up' | 'away'
  /** Every address that is known of it; `why` is what the newest dial there met, if it failed. */
  addresses: { address: string; why?: string }[]
}

/** Begins what is told of a peer that does not take us for a member, behind its address. */
export const TAKES_NO_SESSION = 'answers and takes no session'

/** What the mesh can tell of why a peer is not reached. */
export type Survey = {
  /** Wanted peers, in the order of their keys. */
  peers: Reaching[]
  /** Where multicast DNS listens, and whom it heard just now; undefined where it is not used. */
  mdns: { interfaces: { ip: string; fault?: string }[]; heard: PublicKey[] } | undefined
}

export type Mesh = {
  readonly key: PublicKey
  /** The addresses it listens on, local network first, loopback last. */
  addresses(): string[]
  /** Keeps a session with this peer from now on; addresses add to those already known. */
  want(key: PublicKey, addresses: readonly string[]): void
  /** Ends the session, and neither dials this peer nor takes its sessions until `want`. */
  forget(key: PublicKey): void
  send(key: PublicKey, frame: Uint8Array): SendOutcome
  /** Ends the session; while the peer is wanted, a new one is made. */
  reset(key: PublicKey, why: string): void
  ask(
    target: { key?: PublicKey; address: string },
    question: Uint8Array,
    signal: AbortSignal,
  ): Promise<AskOutcome>
  /** Opens a git stream to a member with whom a session stands. */
  openGit(key: PublicKey, signal: AbortSignal): Promise<GitOutcome>
  /** Looks at what is known, and asks nobody. */
  survey(): Survey
  /** Ends everything; no event is told from here on. */
  stop(): Promise<void>
}

/** Where to listen; port 0 is any free one. */
export type Listen = { host: string; port: number; kind?: 'tcp' | 'ws' }

export type MeshOptions = {
  /** 32 bytes; the agent's key. */
  seed: Uint8Array
  /** Derived from the room's secret: who does not have it fails in the handshake. */
  prologue: Uint8Array
  /** The room's name on the local network; without one, nobody is looked for. */
  mdnsTag: string | undefined
  listen: readonly Listen[]
  reach?: Reach
  isMember(key: PublicKey): boolean
  events: MeshEvents
  log(line: string): void
}

export type StartOutcome =
  | { kind: 'started'; mesh: Mesh }
  | { kind: 'taken'; port: number; why: string }
  | { kind: 'failed'; why: string }
