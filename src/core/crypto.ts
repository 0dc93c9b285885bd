/**
 * The signature functions that core is handed. Both are pure; they are arguments because the fast
 * implementation is the platform's and the reference one is @noble/ed25519.
 */
import type { PublicKey } from './brand.ts'

/** Whether a signature (64 bytes) holds, under the one rule of SPEC. Must never throw. */
export type Verify = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean

/** A key that can sign. Ed25519 is deterministic: the same message gives the same 64 bytes. */
export type Signer = { readonly key: PublicKey; readonly sign: (message: Uint8Array) => Uint8Array }
