/** The gateway as a whole: its state on one screen, its figures, and whether it can work. */

export interface StatusView {
  readonly version: string
  readonly startedAt: string
  readonly roles: readonly string[]
  readonly queue: { readonly backend: string; readonly ok: boolean }
  readonly people: Readonly<Record<string, number>>
  readonly sources: readonly {
    readonly id: string
    readonly lastDeliveryAt: string | null
    readonly lastCompleteAt: string | null
    readonly lastOutcome: string | null
    readonly overdue: boolean
  }[]
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
  }[]
  readonly lockouts: {
    readonly open: number
    readonly proven24h: number
    readonly p50Ms: number | null
    readonly p99Ms: number | null
    readonly maxMs: number | null
  }
  readonly plans: { readonly held: number }
  /** Since when all but lock-outs is stopped everywhere. */
  readonly frozenSince: string | null
  readonly alarms: readonly {
    readonly code: string
    readonly scope: string
    readonly since: string
    readonly count: number | null
  }[]
  readonly audit: { readonly entries: number; readonly pending: number }
}

export interface StatusActs {
  status(): Promise<StatusView>
  metrics(): Promise<string>
  ready(): Promise<{ ok: boolean; checks: readonly { name: string; ok: boolean; detail?: string }[] }>
}
