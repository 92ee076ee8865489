/** Alarms: what is on, or was, and what to do about it. */

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

export interface AlarmActs {
  /** Those that are on, or (`all`) also those that were in the last 30 days; newest first, 500 at most. */
  alarms(all: boolean): Promise<readonly AlarmView[]>
}
