/**
 * The whole local API: a method that is not in this table does not exist.
 *
 * The socket, the command line and every later front end are driven by it. A
 * method with `stream` sends items of that shape and ends with its output;
 * every other method only answers with its output.
 */
import { z } from 'zod'
import {
  ASK_QUEUED_MAX_MS, CHECK_HISTORY_SHOWN, INVITE_USES_MAX, LOCKS_PER_AGENT_MAX,
} from '../core/limits.ts'
import { given, globs, message, name, nothing, reference, text, title, worktree } from './inputs.ts'
import { leaseMethods } from './lease.ts'
import {
  check, checkedPush, compacted, decided, doing, event, evidence, finding, inviteRow, leader, lock,
  member, memberRow, moment, output, problem, progress, queued, synced, undo, undoAnswer, upstream,
  upstreamIntegration, who,
} from './shapes.ts'
import { tasksContract } from './tasks.ts'

/** The table: what each method is for, takes and gives. */
export const contract = {
  status: {
    doc: 'Shows the room: members, leader, term, voters, integration and queue.',
    input: nothing,
    output: z.object({
      room: z.object({ id: z.string(), name: z.string() }).optional(),
      me: who.extend({
        fingerprint: z.string(),
        /** Why it may write nothing here, and what to do. */
        refused: z.object({
          kind: z.enum(['removed', 'pending', 'role']),
          message: z.string(),
          fix: z.string(),
        }).optional(),
      }),
      members: z.array(member),
      leader: leader.optional(),
      term: z.number().int().nonnegative(),
      voters: z.array(who),
      mode: z.enum(['quorum', 'upstream', 'provisional']),
      integration: z.object({
        commit: z.string().optional(),
        landings: z.number().int().nonnegative(),
        /** Confirmed landings and undos that the integration ref of this checkout has not taken. */
        behind: z.number().int().nonnegative(),
        /** The last landing, where it is asked to be undone and that is not confirmed yet. */
        undo: undo.optional(),
        /** Undone pushes that nobody brought back, newest first. */
        undone: z.array(undo),
        queue: z.array(queued),
      }),
      pid: z.number().int(),
      node: z.string(),
      addresses: z.array(z.string()),
      transport: z.enum(['mesh', 'upstream']),
      upstream: upstream.extend({ integration: upstreamIntegration }).optional(),
      store: z.object({ changes: z.number().int(), bytes: z.number().int() }),
      checks: z.array(check),
    }),
  },
  whoami: {
    doc: 'Shows this checkout’s agent: id, name, fingerprint, role.',
    input: nothing,
    output: who.extend({
      fingerprint: z.string(),
      role: member.shape.role.optional(),
      room: z.object({ id: z.string(), name: z.string() }).optional(),
      home: z.string(),
    }),
  },
  say: {
    doc: 'Says something to everybody in the room.',
    input: z.strictObject({ text: message }),
    output: z.object({ id: z.string() }),
  },
  log: {
    doc: 'Reads the room’s events, oldest first; with `follow`, also those to come.',
    input: z.strictObject({
      follow: z.boolean().default(false),
      since: moment.optional(),
      limit: z.number().int().positive().optional(),
    }),
    stream: event,
    output: nothing,
  },
  ...tasksContract,
  'locks.take': {
    doc: 'Locks paths; all of them or none.',
    input: z.strictObject({
      globs,
      mode: z.enum(['shared', 'exclusive']).default('exclusive'),
      /** Left out: what this agent said that it is doing. */
      reason: title.optional(),
      confirmed: z.boolean().default(false),
      /** Where somebody else has one of them, wait in the queue, for so many milliseconds. */
      wait: z.number().int().positive().max(ASK_QUEUED_MAX_MS).optional(),
    }),
    stream: progress,
    output: lock,
  },
  'locks.release': {
    doc: 'Gives locks back: those named by id or by a glob of theirs, or all of one’s own.',
    input: z.strictObject({
      locks: z.array(reference).max(LOCKS_PER_AGENT_MAX).optional(),
      force: z.boolean().default(false),
    }),
    output: z.object({ locks: z.array(lock) }),
  },
  'locks.list': {
    doc: 'Lists who has locked what, or asked to.',
    input: nothing,
    output: z.object({ locks: z.array(lock) }),
  },
  doing: {
    doc: 'Says what this agent is doing, and locks the paths that it takes.',
    input: z.strictObject({
      text: title,
      globs: globs.optional(),
      mode: z.enum(['shared', 'exclusive']).default('exclusive'),
      confirmed: z.boolean().default(false),
    }),
    // `given` was locked for what was done before, and is not any more.
    output: z.object({ id: z.string(), lock: lock.optional(), given: z.array(lock) }),
  },
  'doing.stop': {
    doc: 'Says that it is over, and gives its lock back.',
    input: nothing,
    output: z.object({ text: z.string(), locks: z.array(lock) }),
  },
  'doing.list': {
    doc: 'Lists what everybody is doing.',
    input: nothing,
    output: z.object({ doing: z.array(doing) }),
  },
  sync: {
    doc: 'Publishes a commit and brings everybody’s published commits here.',
    input: z.strictObject({
      mode: z.enum(['both', 'push', 'pull']).default('both'),
      rev: reference.optional(),
      intent: title.optional(),
      worktree: worktree.optional(),
    }),
    stream: progress,
    output: synced,
  },
  'sync.watch': {
    doc: 'Syncs now and whenever HEAD or the room moves, until it is left.',
    input: z.strictObject({
      mode: z.enum(['both', 'push', 'pull']).default('both'),
      intent: title.optional(),
      worktree: worktree.optional(),
    }),
    stream: z.discriminatedUnion('kind', [
      progress.extend({ kind: z.literal('step') }),
      z.object({ kind: z.literal('synced'), sync: synced }),
      problem.extend({ kind: z.literal('failed') }),
    ]),
    output: nothing,
  },
  undo: {
    doc: 'Takes the last landing back; ends once that is confirmed, or says what it waits for.',
    input: z.strictObject({ reason: title.optional() }),
    stream: progress,
    output: undoAnswer,
  },
  compact: {
    doc: 'Ends the volume, packs the mirror, and says what that saved.',
    input: z.strictObject({}), stream: progress, output: compacted,
  },
  check: {
    doc: 'Runs the detected checks on this checkout.',
    input: z.strictObject({ worktree: worktree.optional() }),
    stream: output,
    output: evidence,
  },
  'check.history': {
    doc: 'Lists what was checked before a landing or a refusal, newest first.',
    input: z.strictObject({ limit: z.number().int().positive().default(CHECK_HISTORY_SHOWN) }),
    stream: checkedPush,
    output: z.object({ total: z.number().int().nonnegative() }),
  },
  'room.create': {
    doc: 'Makes the room, or resumes the one that is here, and gives an invite link.',
    input: z.strictObject({
      name: name.optional(),
      room: name.optional(),
      approve: z.boolean().default(false),
    }),
    output: z.object({
      kind: z.enum(['created', 'resumed']),
      room: z.object({ id: z.string(), name: z.string() }),
      link: z.string().optional(),
      fingerprint: z.string(),
      agent: who,
      prompt: z.string(),
    }),
  },
  'room.join': {
    doc: 'Joins a room by its invite link; ends after admission and the first sync.',
    input: z.strictObject({ link: text(4096, 'copy the whole link'), name: name.optional() }),
    stream: progress,
    output: z.object({
      kind: z.enum(['admitted', 'pending', 'member']),
      room: z.object({ id: z.string(), name: z.string() }),
      fingerprint: z.string(),
      agent: who,
      members: z.number().int().nonnegative(),
      prompt: z.string(),
    }),
  },
  invite: {
    doc: 'Makes another invite link.',
    input: z.strictObject({
      role: z.enum(['admin', 'member', 'observer', 'relay']).optional(),
      uses: z.number().int().min(1).max(INVITE_USES_MAX).optional(),
      /** In how many milliseconds from now. */
      expires: z.number().int().positive().optional(),
    }),
    output: z.object({
      link: z.string(),
      id: z.string(),
      role: member.shape.role,
      uses: z.number().int(),
      expires: moment.optional(),
    }),
  },
  'invite.list': {
    doc: 'Lists every invite: open, spent, expired or revoked.',
    input: nothing,
    output: z.object({ invites: z.array(inviteRow) }),
  },
  'invite.revoke': {
    doc: 'Closes an invite; those whom it let in stay.',
    input: z.strictObject({ invite: reference }),
    output: z.object({ kind: z.enum(['done', 'unchanged']), id: z.string() }),
  },
  members: {
    doc: 'Lists everybody who was ever let in or asked to be, and who let them in.',
    input: nothing,
    output: z.object({ members: z.array(memberRow) }),
  },
  'members.remove': {
    doc: 'Removes an agent, turns one away that waits, or leaves the room.',
    input: z.strictObject({ agent: reference }),
    output: decided,
  },
  'members.approve': {
    doc: 'Lets in an agent that waits.',
    input: z.strictObject({ agent: reference }),
    output: decided,
  },
  'members.role': {
    doc: 'Gives an agent another role.',
    input: z.strictObject({ agent: reference, role: given }),
    output: decided.extend({ role: given }),
  },
  'key.show': {
    doc: 'Shows this agent’s public key: its fingerprint, and the line that ssh uses.',
    input: nothing,
    output: z.object({ fingerprint: z.string(), line: z.string(), name: z.string() }),
  },
  'key.rotate': {
    doc: 'Goes from this agent’s key to a new one; it keeps its name, id, role and history.',
    input: nothing,
    output: z.object({
      fingerprint: z.string(),
      line: z.string(),
      name: z.string(),
      /** The fingerprint of the key that signs nothing more. */
      before: z.string(),
    }),
  },
  'key.add': {
    doc: 'Lets in whoever has a key, without an invite, and gives the link for it.',
    input: z.strictObject({
      line: text(1024, 'give the line that knot key show or a .pub file has, in quotes'),
      name: name.optional(),
      role: given.default('member'),
    }),
    output: z.object({
      kind: z.enum(['done', 'unchanged']),
      agent: who,
      fingerprint: z.string(),
      role: member.shape.role,
      status: member.shape.status,
      /** Of use to nobody else: it holds no invite. */
      link: z.string(),
    }),
  },
  ...leaseMethods,
  values: {
    doc: 'Gives the words that a shell may complete: open tasks, members, and open invites.',
    input: nothing,
    output: z.object({
      invites: z.array(z.object({ id: z.string(), about: z.string() })),
      tasks: z.array(z.object({ id: z.string(), title: z.string() })),
      members: z.array(z.object({ id: z.string(), name: z.string() })),
    }),
  },
  doctor: {
    doc: 'Says how the running daemon is: its peers and why they are not reached, clock, lease.',
    input: nothing,
    output: z.object({ findings: z.array(finding) }),
  },
  down: {
    doc: 'Stops this checkout’s daemon; the process ends after the answer.',
    input: nothing,
    output: z.object({ pid: z.number().int() }),
  },
  version: {
    doc: 'Tells the versions of the daemon, its Node and this API, and which process answers.',
    input: nothing,
    output: z.object({
      version: z.string(),
      node: z.string(),
      api: z.number().int(),
      pid: z.number().int(),
    }),
  },
} satisfies Record<string, Entry>

/** One row of the table. */
export type Entry = {
  doc: string
  input: z.ZodObject
  stream?: z.ZodType
  output: z.ZodType
}
