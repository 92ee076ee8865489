/** An event as the API tells it. */
import type { EventView } from '../api/acts/events.ts'
import type { LoggedEvent } from '../events/logged-event.ts'
import { type Card, cardText } from '../model/card.ts'
import { CardError } from '../model/cards/coding.ts'
import { classOf } from '../model/events/types.ts'

export function eventView({ event, receivedAt, ...logged }: LoggedEvent): EventView {
  return {
    ...logged,
    ...event,
    class: classOf(event.type),
    receivedAt: receivedAt.toISOString(),
    card: event.card === null ? null : textOf(event.card),
  }
}

/** Bits that are none of their format are told as they are. */
function textOf(card: Card): string {
  try {
    return cardText(card)
  } catch (error) {
    if (!(error instanceof CardError)) throw error
    return `${card.format}:${card.bits}:${card.raw}`
  }
}
