/** Lock-outs: ids and times, no personal data. */

export interface LockoutView {
  readonly id: string
  readonly person: string | null
  readonly account: string
  readonly target: string
  readonly cause: string
  readonly arrivedAt: string
  readonly decidedAt: string
  readonly startedAt: string | null
  readonly acceptedAt: string | null
  readonly provenAt: string | null
  readonly proof: string | null
  readonly requests: number
  readonly waitingMs: number
  /** Signed off, or taken back, before it was proven. */
  readonly endedAt: string | null
}

export interface LockoutActs {
  lockout(id: string): Promise<LockoutView>
}
