/** The gateway as a whole: its state on one screen, its figures, and whether it can work. */

export interface StatusView {
  readonly version: string
  /** When this was asked, by the clock of the gateway. */
  readonly at: string
  readonly startedAt: string
  readonly roles: readonly string[]
  readonly queue: { readonly backend: string; readonly ok: boolean }
  /** Connections of this process, and who waits for one. */
  readonly database: { readonly used: number; readonly max: number; readonly waiting: number }
  readonly people: Readonly<Record<string, number>>
  readonly sources: readonly {
    readonly id: string
    readonly lastDeliveryAt: string | null
    readonly lastCompleteAt: string | null
    readonly lastOutcome: string | null
    /** In the last complete delivery. */
    readonly records: number | null
    readonly overdue: boolean
  }[]
  /** Targets that have to tell their access levels before any source is read for the first time. */
  readonly sourcesWaitFor: readonly string[]
  readonly targets: readonly {
    readonly id: string
    readonly mode: string
    readonly accounts: number
    /** Accounts that are not as desired yet, or are looked at once more; what the target refuses counts as failing. */
    readonly waiting: number
    readonly urgentWaiting: number
    readonly dead: number
    /** Accounts with parts that the target refused. */
    readonly failing: number
    /** Its last answers were failures: only lock-outs are tried, once a second. */
    readonly unreachable: boolean
    readonly pausedBecause: string | null
    /** Since when all but lock-outs is stopped there. */
    readonly frozenSince: string | null
    /** What says whether it is paused or frozen was changed outside Gatehouse: it counts as frozen, and is not paused. */
    readonly forged: boolean
    readonly restUntil: string | null
    readonly reach: string | null
    /** When all accounts were last looked through; what follows was found then. */
    readonly sweptAt: string | null
    /** Accounts that are not made, since one that a match found may be theirs: a person has to decide. */
    readonly waitsForMatch: number
    /** Accounts with no person: left alone. */
    readonly withoutPerson: number
    /** Single reads of accounts, where a list shows too little of them; null: none yet. */
    readonly deepSweep: {
      readonly begunAt: string
      /** Null: under way. */
      readonly endedAt: string | null
      readonly total: number
      readonly read: number
      readonly unreadable: number
      readonly accountsPerHour: number
      /** From its begin to its end, as it goes now. */
      readonly hours: number
    } | null
    /** Changes behind our back that are still there, and that nobody accepted: `gatehouse drift`. */
    readonly drifts: number
    /** Since when it seems to have forgotten: only lock-outs are written. */
    readonly restoredAt: string | null
  }[]
  readonly subscriptions: readonly {
    readonly id: string
    readonly state: 'enabled' | 'disabled'
    /** Rows of it were changed outside Gatehouse: nothing is delivered. */
    readonly forged: boolean
    /** Events in the log that it has not come to yet. */
    readonly waiting: number
    readonly failingSince: string | null
  }[]
  /** Who is to report events. */
  readonly events: readonly {
    readonly source: string
    readonly heardAt: string | null
    /** How far ahead of ours its clock is that is furthest from it, in ms; null: nothing said so yet. */
    readonly clockMs: number | null
  }[]
  readonly lockouts: {
    readonly open: number
    /** Where they are open, and since when the oldest is decided; the oldest first. */
    readonly openAt: readonly { readonly target: string; readonly open: number; readonly since: string }[]
    readonly proven24h: number
    readonly p50Ms: number | null
    readonly p99Ms: number | null
    readonly maxMs: number | null
    readonly byCause: readonly {
      readonly cause: string
      readonly proven: number
      readonly p50Ms: number
      readonly p99Ms: number
      readonly maxMs: number
    }[]
    /** Not proven, and taken upon themselves by somebody, while the account is still to be shut. */
    readonly signedOff: number
  }
  readonly plans: { readonly held: number }
  /** Since when all but lock-outs is stopped everywhere. */
  readonly frozenSince: string | null
  readonly alarms: readonly {
    readonly code: string
    readonly scope: string
    readonly since: string
    readonly count: number | null
    /** What a person does about it. */
    readonly action: string | null
  }[]
  readonly audit: { readonly entries: number; readonly pending: number }
}

export interface StatusActs {
  status(): Promise<StatusView>
  metrics(): Promise<string>
  ready(): Promise<{ ok: boolean; checks: readonly { name: string; ok: boolean; detail?: string }[] }>
}
