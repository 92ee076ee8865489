/** The log of events as the guard reads it: in order, verified, with what is not there any more. */
import type { AccessEvent } from '../../model/events/event.ts'

export interface GuardedEvent {
  /** Dense per source, from 1. */
  readonly position: number
  readonly receivedAt: Date
  /** Told as it happened, not looked up later. */
  readonly live: boolean
  readonly event: AccessEvent
}

/** At most `limit` events of a source after a position; everything up to `upTo` is told of. What somebody took away is alarmed by whoever reads the log. */
export type ReadEvents = (
  source: string,
  after: number,
  limit: number,
) => Promise<{ readonly events: readonly GuardedEvent[]; readonly upTo: number }>

/** When it happened: what is told at once by our clock, what is looked up later by that of the device. */
export function happenedAt({ live, receivedAt, event }: GuardedEvent): Date {
  return live ? receivedAt : new Date(event.at)
}
