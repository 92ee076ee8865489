/** An event as it leaves: a CloudEvent in the words of the house, with no more of doors and people than the subscription may have. */
import type { OutgoingEvent } from '../../connector/contract.ts'
import { typeOfName } from '../../connector/event-name.ts'
import type { EventFacts, PersonAttributes } from '../../mapping/event-filter.ts'
import { cardText, wireKey } from '../../model/card.ts'
import type { Reveal } from '../../model/events/reveal.ts'
import { classOf, type EventType } from '../../model/events/types.ts'
import type { LoggedEvent } from '../logged-event.ts'
import type { Pseudonyms } from './pseudonyms.ts'

/** What became of somebody who came, by the type. */
function decisionOf(type: EventType): 'granted' | 'denied' | null {
  if (type.startsWith('access.granted')) return 'granted'
  return type.startsWith('access.denied') ? 'denied' : null
}

/** What the filter sees. */
export function factsOf({ source, person, site, live, event }: LoggedEvent): EventFacts {
  const { type, direction, active, verify, deviceKey, door, reader, vendor } = event
  return {
    ...{ type, class: classOf(type), decision: decisionOf(type), system: source, site, direction, active, live },
    ...{ known: person !== null, verify, deviceKey },
    ...{ door: door?.name ?? door?.id ?? null, doorId: door?.id ?? null },
    ...{ reader: reader?.name ?? reader?.id ?? null, readerId: reader?.id ?? null },
    ...{ vendorCode: vendor.code, vendorName: vendor.name },
  }
}

export interface Shape {
  /** Name of the gateway. */
  readonly gateway: string
  readonly reveals: ReadonlySet<Reveal>
  readonly pseudonym: Pseudonyms
}

/** `attributes`: of its person, as far as they are known; of these `reveals` lets some through. */
export function outgoingEvent(
  logged: LoggedEvent,
  attributes: PersonAttributes,
  { gateway, reveals, pseudonym }: Shape,
): OutgoingEvent {
  const { source, position, site, live, receivedAt, event } = logged
  const { type, at, approximate, recordedAt, direction, active, verify, deviceKey, account, vendor } = event
  return {
    specversion: '1.0',
    id: pseudonym('event', logged.id),
    source: `/gatehouse/${gateway}/${source}`,
    type: typeOfName(type),
    time: at,
    datacontenttype: 'application/json',
    sequence: String(position),
    data: {
      ...{ type, class: classOf(type), decision: decisionOf(type), system: source, site },
      ...{ at, approximate, recordedAt, receivedAt: receivedAt.toISOString(), live },
      ...{ direction, active, verify, deviceKey },
      door: placeOf('door', event.door),
      reader: placeOf('reader', event.reader),
      person:
        logged.person === null ? null : { id: pseudonym('person', logged.person), ...revealedOf(attributes, reveals) },
      card: cardOf(),
      ...(reveals.has('account') ? { account } : {}),
      ...(reveals.has('vendor') ? { vendor } : {}),
    },
  }

  function placeOf(of: 'door' | 'reader', place: LoggedEvent['event']['door']) {
    if (place === null) return null
    const id = pseudonym(of, source, place.id)
    return reveals.has('door') ? { id, systemId: place.id, name: place.name } : { id }
  }

  /** A pseudonym tells the same card again, also of nobody. */
  function cardOf() {
    const { card, cardNumber } = event
    if (card === null && cardNumber === null) return null
    const id = card === null ? pseudonym('card', source, cardNumber ?? '') : pseudonym('card', wireKey(card))
    return reveals.has('card') ? { id, text: card === null ? cardNumber : cardText(card) } : { id }
  }
}

/** What may be told of a person. */
export function revealedOf(
  { employeeNumber, givenName, familyName, preferredName, email, department }: PersonAttributes,
  reveals: ReadonlySet<Reveal>,
): Readonly<Record<string, string | null>> {
  return {
    ...(reveals.has('employee_number') ? { employeeNumber } : {}),
    ...(reveals.has('name') ? { givenName, familyName, preferredName } : {}),
    ...(reveals.has('email') ? { email } : {}),
    ...(reveals.has('department') ? { department } : {}),
  }
}
