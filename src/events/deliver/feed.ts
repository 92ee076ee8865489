/** What a subscription reads from: sources of which each has positions without a gap, already made into what may leave. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import type { FeedName } from '../../model/events/reveal.ts'

export interface FeedItem {
  readonly position: number
  readonly event: OutgoingEvent
  /** Of its JSON. */
  readonly bytes: number
  /** When the gateway got it. */
  readonly receivedAt: Date
}

export interface FeedPage {
  /** In order; without those that are not for this subscription. */
  readonly items: readonly FeedItem[]
  /** Everything up to here was looked at. */
  readonly upTo: number
  /** Of people who were erased. */
  readonly erased: number
  /** On which the filter broke: they do not leave. */
  readonly unfiltered: number
  /** No longer there. */
  readonly lost: number
}

export interface Feed {
  readonly name: FeedName
  /** Of each source that there is, the newest position. */
  newest(): Promise<ReadonlyMap<string, number>>
  /** The newest position that came before a time; 0 where none did. */
  positionBefore(source: string, time: Date): Promise<number>
  /** At most `limit` positions after one. */
  read(source: string, after: number, limit: number): Promise<FeedPage>
}
