/** The things that the local API talks about, as they look in JSON. */
import { z } from 'zod'

/** Somebody who did something: the id for programs, the name for people. */
export const who = z.object({ id: z.string(), name: z.string() })

/** A moment, in milliseconds since the Unix epoch, as its author's clock told it. */
export const moment = z.number().int().nonnegative()

/** Whether anything could still unmake it: see DESIGN's "confirmed" and "provisional". */
export const standing = z.enum(['confirmed', 'provisional'])

/** One member as this daemon sees it now. */
export const member = z.object({
  id: z.string(),
  name: z.string(),
  fingerprint: z.string(),
  role: z.enum(['founder', 'admin', 'member', 'observer', 'relay']),
  status: z.enum(['active', 'pending', 'removed']),
  me: z.boolean(),
  online: z.boolean(),
  path: z.enum(['self', 'lan', 'direct', 'relay', 'none']),
  /** Whether it may lead, by role and its own word. Left out where that was not heard. */
  integrates: z.boolean().optional(),
  address: z.string().optional(),
  lastSeen: moment.optional(),
})

/** A member with how it came to be one, and what would let it in where it waits. */
export const memberRow = member.extend({
  /** Who let it in; nobody did the founder. */
  by: who.optional(),
  /** When it was let in, or asked to be. */
  since: moment,
  removed: z.object({ by: who, at: moment }).optional(),
  /** The command that lets it in. */
  approve: z.string().optional(),
})

/** An invite, whoever made it. */
export const inviteRow = z.object({
  id: z.string(),
  role: member.shape.role,
  state: z.enum(['open', 'spent', 'expired', 'revoked']),
  uses: z.number().int(),
  used: z.number().int(),
  expires: moment.optional(),
  by: who,
  /** Only where this agent made it, has kept it, and it still lets somebody in. */
  link: z.string().optional(),
})

/** What became of a decision about an agent; unchanged: it was so already. */
export const decided = z.object({
  kind: z.enum(['done', 'unchanged']),
  agent: who,
  /** Invites that were open, and were closed with a removal. */
  closed: z.number().int().positive().optional(),
  /** Too few voters are left to elect a leader, and none of them leads. */
  lost: z.object({ voters: z.number().int(), left: z.number().int() }).optional(),
})

/** The holder of the leader lease; `lapsed` when its term can no longer confirm anything. */
export const leader = who.extend({ mine: z.boolean(), lapsed: z.boolean() })

/** A push that waits for its landing. */
export const queued = z.object({
  push: z.string(),
  name: z.string(),
  commit: z.string(),
  state: z.enum(['queued', 'fetching', 'merging', 'checking', 'reviewing', 'landing', 'offered']),
  at: moment,
})

/** A landed push that was undone, or is asked to be. */
export const undo = z.object({
  push: z.string(),
  /** The push's author. */
  name: z.string(),
  commit: z.string(),
  /** Who asked, and when. */
  by: who,
  at: moment,
  reason: z.string().optional(),
})

/** What became of a wish to undo the last landing. */
export const undoAnswer = undo.extend({
  id: z.string(),
  landing: z.string(),
  standing,
  /** The new head of the integration, once it is confirmed. */
  head: z.string().optional(),
  /** Why it is not confirmed yet, and what would confirm it. */
  waits: z.string().optional(),
})

/** What `compact` did: the volume before and after, and bytes before and after. */
export const compacted = z.object({
  volume: z.object({ from: z.number(), to: z.number() }),
  /** Why the volume did not end, and what would end it. */
  waits: z.string().optional(),
  log: z.object({ before: z.number(), after: z.number() }),
  /** Where the log of the volume that ended lies, and how long writing the new one took. */
  closed: z.string().optional(),
  ms: z.number().optional(),
  mirror: z.object({
    before: z.object({ bytes: z.number(), packs: z.number(), loose: z.number() }),
    after: z.object({ bytes: z.number(), packs: z.number(), loose: z.number() }),
  }),
})

/** A check that was detected or named in `.knot.toml`. */
export const check = z.object({ name: z.string(), command: z.string() })

/** One check that ran, and how it ended; `exit` is missing when it was stopped. */
export const checkRun = check.extend({
  outcome: z.enum(['passed', 'failed', 'timeout', 'missing']),
  exit: z.number().int().optional(),
  ms: z.number().nonnegative(),
  digest: z.string().optional(),
})

/** What a check of one tree showed; `unchecked` says that there was nothing to run. */
export const evidence = z.object({
  verdict: z.enum(['passed', 'failed', 'unchecked']),
  tree: z.string().optional(),
  toolchain: z.string().optional(),
  ms: z.number().nonnegative(),
  checks: z.array(checkRun),
})

/** A push that a leader checked; it landed, or its output says why it was refused. */
export const checkedPush = evidence.extend({
  /** Of the landing or the verdict. */
  id: z.string(),
  at: moment,
  term: z.number().int().nonnegative(),
  push: z.string(),
  commit: z.string().optional(),
  author: who.optional(),
  by: who,
  checks: z.array(
    checkRun.extend({ toolchain: z.string().optional(), sandbox: z.string().optional() }),
  ),
  landed: z.string().optional(),
  output: z.string().optional(),
})

/** A line of the room's log. `text` is what people read; `fields` is the same for programs. */
export const event = z.object({
  id: z.string(),
  at: moment,
  kind: z.string(),
  by: who,
  text: z.string(),
  fields: z.record(z.string(), z.unknown()),
})

/** Where the chain confirmed something: whatever is older than it is stale. */
export const fence = z.object({
  era: z.number().int(),
  term: z.number().int(),
  seq: z.number().int(),
})

/** A lock; `until` is when it ends if its holder stays as silent as it is. */
export const lock = z.object({
  id: z.string(),
  globs: z.array(z.string()),
  mode: z.enum(['shared', 'exclusive']),
  reason: z.string(),
  by: who,
  mine: z.boolean(),
  at: moment,
  standing,
  fence: fence.optional(),
  /** Asked for only, and stays so until those who have one of the paths gave it back. */
  waits: z.literal(true).optional(),
  until: moment.optional(),
})

/** What somebody is doing. */
export const doing = z.object({ by: who, text: z.string(), at: moment, online: z.boolean() })

/** A task as the board shows it. */
export const task = z.object({
  id: z.string(),
  title: z.string(),
  /** In review: pushed under its claim, and queued; landed: so, and not said to be done. */
  status: z.enum(['open', 'claimed', 'review', 'landed', 'done', 'dropped']),
  priority: z.number().int(),
  after: z.array(z.string()),
  /** Of those, the ones that are not over yet: until then nobody gets it. */
  blockedBy: z.array(z.string()).optional(),
  needs: z.array(z.string()).optional(),
  paths: z.array(z.string()).optional(),
  by: who,
  at: moment,
  /** Provisional: what it shows was asked for, and nobody confirmed it yet. */
  standing,
  owner: who.extend({ mine: z.boolean(), until: moment.optional() }).optional(),
  fence: fence.optional(),
})

/** What one agent published last. */
export const publishedRow = z.object({
  agent: z.string(),
  name: z.string(),
  commit: z.string(),
  files: z.array(z.string()),
  at: moment,
})

/** The shared remote as it was seen last, its address without passwords. */
export const upstream = z.object({
  remote: z.string(),
  /** Left out: `origin` is somebody's working copy. */
  reach: z.enum(['answers', 'away', 'left-out']),
  /** When it last answered. */
  answered: moment.optional(),
  /** Why it is away or left out, or what it refused. */
  why: z.string().optional(),
})

/** Where the remote's integration ref is, seen from what is confirmed here. */
export const upstreamIntegration = z.object({
  standing: z.enum(['none', 'same', 'behind', 'foreign']),
  commit: z.string().optional(),
})

/** Whether anything can be confirmed now, and if not, whose agreement on a leader would do it. */
export const confirming = z.object({
  mode: z.enum(['quorum', 'upstream', 'provisional']),
  awaits: z.object({ needed: z.number().int(), voters: z.array(who) }).optional(),
})

/** How a sync ended: what was published, who holds it, and what the others published. */
export const synced = z.object({
  push: z.string().optional(),
  commit: z.string().optional(),
  base: z.string().optional(),
  /** Undone pushes of this agent that come back with this one. */
  again: z.array(z.string()).optional(),
  files: z.array(z.string()),
  fileCount: z.number().int().nonnegative(),
  heldBy: z.array(who),
  transport: z.enum(['mesh', 'upstream']),
  upstream: upstream.optional(),
  ...confirming.shape,
  rows: z.array(publishedRow),
})

/** Why something did not come about, without ending what goes on. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  fix: z.string().optional(),
})

/** One thing that `knot doctor` looked at; `note` says what could not be looked at, and why. */
export const finding = z.object({
  area: z.string(),
  code: z.string(),
  severity: z.enum(['fine', 'note', 'warning', 'error']),
  text: z.string(),
  fix: z.string().optional(),
  /** It was wrong, and is right since a moment ago. */
  mended: z.boolean().optional(),
})

/** A step of something that takes a while, for a person to read. */
export const progress = z.object({
  step: z.string(),
  text: z.string(),
  /** How far this step is; such items come often, and only the last one counts. */
  percent: z.number().min(0).max(100).optional(),
})

/** A check's output once it has ended; without text, that it begins. */
export const output = z.object({ check: z.string(), text: z.string().optional() })
