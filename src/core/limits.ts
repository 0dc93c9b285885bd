/** Every bound of knot, with its unit in the name and its reason beside it. */

/** A room of people and agents who know each other; frontiers and full meshes stay small. */
export const MEMBERS_MAX = 200
/** Largest frame on the sync stream: one run of the largest facts, and no more memory than that. */
export const FRAME_MAX_BYTES = 4 << 20
/** One fact: a task with its text, a landing with its evidence. */
export const FACT_MAX_BYTES = 64 << 10
/** Bytes of a fact that name where it was first written, when it is said again in another life. */
export const ORIGIN_MAX_BYTES = 64
/** A chat message: longer text is a file, and belongs in git. */
export const MESSAGE_MAX_BYTES = 16 << 10
/** Operations of one change, checked before any run-length is expanded. */
export const CHANGE_OPS_MAX = 1_000
/** One change: CHANGE_OPS_MAX is not reachable with the largest facts, nor needs to be. */
export const CHANGE_MAX_BYTES = 256 << 10
/** Seconds of a change's time: the last ones that a JavaScript Date can show. */
export const CHANGE_TIME_MAX_S = 8_640_000_000_000
/** Seq and op numbers: Automerge keeps op numbers in 32 bits, and a stream never gets this far. */
export const OP_NUMBER_MAX = 2 ** 31 - 1
/** A moment: the last one that a JavaScript Date can show; one beyond it throws there. */
export const INSTANT_MAX_MS = 8_640_000_000_000_000
/** Consecutive changes under one kept signature. */
export const RUN_MAX_CHANGES = 64
/** Facts below one bucket: an Automerge map slows down with the operations it ever held. */
export const BUCKET_FACTS = 256
/** Changes held for one author's stream whose predecessor or auth heads are not here yet. */
export const PENDING_MAX_CHANGES = 1_000
/** The same in bytes: as much as one frame brings. */
export const PENDING_MAX_BYTES = 4 << 20
/** All streams together: keys cost an outsider nothing, so streams alone bound nothing. */
export const PENDING_ROOM_MAX_BYTES = 64 << 20
/** Changes beyond the seal of a stream of another's, kept for it: as many as one frame brings. */
export const BEYOND_MAX_BYTES = 4 << 20
/** The same of all streams: a member can sign as many branches as it likes. */
export const BEYOND_ROOM_MAX_BYTES = 64 << 20
/** Requests in one session for a branch of our own: one brings 1 MiB, and a dozen are many days. */
export const BEYOND_ASKS_MAX = 64
/** Changes before a fork that are asked for first: a rolled-back disk lost minutes, mostly. */
export const FORK_BACK_CHANGES = 16
/** Facts that one change says again: one a tick, so that whoever waits for this peer goes on. */
export const AGAIN_FACTS = 200
/** The same in bytes, half a change: a fact may take as many again. */
export const AGAIN_BYTES = 128 << 10
/** Auth heads named by one change, or parents named by one auth op. */
export const AUTH_HEADS_MAX = 16
/** One auth op, fraud proofs (two runs) included. */
export const AUTH_OP_MAX_BYTES = 1 << 20
/** Auth ops of a room: years of joins and removals, and what memory and an evaluation can bear. */
export const AUTH_OPS_MAX = 10_000
/** Auth ops held whose parents are not here yet. */
export const AUTH_PENDING_MAX_OPS = 1_000
/** Their bytes together. */
export const AUTH_PENDING_MAX_BYTES = 8 << 20
/** Streams that one op may seal: an agent has a few incarnations, a cloned VM a few dozen. */
export const SEALS_MAX = 1_000
/** Admissions that a close may name: the uses of an invite and as many concurrent extras. */
export const CLOSE_ADMISSIONS_MAX = 400
/** Verdicts about auth heads that are remembered: each costs one evaluation of their past. */
export const AUTH_HEADS_REMEMBERED_MAX = 1_024
/** Locks that are over and still known, so that an ask from before them is not granted after. */
export const LOCKS_REMEMBERED = 1_000
/** How long a command waits for the leader's word: a round trip and an election that just began. */
export const ASK_WAIT_MS = 5_000
/** The same while there is no leader: long enough for one that this daemon has only just met. */
export const ASK_WAIT_ALONE_MS = 1_500
/** How long a command waits in a queue unless it says how long: a short task, or a coffee. */
export const ASK_QUEUED_MS = 10 * 60_000
/** The longest that it may wait there: a command that waits for days was forgotten. */
export const ASK_QUEUED_MAX_MS = 24 * 60 * 60_000
/** Locks of one agent: whoever needs more means a folder, and each is compared with each. */
export const LOCKS_PER_AGENT_MAX = 64
/** A holder not heard for this long lost its locks and claims: a laptop may be moved meanwhile. */
export const HOLDER_SILENCE_MS = 300_000
/** An invite link: its 130 fixed characters and the addresses. */
export const LINK_MAX_CHARS = 2_048
/** Addresses in an invite link: every interface of a laptop, in both address families. */
export const LINK_ADDRESSES_MAX = 16
/** Sentence of a refusal in the answer to a join. */
export const JOIN_WHY_MAX_BYTES = 1_024
/** Names of those who can approve, in the answer to a join. */
export const JOIN_APPROVERS_MAX = 16
/** A name of an agent or a room. */
export const NAME_MAX_BYTES = 64
/** Characters of an agent's id, `ag_` included, that may stand for it: two digits behind it. */
export const AGENT_PREFIX_MIN_CHARS = 5
/** Characters of another id that may stand for it, where a person types one. */
export const ID_PREFIX_MIN_CHARS = 4
/** Voters of a room: more make every confirmation slower and none safer. */
export const VOTERS_MAX = 7
/** Admissions that one invite may allow. */
export const INVITE_USES_MAX = 200
/** A leader that enough voters did not answer for this long gives up. */
export const LEASE_MS = 10_000
/** Between a leader's pulses: three may be lost before anyone doubts it. */
export const PULSE_MS = 1_000
/** How long rank k waits more than rank k - 1 before it stands. */
export const STAND_STEP_MS = 750
/** A candidate may not name a term further than this above the highest it has seen proved. */
export const TERM_JUMP_MAX = 1_000
/** How long a candidate waits for answers of one round: a slow link and two disk flushes. */
export const STAND_ROUND_MS = 1_500
/** Silence after a start, a grant or a failed round before a voter stands: two pulses may go. */
export const STAND_REST_MS = 2_000
/** Accepts that one record or certificate carries: a change makes two voter sets matter. */
export const ACCEPTS_MAX = 2 * VOTERS_MAX
/** Records a leader may have appended that are not confirmed yet; more would only be lost later. */
export const UNCONFIRMED_MAX_RECORDS = 64
/** Payload of one record: the largest fact and its address. */
export const RECORD_PAYLOAD_MAX_BYTES = FACT_MAX_BYTES + 1_024
/** Records of one answer: half a frame, so that one frame always holds it. */
export const RECORDS_MAX_BYTES = FRAME_MAX_BYTES / 2
/** Records of one answer: the shortest ones do not make a long list to verify in one step. */
export const RECORDS_MAX = 256
/** A topic's name. */
export const TOPIC_MAX_BYTES = 32
/** Contradictions of confirmed records that are remembered so that each is reported once. */
export const CONTRADICTIONS_MAX = 64
/** Between two beats of a peer. */
export const BEAT_MS = 2_000
/** Silence after which a leader whose connection broke, or a candidate, is taken for dead. */
export const DEAD_PEER_MS = 5_000
/** Silence after which a member without a session is shown offline: two beats, and a moment. */
export const OFFLINE_MS = 4_500
/** A check that runs longer is stopped and failed; a setting can raise it. */
export const CHECK_TIMEOUT_MS = 15 * 60_000
/** Output of a check that is kept. */
export const CHECK_OUTPUT_MAX_BYTES = 1 << 20
/** Tail of a failing check's output that travels with the verdict, within FACT_MAX_BYTES. */
export const VERDICT_OUTPUT_MAX_BYTES = 8 << 10
/** Frames that may wait for one slow peer before its session is dropped and begun again. */
export const OUTBOX_MAX_BYTES = 8 << 20
/** Window of one stream: libp2p's 16 MiB outgrows its own 4 MiB read buffer, and aborts there. */
export const STREAM_WINDOW_BYTES = 1 << 20
/** Bytes of a stream held for a reader that has not come for them; then the sender has to wait. */
export const STREAM_HELD_BYTES = 256 << 10
/** Frames of one session taken together, of those that came in one piece: a flush for each would
 *  make a catch-up as slow as the disk, and more would let one peer fill the loop. */
export const FRAMES_AT_ONCE = 64
/** Streams that one peer may have open at once, all protocols together. */
export const STREAMS_MAX = 64
/** git streams that one peer may have open at once, each way. */
export const GIT_STREAMS_MAX = 8
/** How long the end of a stream waits for the bytes before it to leave. */
export const STREAM_END_MS = 30_000
/** Between two signs of life on a connection. */
export const HEARTBEAT_MS = 1_000
/** A connection with no byte of any kind for this long is given up; the check adds up to 500 ms. */
export const SILENCE_MS = 3_000
/** One dial of one address, handshakes included: five round trips of half a second. */
export const DIAL_MS = 3_000
/** Between the starts of dials to two addresses of one peer: a black hole costs no more. */
export const DIAL_STAGGER_MS = 150
/** How long the peer with the larger key leaves the first dial to the other. */
export const DIAL_GRACE_MS = 600
/** Longest pause between two dials of a peer that cannot be reached. */
export const REDIAL_MAX_MS = 2_000
/** Longest pause between two dials of a peer that hung up on us: it may not know us yet. */
export const REFUSED_MAX_MS = 15_000
/** A session that ends sooner was as good as refused, and is made again with a growing pause. */
export const SESSION_SHORT_MS = 2_000
/** Addresses remembered for one peer. */
export const ADDRESSES_MAX = 32
/** How long the side that opened a stream waits to be told that it was taken. */
export const GREETING_MS = 3_000
/** Connections in their handshakes at once: so many that a few silent ones lock nobody out. */
export const HANDSHAKES_MAX = 200
/** A handshake from outside that takes longer is cut. */
export const HANDSHAKE_MS = 3_000
/** Connections of peers that are not members: they join, or they go. */
export const STRANGERS_MAX = 32
/** How long a connection without a session may stay when it is used. */
export const STRANGER_MS = 60_000
/** How long it may stay when it is not. */
export const STRANGER_IDLE_MS = 10_000
/** Join questions that are answered at the same time. */
export const JOIN_AT_ONCE = 8
/** Join questions that one peer may ask in a row. */
export const JOIN_BURST = 8
/** Join questions of one peer in each second after that. */
export const JOIN_PER_SECOND = 1
/** From opening a join stream to the last byte of its answer; a person may have to approve. */
export const JOIN_MS = 30_000
/** Peers whose rate is remembered. */
export const THROTTLED_MAX = 1_024
/** Between two questions for peers on the local network. */
export const DISCOVERY_MS = 5_000
/** Between two looks at the interfaces of this machine. */
export const INTERFACES_MS = 2_000
/** Sightings on the local network that are remembered, so that none is told twice at once. */
export const SIGHTINGS_MAX = 1_024
/** A line of the local API. */
export const API_LINE_MAX_BYTES = 8 << 20
/** Streams of a room that a frontier can name: members times a few incarnations each. */
export const FRONTIER_MAX = 10_000
/** Streams that one session may name: a frontier of the largest kind, cut in parts, and as many of
 *  strangers; more is memory for nothing. */
export const SESSION_STREAMS_MAX = 2 * FRONTIER_MAX
/** Incarnations of one key whose streams are taken: a cloned VM has a few dozen, and all members
 *  with so many make a frontier of the largest kind. */
export const INCARNATIONS_MAX = 50
/** Misdeeds of one peer after which it is left out: a damaged or older one stops before. */
export const MISDEEDS_MAX = 10
/** The time in which they count. */
export const MISDEEDS_MS = 60_000
/** How long a peer is left out: what it can cost in a minute is then next to nothing. */
export const SHUN_MS = 60_000
/** Between two answers to one peer's requests for auth ops: each may be the whole log. */
export const AUTH_ANSWER_MS = 1_000
/** Bytes of term chain records that one session is answered in CHAIN_ANSWER_MS: a want of 40 bytes
 *  may ask for RECORDS_MAX_BYTES, and who is behind asks for the next part at once. */
export const CHAIN_ANSWER_MAX_BYTES = 2 * RECORDS_MAX_BYTES
/** The time in which they count; whoever wants more asks again by itself. */
export const CHAIN_ANSWER_MS = 1_000
/** Pushes that one peer may say it holds before we know them: what one `held` frame names. */
export const HELD_EARLY_MAX = 1_000
/** Ops, or ids, in one frame. */
export const FRAME_OPS_MAX = 1_000
/** Bytes of runs sent to one peer before its session must say that it drained. */
export const CATCH_UP_BYTES = 1 << 20
/** Wait before asking others for a change that its author probably sent already. */
export const WANT_DELAY_MS = 300
/** Addresses of one peer that its beats tell, the nearest first. */
export const BEAT_ADDRESSES_MAX = 8
/** Times that one peer is asked for one change in vain: what it sent us was refused here. */
export const WANTS_MAX = 3
/** Asks in vain that double the wait before the next: to about 10 s. */
export const WANT_DOUBLINGS_MAX = 5
/** File names that a push or a verdict lists; more are counted. */
export const FILES_NAMED_MAX = 200
/** Names of files that one question to git answers; more are counted. */
export const FILES_LISTED_MAX = 1_000
/** The same names as JSON: half of a fact, so that they fit beside everything else in it. */
export const FILES_NAMED_MAX_BYTES = 32 << 10
/** Landed pushes that a verdict names as the other side of a conflict. */
export const OTHERS_MAX = 100
/** Checks that a landing or a verdict names. */
export const CHECKS_NAMED_MAX = 32
/** Files that a landing names as changing what the checks mean: enough to look at the push. */
export const STEERS_NAMED_MAX = 20
/** Undone pushes that one push brings back: as many as somebody undoes in one go. */
export const AGAIN_NAMED_MAX = 100
/** One line of tools and their versions in a check's evidence. */
export const TOOLCHAIN_MAX_CHARS = 120
/** The same as JSON: with the tail of an output and the rest they fit a fact. */
export const CHECKS_NAMED_MAX_BYTES = 32 << 10
/** A run is cut here, where a signature allows, so that a slow link still shows progress. */
export const RUN_MAX_BYTES = 256 << 10
/** How often the engine is told the time, at least. */
export const TICK_MS = 100
/** First wait after work on git objects failed; doubles up to RETRY_MAX_MS. */
export const RETRY_MS = 500
/** The longest wait after work on git objects failed. */
export const RETRY_MAX_MS = 30_000
/** Fetches of pushes at one time. */
export const FETCHES_MAX = 2
/** A task's title, a push's intent: one line of a list. */
export const TITLE_MAX_BYTES = 500
/** A task's body, with room for the rest of the fact. */
export const TASK_BODY_MAX_BYTES = 32 << 10
/** Priority of a task: enough steps for anybody's order, and small enough to be typed. */
export const PRIORITY_MAX = 100
/** Tasks that one comes after: whoever means more means the last of them. */
export const TASK_AFTER_MAX = 16
/** Capabilities of an agent, or that a task needs: a list that a person keeps. */
export const CAPABILITIES_MAX = 32
/** One capability: a word. */
export const CAPABILITY_MAX_BYTES = 64
/** Inputs stepped before one flush; more wait for the next, so that a flood cannot delay a tick. */
export const INPUTS_AT_ONCE = 256
/** How long inputs are stepped before what follows is sent; a pulse must not wait for a flood. */
export const TURN_MS = 50
/** Events that may wait for one slow reader of `knot log --follow` before it is cut off. */
export const FOLLOWER_EVENTS_MAX = 10_000
/** How long `knot lease step-down` waits for the next leader: a dead one is missed as long. */
export const STEP_DOWN_WAIT_MS = 10_000
/** How long `knot sync` waits for another peer to hold a push. */
export const HOLD_WAIT_MS = 10_000
/** How long `knot undo` waits for its confirmation: an election, and the landing before it. */
export const UNDO_WAIT_MS = 30_000
/** Undone pushes that `knot status` shows, newest first: the log has them all. */
export const UNDONE_SHOWN_MAX = 5
/** How long `knot join` looks for a peer of the room. */
export const JOIN_WAIT_MS = 60_000
/** The same where everybody who answers is of another room: two questions by mDNS, and a moment. */
export const JOIN_STRANGERS_MS = 12_000
/** How long `knot join` waits for the first sync after its admission. */
export const FIRST_SYNC_MS = 15_000
/** Imported public keys kept at hand: every member's, and some that are only being looked at. */
export const KEY_CACHE_MAX = 1_024
/** One record of an append-only log: the largest auth op, with room for its envelope. */
export const LOG_RECORD_MAX_BYTES = 2 << 20
/** Records that may wait for the disk before the writer must flush. */
export const LOG_QUEUE_MAX_BYTES = 64 << 20
/** Bytes read at once when a log is replayed. */
export const LOG_CHUNK_BYTES = 1 << 20
/** Bytes checksummed while looking for whole records behind a damaged one, before giving up. */
export const LOG_SEARCH_MAX_BYTES = 1 << 30
/** Copies of damaged files kept beside one file; a disk that fails more often needs a person. */
export const KEPT_ASIDE_MAX = 1_000
/** A settings file, a key file: what a person could still read. */
export const SMALL_FILE_MAX_BYTES = 1 << 20
/** A saved document: a volume is about 10 MB, and this is no volume any more. */
export const SNAPSHOT_MAX_BYTES = 256 << 20
/** Changes that the document takes at once: 10,000 fragment its memory, 1 is slow. */
export const DOCUMENT_BATCH_CHANGES = 1_000
/** Bytes that the document takes at once. */
export const DOCUMENT_BATCH_MAX_BYTES = 8 << 20
/** Changes that wait for the document before it is rebuilt from the log instead. */
export const DOCUMENT_QUEUE_MAX_CHANGES = 20_000
/** Bytes that wait for the document before it is rebuilt from the log instead. */
export const DOCUMENT_QUEUE_MAX_BYTES = 64 << 20
/** Requests that wait for the document. */
export const DOCUMENT_REQUESTS_MAX = 64
/** One request to the document; a full save of a volume takes 1 s. */
export const DOCUMENT_REQUEST_MS = 30_000
/** Wait before the document's worker is started again, doubled each time... */
export const DOCUMENT_RESTART_MIN_MS = 100
/** ...up to this. */
export const DOCUMENT_RESTART_MAX_MS = 30_000
/** Addresses remembered for one peer: its interfaces, and where it was before. */
export const PEER_ADDRESSES_MAX = 16
/** One remembered address. */
export const ADDRESS_MAX_BYTES = 256
/** One line of the daemon's log. */
export const LINE_MAX_BYTES = 16 << 10
/** The daemon's log before it is rotated; one older file is kept. */
export const LINES_MAX_BYTES = 8 << 20
/** JavaScript memory of the document's worker; Automerge's own is beside it, and ends at 4 GB. */
export const DOCUMENT_HEAP_MAX_MB = 1_024
/** Attempts to own a room: each one fails only because another process got further. */
export const OWNERSHIP_TRIES_MAX = 20
/** The oldest git with `merge-tree --write-tree`, as [major, minor]. */
export const GIT_OLDEST: readonly [number, number] = [2, 38]
/** Output of one git command that is held in memory: a list of every path of a very large tree. */
export const GIT_OUTPUT_MAX_BYTES = 64 << 20
/** A local git command that runs longer has hung on a lock or a dead disk. */
export const GIT_COMMAND_MS = 120_000
/** Copying or repacking a whole repository on this machine: 2 GB take some 2 minutes. */
export const GIT_COPY_MS = 30 * 60_000
/** A fetch that reports nothing for this long has lost its peer. */
export const FETCH_IDLE_MS = 20_000
/** A whole fetch: the first clone of a large repository over a slow link. */
export const FETCH_MS = 30 * 60_000
/** Refs that one fetch asks for. */
export const FETCH_REFS_MAX = 64
/** Commits named as the other side of one conflict: enough to find whom to ask. */
export const LAST_TOUCHED_MAX = 20
/** A lock file of git older than this, with no daemon running, was left by a killed process. */
export const STALE_LOCK_MS = 2_000
/** First wait for another git to let go of a ref; longer each time, REF_TRIES_MAX times. */
export const REF_WAIT_MS = 250
/** Between the polite and the hard kill of a process group. */
export const KILL_GRACE_MS = 1_000
/** Output of a streaming git process that is kept for its error sentence. */
export const STDERR_MAX_BYTES = 16 << 10
/** A configuration file that the detection of checks reads; larger ones are not hand-written. */
export const CONFIG_FILE_MAX_BYTES = 1 << 20
/** A manifest below the root that the detection of checks reads; hundreds of them are read. */
export const MANIFEST_MAX_BYTES = 64 << 10
/** A lockfile, which decides what is installed; those of large repositories are of some MiB. */
export const LOCKFILE_MAX_BYTES = 32 << 20
/** Packages side by side, with none at the root around them, that are detected. */
export const PROJECTS_MAX = 16
/** Workspaces of a monorepo whose own checks are detected; in a larger one somebody names them. */
export const WORKSPACES_MAX = 200
/** Paths of a tree that the detection of checks looks at. */
export const TREE_PATHS_MAX = 200_000
/** The longest timeout that `.knot.toml` may give a check: a day. */
export const CHECK_TIMEOUT_MAX_SECONDS = 86_400
/** Checks of one repository: each costs every landing its time. */
export const CHECKS_MAX = 32
/** Lines of `knot check --history` where nobody says how many: a screenful. */
export const CHECK_HISTORY_SHOWN = 20
/** Sets of installed dependencies that are kept, one per lockfile. */
export const DEPENDENCY_SETS_MAX = 4
/** Asking a tool for its version. */
export const TOOL_VERSION_MS = 10_000
/** Attempts to move one ref that others move too; the mirror has one writer, so 2 is a lot. */
export const REF_TRIES_MAX = 5
/** Connections to the local API at once: people, agents, followers of the log and git together. */
export const API_CONNECTIONS_MAX = 256
/** Calls that one connection may have under way; a client that wants more waits for an answer. */
export const API_CALLS_MAX = 64
/** Items of a stream that a client holds for a slow reader before it stops reading the socket. */
export const API_STREAM_ITEMS_MAX = 256
/** How long the command line waits for a daemon that it started to answer. */
export const DAEMON_START_MS = 10_000
/** How long a daemon that cannot run stays to say why to whoever connected. */
export const FAREWELL_MS = 1_000
/** How long a running daemon may be too busy to say its version. */
export const DAEMON_SILENT_MS = 30_000
/** How long the command line waits for a daemon to end by itself. */
export const DAEMON_STOP_MS = 10_000
/** A Unix socket's path holds 104 bytes on macOS and 108 on Linux, its last zero byte included. */
export const SOCKET_PATH_MAX_BYTES = 100
/** How long git waits for a stream to a peer. */
export const GIT_OPEN_MS = 10_000
/** Between two writings of the remembered addresses. */
export const REMEMBER_MS = 5_000
/** Admissions that a link allows unless it is made for another number. */
export const INVITE_USES = 20
/** Days that a link lasts unless it is made for another time. */
export const INVITE_DAYS = 7
/** Seeds of own invites that are kept. */
export const INVITES_KEPT = 50
/** Between two looks for invites that have expired and are still open in the log. */
export const INVITES_LOOK_MS = 10_000
/** How long the leader leaves it to who made an invite to close it once it has expired: a night. */
export const INVITE_CLOSE_MS = 12 * 60 * 60_000
/** A daemon that has no session asks after so long whether it was removed while it was away... */
export const STANDING_FIRST_MS = 4_000
/** ...and again after so long, for as long as peers answer and take no session. */
export const STANDING_ASK_MS = 15_000
/** A removed peer's connection stays so long, unheard, that the op which says so can leave. */
export const PARTING_MS = 250
/** Between two rounds of asking everybody found so far to be let in. */
export const JOIN_RETRY_MS = 500
/** Changes after which the document's snapshot is written anew. */
export const SNAPSHOT_CHANGES = 5_000
/** Between two looks at the shared remote that nobody asked for. */
export const UPSTREAM_LOOK_MS = 60_000
/** First wait after the shared remote failed; doubles up to UPSTREAM_RETRY_MAX_MS. */
export const UPSTREAM_RETRY_MS = 2_000
/** The longest wait after the shared remote failed. */
export const UPSTREAM_RETRY_MAX_MS = 5 * 60_000
/** The shared remote says nothing for this long while it is asked for its refs: it is away. */
export const UPSTREAM_SILENT_MS = 20_000
/** How long `knot sync` waits for the shared remote alone, when no peer is connected. */
export const UPSTREAM_WAIT_MS = 30_000
/** The message of a word's tag: some 260 characters. */
export const WORD_MAX_BYTES = 4_096
/** Between two rounds of `knot sync --watch` when nothing happens. */
export const SYNC_WATCH_MS = 15_000
/** Between two looks at where HEAD is, and the least time between two rounds, while one watches. */
export const SYNC_WATCH_LOOK_MS = 500
/** Free space below which `knot doctor` warns: a check installs dependencies, a clone has packs. */
export const DISK_LOW_BYTES = 1 << 30
/** Free space below which the next push or check may already fail. */
export const DISK_FULL_BYTES = 64 << 20
/** Clocks of two peers further apart than this are told: beats take seconds, and clocks drift. */
export const CLOCK_SKEW_MS = 10_000
/** How long `knot doctor` waits for the daemon to say how it is. */
export const DOCTOR_ASK_MS = 5_000
/** How long a shell that completes a word waits for the daemon: a person holds the tab key. */
export const COMPLETE_MS = 500
/** Steps of something that takes a while, held for a reader; only the newest are news. */
export const STEPS_WAITING_MAX = 256
/** A glob of a lock: the longest path that anybody types, with room for classes. */
export const GLOB_MAX_BYTES = 1_024
/** Globs of one lock: whoever names more files means a folder. */
export const GLOBS_MAX = 64
/** The globs of one lock together: two locks are compared in some 45 ms at worst. */
export const GLOBS_MAX_BYTES = 2_048
/** The part of a title in the name of a claim’s branch: a line of `git branch` stays one. */
export const SLUG_MAX_CHARS = 40
/** Facts of an author on a topic in a volume: places of volume v are counted from v times this. */
export const VOLUME_FACTS = 2 ** 31
/** Changes of a volume after which its leader cuts: everybody folds them once more for that. */
export const VOLUME_MAX_CHANGES = 25_000
/** Bytes of changes of a volume after which its leader cuts. */
export const VOLUME_MAX_BYTES = 10 << 20
/** Payload of a cut: a frontier of the largest kind. */
export const CUT_MAX_BYTES = 1 << 20
/** A carried state: all open work of a room; one that is larger is not cut. */
export const CARRIED_MAX_BYTES = 64 << 20
/** Facts of a carried state: the smallest ones that fill it. */
export const CARRIED_MAX_FACTS = 500_000
/** Part of a carried state in one frame or one record: neither is ever full. */
export const CARRIED_PART_BYTES = 512 << 10
/** Messages, closed tasks and landed pushes that are carried, newest first: what people look at. */
export const CARRIED_RECENT = 1_000
/** How long a peer may take to send the next part of a carried state, before another is asked. */
export const CARRIED_WAIT_MS = 2_000
/** Bytes of carried state that a session is sent in CHAIN_ANSWER_MS: a want of it is 40 bytes. */
export const CARRIED_ANSWER_MAX_BYTES = 4 << 20
/** How long a peer waits, that may have forgotten what it signed in a volume, to say it again. */
export const OWED_WAIT_MS = 2_000
/** How long `knot compact` waits for the volume to end: an election, and what waits before it. */
export const CUT_WAIT_MS = 15_000
