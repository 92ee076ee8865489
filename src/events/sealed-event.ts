/** An event as a row of the log and back: sealed to its place, signed as a whole, so that a row that was moved, copied or altered shows. */
import type { AccessEvent } from '../model/events/event.ts'
import type { KeyId, PersonId } from '../model/id.ts'
import { parseJson } from '../model/parse-json.ts'
import type { NewEventRow } from '../store/events/rows.ts'
import { type EventRow, eventGuard } from '../store/guards.ts'
import type { DataKey, Vault } from '../vault/vault.ts'
import { unlessRowFault } from '../vault/vault-error.ts'
import type { EventsContext } from './context.ts'
import { dayOf, type Filing, placeOfWhose } from './filing.ts'

/** What the seal holds. */
export interface SealedEvent {
  readonly id: string
  readonly live: boolean
  readonly person: PersonId | null
  readonly event: AccessEvent
}

/** By what it is found, on its day. */
export function digestsOf(
  filing: Filing,
  day: number,
  source: string,
  { person, event: { card, cardNumber, door } }: Pick<SealedEvent, 'person' | 'event'>,
): Pick<NewEventRow, 'person_digest' | 'card_digest' | 'door_digest'> {
  const number = cardNumber === null ? null : filing.cardNumber(day, source, cardNumber)
  return {
    person_digest: person === null ? null : filing.person(day, person),
    card_digest: card === null ? number : filing.card(day, card),
    door_digest: door === null ? null : filing.door(day, source, door.id),
  }
}

/** All but what is sealed and signed. */
export type Envelope = Omit<NewEventRow, 'whose' | 'sealed' | 'guard'>

/** With the person's key, or (null) the gateway's own; which one it was shows nowhere. */
export function sealEvent(
  { vault, filing }: Pick<EventsContext, 'vault' | 'filing'>,
  key: DataKey | null,
  envelope: Envelope,
  content: SealedEvent,
): NewEventRow {
  const text = JSON.stringify(content)
  const place = placeOf(envelope)
  const sealed = key === null ? vault.sealSystem(place, text) : vault.sealUnnamed(key, place, text)
  const { at, person_digest } = envelope
  const whose = key === null || person_digest === null ? null : filing.whose(dayOf(at), person_digest, key.id)
  const row = { ...envelope, whose, sealed, guard: noGuard }
  row.guard = vault.guard('event', eventGuard(row))
  return row
}

const noGuard: Buffer = Buffer.alloc(0)

/** Of somebody who was erased, sealed anew: nobody opens it any more, but whoever has their key of before. */
export function emptied(vault: Vault, row: EventRow, key: KeyId): EventRow {
  const whose = vault.sealSystem(placeOfWhose(nameOf(row)), key)
  const bare = { ...row, whose, sealed: Buffer.alloc(0), person_digest: null, card_digest: null, door_digest: null }
  return { ...bare, guard: vault.guard('event', eventGuard(bare)) }
}

function nameOf({ source, position }: Pick<EventRow, 'source' | 'position'>): string {
  return `${source}/${position}`
}

/** Null: the gateway's own. Undefined: it does not open here, so that somebody else wrote the row. */
export function openWhose(vault: Vault, { whose, person_digest, ...row }: EventRow): KeyId | null | undefined {
  if (whose === null) return null
  const place = placeOfWhose(person_digest ?? nameOf(row))
  const key =
    unlessRowFault(() => vault.openSystem(place, whose)) ?? unlessRowFault(() => vault.openFormerSystem(place, whose))
  return (key ?? undefined) as KeyId | undefined
}

/** Whether the row is as it was written, also if nobody can open it any more. */
export function isGenuine(vault: Vault, row: EventRow): boolean {
  return vault.verifyGuard('event', eventGuard(row), row.guard)
}

/** Null when it does not open with any of these keys; none: the gateway's own, or those before it. */
export function openEvent(vault: Vault, keys: readonly DataKey[] | null, row: EventRow): SealedEvent | null {
  const place = placeOf({ ...row, position: Number(row.position) })
  const ways =
    keys === null
      ? [() => vault.openSystem(place, row.sealed), () => vault.openFormerSystem(place, row.sealed)]
      : keys.map((key) => () => vault.open(key, place, row.sealed))
  for (const open of ways) {
    const text = unlessRowFault(open)
    if (text !== null) return parseJson(text) as SealedEvent
  }
  return null
}

/** The seal is bound to all that decides where it is found. */
function placeOf({ source, position, class: of, type, at, received_at, strange_card }: Envelope) {
  const row = [source, of, type, at.getTime(), received_at.getTime(), strange_card ? 1 : 0].join('/')
  return { table: 'event', column: 'sealed', row, version: position } as const
}
