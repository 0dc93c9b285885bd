/**
 * The contract as types.
 *
 * Everything that must stay small (the command line above all) imports these
 * and not the contract: a type leaves nothing behind in a bundle.
 */
import type { z } from 'zod'
import type { contract } from './contract.ts'

type Table = typeof contract

/** A name in the contract. */
export type Method = keyof Table

/** A method that sends items before its output. */
export type StreamMethod = {
  [M in Method]: Table[M] extends { stream: z.ZodType } ? M : never
}[Method]

/** A method that only answers. */
export type CallMethod = Exclude<Method, StreamMethod>

/** What a client sends: what has a default may be left out. */
export type Input<M extends Method> = z.input<Table[M]['input']>

/** What an answering function gets: checked, with the defaults filled in. */
export type Parsed<M extends Method> = z.output<Table[M]['input']>

/** What a method answers in the end. */
export type Output<M extends Method> = z.output<Table[M]['output']>

/** What a stream sends on the way. */
export type Item<M extends StreamMethod> = z.output<Table[M]['stream']>

/** What the daemon must have for each method; a failure is thrown as a `Failure`. */
export type Answers = {
  [M in CallMethod]: (input: Parsed<M>, signal: AbortSignal) => Promise<Output<M>>
} & {
  [M in StreamMethod]: (
    input: Parsed<M>,
    signal: AbortSignal,
  ) => AsyncGenerator<Item<M>, Output<M>, void>
}
