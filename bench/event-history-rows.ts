/** Drawn events as rows of the log: sealed and signed where they may be asked for, and as wide where they are not. */
import { randomFillSync } from 'node:crypto'
import type { EventsContext } from '../src/events/context.ts'
import { dayOf, filedAt } from '../src/events/filing.ts'
import { digestsOf, type Envelope, type SealedEvent, sealEvent } from '../src/events/sealed-event.ts'
import type { AccessEvent } from '../src/model/events/event.ts'
import type { PersonId } from '../src/model/id.ts'
import type { NewEventRow } from '../src/store/events/rows.ts'
import type { PersonKey } from '../src/store/events/who.ts'
import { cardOf, doorId, mayBeAsked } from './event-asked.ts'
import type { Drawn, History, Leaf } from './event-history.ts'
import { source } from './plain-events.ts'

export interface Someone {
  readonly id: PersonId
  readonly key: PersonKey
}

/** What nobody opens: bytes that can't be told from a seal. */
const noise = randomFillSync(Buffer.alloc(1 << 20))
const guardBytes = 32
/** Where there are no more, pages go back further than a few days, and everything is sealed. */
const sealedMost = 2_000_000
/** So many rows differ in width by up to as many bytes. */
const varies = 32

export function* rowsOf(
  context: EventsContext,
  history: History,
  leaf: Leaf,
  people: readonly Someone[],
): Generator<NewEventRow> {
  let width: number | null = null
  const isSmall = history.events <= sealedMost
  for (const drawn of history.of(leaf)) {
    const who = drawn.person === null ? null : (people[drawn.person] as Someone)
    const content = contentOf(drawn, who)
    const envelope = envelopeOf(context, drawn, content)
    // The first one of all says how wide the others are.
    if (width === null || isSmall || mayBeAsked(drawn, history.today)) {
      const row = sealEvent(context, who?.key.key ?? null, envelope, content)
      width ??= row.sealed.length
      yield row
    } else yield unopened(context, envelope, who, width)
  }
}

function envelopeOf({ filing }: EventsContext, drawn: Drawn, content: SealedEvent): Envelope {
  const { position, class: of, type, card } = drawn
  const receivedAt = new Date(drawn.receivedAt)
  const at = filedAt(new Date(drawn.at), receivedAt)
  return {
    ...{ source, position, class: of, type, at, received_at: receivedAt, strange_card: card === 'strange' },
    ...digestsOf(filing, dayOf(at), source, content),
  }
}

function unopened({ filing }: EventsContext, envelope: Envelope, who: Someone | null, width: number): NewEventRow {
  const { position, at, person_digest } = envelope
  const from = (position * 97) % (noise.length - width - varies)
  return {
    ...envelope,
    whose: who === null || person_digest === null ? null : filing.whose(dayOf(at), person_digest, who.key.key.id),
    sealed: noise.subarray(from, from + width - (varies >> 1) + (position % varies)) as NewEventRow['sealed'],
    guard: noise.subarray(from, from + guardBytes),
  }
}

function contentOf({ position, type, at, person, card, door }: Drawn, who: Someone | null): SealedEvent {
  const place = door === null ? null : { id: doorId(door), name: `Placeholder door ${door + 1}` }
  const event: AccessEvent = {
    ...{ type, at: new Date(at).toISOString(), approximate: false, recordedAt: null },
    direction: door === null ? null : door % 2 === 0 ? 'in' : 'out',
    door: place,
    reader: place === null ? null : { id: `54${place.id}`, name: `${place.name} reader` },
    account: person === null ? null : String(1_000_001 + person),
    card: card === 'own' && person !== null ? cardOf(person) : null,
    cardNumber: card === 'strange' ? String(4_000_000_000 + (position % 1e8)) : null,
    ...{ verify: card === null ? [] : ['card'], deviceKey: null, active: null },
    vendor: {
      ...{ code: '4102', name: 'VERIFY_SUCCESS_CARD' },
      detail: { index: String(position), server_datetime: new Date(at).toISOString(), 'timezone.hour': '1' },
    },
  }
  return { id: position.toString(16).padStart(32, '0'), live: true, person: who?.id ?? null, event }
}
