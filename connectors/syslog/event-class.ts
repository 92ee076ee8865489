/** Of what class an event is, by the type that it leaves with. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventName } from '../../src/connector/event-name.ts'
import { classOf, type EventClass, type EventType } from '../../src/model/events/types.ts'

export function classOfEvent(event: Pick<OutgoingEvent, 'type'>): EventClass {
  return classOf(eventName(event) as EventType)
}
