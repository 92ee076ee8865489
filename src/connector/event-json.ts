/** An event as JSON, made once: how large it is counts before it is sent. */
import type { OutgoingEvent } from './contract.ts'

const made = new WeakMap<OutgoingEvent, string>()

/** The same text each time. */
export function eventJson(event: OutgoingEvent): string {
  const there = made.get(event)
  if (there !== undefined) return there
  const text = JSON.stringify(event)
  made.set(event, text)
  return text
}
