/** Everything that can be asked of a running gateway, as plain data: the API serves these acts, the CLI calls them, `main` provides them. */
import type { AlarmActs } from './acts/alarms.ts'
import type { ArchiveActs } from './acts/archives.ts'
import type { AttendanceActs } from './acts/attendance.ts'
import type { AuditActs } from './acts/audit.ts'
import type { BackupActs } from './acts/backup.ts'
import type { CardActs } from './acts/cards.ts'
import type { ConfigurationActs } from './acts/configuration.ts'
import type { ErasureActs } from './acts/erasures.ts'
import type { EventActs } from './acts/events.ts'
import type { FailureActs } from './acts/failures.ts'
import type { FrozenActs } from './acts/frozen.ts'
import type { GrantActs } from './acts/grants.ts'
import type { KeyActs } from './acts/keys.ts'
import type { LockoutActs } from './acts/lockouts.ts'
import type { MatchActs } from './acts/matches.ts'
import type { PeopleActs } from './acts/people.ts'
import type { PinActs } from './acts/pins.ts'
import type { PlanActs } from './acts/plans.ts'
import type { SourceActs } from './acts/sources.ts'
import type { StatusActs } from './acts/status.ts'
import type { SubscriptionActs } from './acts/subscriptions.ts'
import type { SuspensionActs } from './acts/suspensions.ts'
import type { TargetActs } from './acts/targets.ts'
import type { TokenActs } from './acts/tokens.ts'

/** One interface per area; whoever serves or calls an area needs only that. */
export interface Acts
  extends AlarmActs,
    ArchiveActs,
    AttendanceActs,
    AuditActs,
    ConfigurationActs,
    ErasureActs,
    EventActs,
    KeyActs,
    CardActs,
    GrantActs,
    BackupActs,
    FailureActs,
    FrozenActs,
    LockoutActs,
    MatchActs,
    PeopleActs,
    PinActs,
    PlanActs,
    SourceActs,
    StatusActs,
    SubscriptionActs,
    SuspensionActs,
    TargetActs,
    TokenActs {}
