/** An event as it stands in the log, opened and verified: what every consumer is given. */
import type { AccessEvent } from '../model/events/event.ts'
import type { PersonId } from '../model/id.ts'
import type { Envelope, SealedEvent } from './sealed-event.ts'

export interface LoggedEvent {
  /** Id of the target that reported it. */
  readonly source: string
  /** Dense per source, from 1. */
  readonly position: number
  /** Hex of the keyed digest of source and vendor key: the same for the same event, and says nothing. */
  readonly id: string
  readonly receivedAt: Date
  /** Told as it happened, not looked up later. */
  readonly live: boolean
  /** Who had the account, else who had the card, when it was appended. */
  readonly person: PersonId | null
  /** By the configuration of the target's doors. */
  readonly site: string | null
  readonly event: AccessEvent
}

export function loggedEvent(
  { source, position, received_at }: Pick<Envelope, 'source' | 'position' | 'received_at'>,
  { id, live, person, event }: SealedEvent,
  site: string | null,
): LoggedEvent {
  return { source, position, id, receivedAt: received_at, live, person, site, event }
}
