/** An event as JSON, made once: how large it is counts before it is sent. */
import type { OutgoingEvent } from './contract.ts'

/** What `Json` is made of is the event itself: a WeakMap of so many takes as long as making the text. */
class Itself {
  constructor(event: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the private field of whoever extends it is to be the event's.
    return event
  }
}

/** Nobody sees the text, and no copy of the event has it. */
class Json extends Itself {
  readonly #text: string

  private constructor(event: OutgoingEvent) {
    super(event)
    this.#text = JSON.stringify(event)
  }

  static of(event: OutgoingEvent): string {
    return (#text in event ? event : new Json(event)).#text
  }
}

/** The same text each time. */
export function eventJson(event: OutgoingEvent): string {
  return Json.of(event)
}
