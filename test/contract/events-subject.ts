/** What a connector with events tells the contract suite about itself: how to start its system, what happens there, and how to spoil it. */
import type { ConnectorWith } from './connector-with.ts'

/** Which request from now on goes wrong: cut before anything was done, cut after it was done, or without an answer for so long. */
export interface EventsFault {
  readonly kind: 'cut-before' | 'cut-after' | 'hang'
  /** So many requests pass before. */
  readonly skip: number
}

export type EventsProvocation = 'late' | 'twice' | 'session-lost'

export interface EventsSimulator extends AsyncDisposable {
  settings(wrong?: 'password' | 'certificate'): unknown
  /** Everything besides people and cards that must stay secret. */
  readonly secrets: readonly string[]
  /** A card that nobody has is tried at a door, for each of these numbers, one after the other. */
  tryCards(numbers: readonly string[]): void
  /** Somebody with an account comes in at a door; what must not be heard of again, but as the account of an event. */
  comeIn(): { readonly account: string; readonly personal: readonly string[] }
  /** A device that was away hands in that cards of these numbers were tried, days ago. */
  tryCardsLate(numbers: readonly string[]): void
  /** Tells everything twice from now on, where it can. */
  tellTwice(): void
  /** Ends every session. */
  endSessions(): void
  arm(fault: EventsFault): void
  disarm(): void
  setDown(down: boolean): void
  /** How many requests arrived so far. */
  readonly requests: number
}

export interface EventsSubject {
  /** For titles, such as `biostar2`. */
  readonly name: string
  readonly connector: ConnectorWith<'events'>
  start(): Promise<EventsSimulator>
  /** What this system can't be provoked to, each with the reason. */
  readonly impossible: Readonly<Partial<Record<EventsProvocation, string>>>
}
