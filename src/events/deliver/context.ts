/** What delivering works with: handed in once by the composition root, never looked up. */
import type { SinkCapability } from '../../connector/contract.ts'
import type { Database } from '../../store/database.ts'
import type { CodedLog } from '../../telemetry/log.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Feed } from './feed.ts'
import { retryMs } from './retry.ts'

export interface DeliverMetrics {
  /** From when the gateway got an event to when the receiver had it, in s. */
  delivered(subscription: string, count: number, seconds: readonly number[]): void
  /** The receiver will never take them. */
  refused(subscription: string, count: number): void
  failed(subscription: string, kind: string): void
}

/** How long is waited for what, in ms. */
export interface Pace {
  /** Events that come within this are delivered together. */
  readonly gatherMs: number
  /** Without a notice, what is new is looked for so often. */
  readonly pollMs: number
  /** How often a lead is renewed. */
  readonly renewMs: number
  readonly retryMs: typeof retryMs
}

export const usualPace: Pace = { gatherMs: 50, pollMs: 1_000, renewMs: 750, retryMs }

export interface DeliverContext {
  readonly database: Database
  readonly vault: Vault
  readonly log: CodedLog
  readonly metrics: DeliverMetrics
  /** The newest version of each subscription that this process saw: a row that says less was put back. */
  readonly seen: Map<string, number>
  readonly pace: Pace
  readonly now: () => Date
}

export interface SubscriptionSetup {
  readonly id: string
  readonly feed: Feed
  readonly sink: SinkCapability
  /** One call may take so long. */
  readonly callLimitMs: number
}
