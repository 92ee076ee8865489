/** A line of the table by which the codes of a system become types of ours. */
import type { EventType } from './types.ts'

export interface CodeMeaning {
  /** As the system writes it: a number, a topic. */
  readonly code: string
  /** The system's own name of it; null where none is known. */
  readonly name: string | null
  /** What the event must say besides, by the system's own field names; null: the code says all. */
  readonly when: string | null
  readonly type: EventType
  /** Of what begins and ends: whether this is its beginning; null: neither, or only the event itself says which. */
  readonly active: boolean | null
  /** Why it is `other`, and what else the code alone does not show. */
  readonly note: string | null
}
