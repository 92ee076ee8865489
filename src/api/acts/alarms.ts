/** Alarms: what is on, or was, and what to do about it. */
import type { Actor } from '../../auth/actor.ts'

export interface AlarmView {
  readonly code: string
  /** A random id or a configured name; what it names is said for each code. */
  readonly scope: string
  readonly since: string
  /** Null while it is on. */
  readonly clearedAt: string | null
  /** How many things it is about now, where they are counted. */
  readonly count: number | null
  /** What to do; null of a code that this version does not know. */
  readonly action: string | null
}

export interface AlarmTestView {
  /** The receiver said that it took the message. */
  readonly taken: boolean
  /** Why not, as in the log; null when it did. */
  readonly code: string | null
  readonly tookMs: number
}

export interface AlarmActs {
  /** Sends the receiver of alarms a message that is of none. */
  testAlarms(actor: Actor): Promise<AlarmTestView>
  /** For what nothing else ends: `guard.failed`, `audit.broken` and `subscription.gap`. */
  clearAlarm(actor: Actor, code: string, scope: string, reason: string): Promise<void>
  /** Those that are on, or (`all`) also those that were in the last 30 days; newest first, 500 at most. */
  alarms(all: boolean): Promise<readonly AlarmView[]>
}
