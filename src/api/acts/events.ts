/** Events: found, told as they come, and what is known of those who report them. */
import type { Actor } from '../../auth/actor.ts'
import type { CodeMeaning } from '../../model/events/code-meaning.ts'
import type { EventTypeLine } from '../../model/events/type-lines.ts'
import type { EventClass, EventType } from '../../model/events/types.ts'
import type { Paged } from './paged.ts'

/** Who reads behind the wall, and why: an admin has to say. */
export interface EventReader {
  readonly actor: Actor
  readonly reason: string | null
}

export interface EventQuery {
  readonly source?: string
  /** By employee number, card or person id. */
  readonly person?: string
  readonly card?: string
  /** `target/id`, by the system's own id of the door. */
  readonly door?: string
  readonly type?: EventType
  readonly class?: EventClass
  /** Only cards that are nobody's. */
  readonly unknownCards?: boolean
  readonly from?: string
  readonly to?: string
}

/** Movements in clear, for the authorised reader only. */
export interface EventView {
  readonly source: string
  readonly position: number
  readonly id: string
  readonly type: string
  readonly class: string
  readonly at: string
  readonly approximate: boolean
  readonly recordedAt: string | null
  readonly receivedAt: string
  readonly live: boolean
  readonly person: string | null
  readonly site: string | null
  readonly direction: string | null
  readonly door: { readonly id: string; readonly name: string | null } | null
  readonly reader: { readonly id: string; readonly name: string | null } | null
  readonly account: string | null
  readonly card: string | null
  readonly cardNumber: string | null
  readonly verify: readonly string[]
  readonly deviceKey: string | null
  readonly active: boolean | null
  readonly vendor: {
    readonly code: string
    readonly name: string | null
    readonly detail: Readonly<Record<string, string>>
  }
}

export interface EventSourceView {
  readonly source: string
  /** False: it is no longer read. */
  readonly read: boolean
  readonly events: number
  readonly heardAt: string | null
  readonly receivedAt: string | null
  readonly malformed: number
  /** How far its clocks are ahead of ours, in ms; null: nothing said so yet. */
  readonly clocks: {
    readonly devices: number | null
    readonly furthest: number | null
    readonly system: number | null
    readonly measuredAt: string | null
  }
  /** Events that are still to be sealed anew after keys were replaced. */
  readonly underFormerKeys: number
  readonly months: readonly {
    readonly class: string
    readonly month: string
    readonly events: number
    readonly forgottenAt: string | null
  }[]
}

/** An event of the stream, and where to go on behind it. */
export interface TailEvent {
  readonly event: EventView
  readonly cursor: string
}

export interface EventActs {
  findEvents(
    reader: EventReader,
    query: EventQuery,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Paged<EventView> & { readonly erased: number }>
  /** Recorded once: whoever opens it is told everything until it ends. `after`: a cursor, or undefined for what comes from now on. */
  openTail(reader: EventReader, after: string | undefined): Promise<string>
  /** What is there behind the cursor, at once, and where to go on behind that. */
  tail(cursor: string, limit: number): Promise<{ readonly events: readonly TailEvent[]; readonly cursor: string }>
  eventSources(): Promise<readonly EventSourceView[]>
  eventTypes(): Promise<readonly EventTypeLine[]>
  /** What the codes of a system become: that of a connector, or `onvif`. */
  eventCodes(system: string): Promise<readonly CodeMeaning[]>
}
