/** The part of the contract that is about the leader lease. */
import { z } from 'zod'
import { nothing } from './inputs.ts'
import { fence, leader, moment, who } from './shapes.ts'

/** A voter, in the life that votes. */
const voter = who.extend({
  /** How the incarnation that votes begins: eight digits. */
  incarnation: z.string(),
  me: z.boolean(),
  leads: z.boolean(),
  online: z.boolean(),
  /** Whether it may lead; one that does not integrate only votes. */
  integrates: z.boolean(),
  /** Of which set it is, while the latest change of voters does not count yet. */
  of: z.enum(['both', 'old', 'new']),
  /** When it was last known to follow the leader. A leader knows of all, others of the leader. */
  acknowledged: moment.optional(),
  /** The furthest record that it is known to have accepted. */
  accepted: fence.pick({ term: true, seq: true }).optional(),
})

/** What lacks before anything can be confirmed. */
const missing = z.object({
  kind: z.enum(['voters', 'candidate', 'election']),
  /** How many more of `of` have to be reached. */
  needed: z.number().int().positive().optional(),
  of: z.array(who),
  text: z.string(),
})

/** The methods of `knot lease`. */
export const leaseMethods = {
  lease: {
    doc: 'Shows the leader lease: term, holder, voters, who acknowledged last, until when.',
    input: nothing,
    output: z.object({
      era: z.number().int().nonnegative(),
      term: z.number().int().nonnegative(),
      leader: leader.extend({ term: z.number().int().positive() }).optional(),
      /** When it runs out if nothing more is heard, by this peer’s clock. */
      until: moment.optional(),
      /** The last record that is confirmed, and the last that is held here. */
      confirmed: z.number().int().nonnegative(),
      tail: fence,
      /** The latest change of voters, and whether it counts. */
      change: z.object({ seq: z.number().int(), counts: z.boolean() }).optional(),
      voters: z.array(voter),
      mode: z.enum(['quorum', 'upstream', 'provisional']),
      missing: z.array(missing),
    }),
  },
  'lease.step-down': {
    doc: 'Gives the lead up, and tells who leads next.',
    input: nothing,
    output: z.object({
      /** The term that was given up. */
      term: z.number().int().positive(),
      /** Who leads next; left out where nobody did in time. */
      next: who.extend({ term: z.number().int().positive() }).optional(),
      ms: z.number().nonnegative(),
    }),
  },
}
