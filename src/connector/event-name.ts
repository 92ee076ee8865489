/** What an event is called, and the `type` that it leaves with for that. */
import type { OutgoingEvent } from './contract.ts'

/** `access.granted` -> `org.gatehouse.access.granted.v1`. */
export function typeOfName(name: string): string {
  return `org.gatehouse.${name}.v1`
}

/** The other way round. */
export function eventName({ type }: Pick<OutgoingEvent, 'type'>): string {
  return type.replace(/^org\.gatehouse\./, '').replace(/\.v\d+$/, '')
}

/** Of an event that never happened, sent by whoever tries a subscription. */
export const tryOutType = typeOfName('test')
