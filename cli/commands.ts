/** Every command of knot. A file under commands/ that is not here does not exist. */
import type { CommandClass } from 'clipanion'
import { Check } from './commands/check.ts'
import { Claim } from './commands/claim.ts'
import { Complete } from './commands/complete.ts'
import { Completion } from './commands/completion.ts'
import { ConfigGet } from './commands/config/get.ts'
import { ConfigList } from './commands/config/list.ts'
import { ConfigSet } from './commands/config/set.ts'
import { ConfigUnset } from './commands/config/unset.ts'
import { Demo } from './commands/demo.ts'
import { Doing } from './commands/doing.ts'
import { Doctor } from './commands/doctor.ts'
import { Down } from './commands/down.ts'
import { Help } from './commands/help.ts'
import { Init } from './commands/init.ts'
import { Approve } from './commands/approve.ts'
import { Invite } from './commands/invite.ts'
import { InviteList } from './commands/invite/list.ts'
import { InviteRevoke } from './commands/invite/revoke.ts'
import { KeyAdd } from './commands/key/add.ts'
import { KeyRotate } from './commands/key/rotate.ts'
import { KeyShow } from './commands/key/show.ts'
import { Members } from './commands/members.ts'
import { Remove } from './commands/remove.ts'
import { Role } from './commands/role.ts'
import { Join } from './commands/join.ts'
import { LeaseShow } from './commands/lease/show.ts'
import { LeaseStepDown } from './commands/lease/step-down.ts'
import { Lock } from './commands/lock.ts'
import { Locks } from './commands/locks.ts'
import { Log } from './commands/log.ts'
import { Logs } from './commands/logs.ts'
import { Say } from './commands/say.ts'
import { ServiceInstall } from './commands/service/install.ts'
import { ServiceStatus } from './commands/service/status.ts'
import { ServiceUninstall } from './commands/service/uninstall.ts'
import { Status } from './commands/status.ts'
import { Sync } from './commands/sync.ts'
import { TasksAdd } from './commands/tasks/add.ts'
import { TasksDone } from './commands/tasks/done.ts'
import { TasksDrop } from './commands/tasks/drop.ts'
import { TasksList } from './commands/tasks/list.ts'
import { TasksNext } from './commands/tasks/next.ts'
import { TasksReopen } from './commands/tasks/reopen.ts'
import { TasksShow } from './commands/tasks/show.ts'
import { Compact } from './commands/compact.ts'
import { Undo } from './commands/undo.ts'
import { Unlock } from './commands/unlock.ts'
import { Up } from './commands/up.ts'
import { Version } from './commands/version.ts'
import { Whoami } from './commands/whoami.ts'
import type { KnotContext } from './context.ts'

/** In the order of the day: enter, look, work, leave, ask. */
export const COMMANDS: CommandClass<KnotContext>[] = [
  Init, Up, Join, Invite, InviteList, InviteRevoke, Status, Whoami, Down,
  Members, Approve, Role, Remove, KeyShow, KeyAdd, KeyRotate,
  Say, Log, Doing, Sync, Undo, Compact, Check, Lock, Unlock, Locks,
  TasksAdd, TasksList, TasksShow, TasksNext, Claim, TasksDone, TasksDrop, TasksReopen,
  LeaseShow, LeaseStepDown,
  ConfigList, ConfigGet, ConfigSet, ConfigUnset,
  ServiceInstall, ServiceStatus, ServiceUninstall,
  Help, Doctor, Logs, Demo, Version, Completion, Complete,
]
