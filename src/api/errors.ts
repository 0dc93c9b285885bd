/**
 * What can go wrong, as a script sees it.
 *
 * A code says what happened, once and for ever: codes are never renamed and
 * never used again for something else. The exit code says what kind of thing it
 * is, so that a shell can act on it without reading.
 */

/** The exit codes of every command, frozen. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  held: 3,
  unauthorised: 4,
  absent: 5,
  stale: 6,
  queued: 7,
  pending: 8,
  gate: 9,
  node: 78,
} as const

/** One of the frozen exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Every error code with its exit code, and whether the same command may succeed later. */
export const ERRORS = {
  INTERNAL: { exit: EXIT.failed, retryable: false },
  FAILED: { exit: EXIT.failed, retryable: false },
  UNWELL: { exit: EXIT.failed, retryable: false },
  CHECK_FAILED: { exit: EXIT.failed, retryable: false },
  CONFLICT: { exit: EXIT.failed, retryable: false },
  DAEMON_FAILED: { exit: EXIT.failed, retryable: false },
  DAEMON_GONE: { exit: EXIT.failed, retryable: true },
  DAEMON_SILENT: { exit: EXIT.failed, retryable: true },
  DAEMON_DOWN: { exit: EXIT.failed, retryable: true },
  DAEMON_SANDBOXED: { exit: EXIT.failed, retryable: false },
  SOCKET_DENIED: { exit: EXIT.failed, retryable: false },
  SOCKET_UNSAFE: { exit: EXIT.failed, retryable: false },
  CONFIG_CORRUPT: { exit: EXIT.failed, retryable: false },
  STORE_CORRUPT: { exit: EXIT.failed, retryable: false },
  PORT_TAKEN: { exit: EXIT.failed, retryable: true },
  GIT_FAILED: { exit: EXIT.failed, retryable: false },
  GIT_TOO_OLD: { exit: EXIT.failed, retryable: false },
  BUSY: { exit: EXIT.failed, retryable: true },
  LINE_TOO_LONG: { exit: EXIT.usage, retryable: false },
  LINE_MALFORMED: { exit: EXIT.usage, retryable: false },
  METHOD_UNKNOWN: { exit: EXIT.usage, retryable: false },
  INPUT_INVALID: { exit: EXIT.usage, retryable: false },
  USAGE: { exit: EXIT.usage, retryable: false },
  COMMAND_UNKNOWN: { exit: EXIT.usage, retryable: false },
  LINK_INVALID: { exit: EXIT.usage, retryable: false },
  ROOM_OTHER: { exit: EXIT.held, retryable: false },
  HELD: { exit: EXIT.held, retryable: true },
  UNAUTHORISED: { exit: EXIT.unauthorised, retryable: false },
  INVITE_REFUSED: { exit: EXIT.unauthorised, retryable: false },
  REPOSITORY_MISSING: { exit: EXIT.absent, retryable: false },
  NOT_INITIALISED: { exit: EXIT.absent, retryable: false },
  ROOM_MISSING: { exit: EXIT.absent, retryable: false },
  NOT_FOUND: { exit: EXIT.absent, retryable: false },
  AMBIGUOUS: { exit: EXIT.usage, retryable: false },
  STALE_FENCE: { exit: EXIT.stale, retryable: false },
  QUEUED: { exit: EXIT.queued, retryable: true },
  PEERS_UNREACHABLE: { exit: EXIT.queued, retryable: true },
  PENDING: { exit: EXIT.pending, retryable: true },
  GATE_REFUSED: { exit: EXIT.gate, retryable: false },
  CANCELLED: { exit: EXIT.failed, retryable: true },
  NODE_TOO_OLD: { exit: EXIT.node, retryable: false },
} as const satisfies Record<string, { exit: ExitCode; retryable: boolean }>

/** A key of the error table. */
export type ErrorCode = keyof typeof ERRORS

/** An error as it crosses the socket and as `--json` prints it. */
export type ApiError = {
  code: ErrorCode
  message: string
  fix?: string
  retryable: boolean
  exit: ExitCode
}

/** Completes an error from the table, so that its exit code is decided in one place. */
export function problem(code: ErrorCode, message: string, fix?: string): ApiError {
  return { code, message, ...(fix === undefined ? {} : { fix }), ...ERRORS[code] }
}

/** An expected failure on its way to whoever asked: thrown only at the edges, never in the core. */
export class Failure extends Error {
  readonly problem: ApiError

  constructor(code: ErrorCode, message: string, fix?: string) {
    super(message)
    this.name = 'Failure'
    this.problem = problem(code, message, fix)
  }
}

/** Reads an error from the other end of a socket, which may be of a version with other codes. */
export function problemFrom(value: unknown): ApiError {
  const { code, message, fix } = (value ?? {}) as Record<string, unknown>
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code)
  return problem(
    known ? (code as ErrorCode) : 'FAILED',
    typeof message === 'string' ? message : `an error of an unknown form: ${JSON.stringify(value)}`,
    typeof fix === 'string' ? fix : undefined,
  )
}

/** The error to show for anything that was thrown. */
export function problemOf(thrown: unknown): ApiError {
  if (thrown instanceof Failure) return thrown.problem
  return problem('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown))
}
