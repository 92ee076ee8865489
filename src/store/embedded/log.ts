/** What the embedded server tells its caller: events, places and counts, never the words of the server. */

export interface EmbeddedLog {
  readonly event:
    | 'postgres.placed-elsewhere'
    | 'postgres.binaries-copied'
    | 'postgres.initialised'
    | 'postgres.stale-pid-removed'
    | 'postgres.waiting'
    | 'postgres.started'
    | 'postgres.adopted'
    /** A line of severity FATAL or PANIC; the text stays unread since it can quote what a client sent. */
    | 'postgres.message'
    | 'postgres.exited'
    | 'postgres.stopped'
    | 'postgres.left-running'
  readonly directory?: string
  readonly pid?: number
  readonly tookMs?: number
  readonly severity?: string
  readonly sqlState?: string
}

export type OnLog = (entry: EmbeddedLog) => void
