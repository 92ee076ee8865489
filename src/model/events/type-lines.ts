/** The types of events as they are shown: of what class and how grave each is, what it says, and what ONVIF calls it. */
import { descriptions } from './descriptions.ts'
import { onvifTopicsOf } from './onvif.ts'
import { classOf, type EventClass, type EventType, eventTypes, severityOf } from './types.ts'

export interface EventTypeLine {
  readonly type: EventType
  readonly class: EventClass
  /** In the words of RFC 5424, where nothing else was set. */
  readonly severity: string
  readonly description: string
  readonly onvif: readonly string[]
}

/** By class. */
export const eventTypeLines: readonly EventTypeLine[] = eventTypes.map((type) => ({
  ...{ type, class: classOf(type), severity: severityOf[classOf(type)], description: descriptions[type] },
  onvif: onvifTopicsOf(type),
}))
