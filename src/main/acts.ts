/** The acts of a running gateway, for the API: each checks what it is given, does one thing, and leaves a name in the audit. */
import type { Acts } from '../api/acts.ts'
import { alarmActs } from './acts/alarms.ts'
import { archiveActs } from './acts/archives.ts'
import { attendanceActs } from './acts/attendance.ts'
import { auditActs } from './acts/audit.ts'
import { backupActs } from './acts/backup.ts'
import { cardActs } from './acts/cards.ts'
import { configurationActs } from './acts/configuration.ts'
import { erasureActs } from './acts/erasures.ts'
import { eventActs } from './acts/events.ts'
import { failureActs } from './acts/failures.ts'
import { frozenActs } from './acts/frozen.ts'
import { grantActs } from './acts/grants.ts'
import { keyActs } from './acts/keys.ts'
import { lockoutActs } from './acts/lockouts.ts'
import { matchActs } from './acts/matches.ts'
import type { ActsParts } from './acts/parts.ts'
import { peopleActs } from './acts/people.ts'
import { pinActs } from './acts/pins.ts'
import { planActs } from './acts/plans.ts'
import { sourceActs } from './acts/sources.ts'
import { statusActs } from './acts/status.ts'
import { subscriptionActs } from './acts/subscriptions.ts'
import { suspensionActs } from './acts/suspensions.ts'
import { targetActs } from './acts/targets.ts'
import { tokenActs } from './acts/tokens.ts'

export function createActs(parts: ActsParts): Acts {
  return {
    ...alarmActs(parts),
    ...archiveActs(parts),
    ...attendanceActs(parts),
    ...auditActs(parts),
    ...configurationActs(parts),
    ...erasureActs(parts),
    ...eventActs(parts),
    ...keyActs(parts),
    ...cardActs(parts),
    ...grantActs(parts),
    ...backupActs(parts),
    ...failureActs(parts),
    ...frozenActs(parts),
    ...lockoutActs(parts),
    ...matchActs(parts),
    ...peopleActs(parts),
    ...pinActs(parts),
    ...planActs(parts),
    ...sourceActs(parts),
    ...statusActs(parts),
    ...subscriptionActs(parts),
    ...suspensionActs(parts),
    ...targetActs(parts),
    ...tokenActs(parts),
  }
}
