/** What an event is called, and of what class it is, by the type that it leaves with. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { classOf, type EventClass, type EventType } from '../../src/model/events/types.ts'

/** `org.gatehouse.access.granted.v1` -> `access.granted`. */
export function nameOf({ type }: Pick<OutgoingEvent, 'type'>): string {
  return type.replace(/^org\.gatehouse\./, '').replace(/\.v\d+$/, '')
}

export function classOfEvent(event: Pick<OutgoingEvent, 'type'>): EventClass {
  return classOf(nameOf(event) as EventType)
}
