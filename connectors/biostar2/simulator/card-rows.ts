/** A stored card as the server shows it, and the kinds of cards there are. */
import type { Fields } from './dialects.ts'
import type { Card } from './model.ts'
import { sight } from './sight.ts'
import type { Simulation } from './simulation.ts'

interface CardType {
  id: number
  name: string
  /** The second number a card type has on the wire. */
  type: number
  /** Its name in `card_type=` filters. */
  filter: string
}

// Kinds, `type` and names of BioStar 2 API, Cards; the `type` of secure, access and Wiegand mobile is not published, and
// of the filters only `csn` and `wiegand` are.
export const cardTypes: readonly CardType[] = [
  { id: 0, name: 'CSN', type: 1, filter: 'csn' },
  { id: 1, name: 'Wiegand', type: 10, filter: 'wiegand' },
  { id: 2, name: 'Secure Credential', type: 2, filter: 'secure' },
  { id: 3, name: 'Access on Card', type: 3, filter: 'access' },
  { id: 4, name: 'CSN Mobile', type: 4, filter: 'csn_mobile' },
  { id: 5, name: 'Wiegand Mobile', type: 5, filter: 'wiegand_mobile' },
  { id: 6, name: 'QR/Barcode', type: 6, filter: 'qr' },
  { id: 7, name: 'BioStar 2 QR', type: 7, filter: 'biostar_qr' },
]

/** The person's rights are on the card itself, so it cannot be taken back (407). */
export const accessOnCard = 3
const mobileTypes = [4, 5]

/** Kinds that `POST /api/cards` makes here. Smart cards are written at a reader, mobile cards and BioStar QR come from the portal. */
export const creatableTypes: readonly CardType[] = cardTypes.filter(({ id }) => [0, 1, 6].includes(id))

export function cardTypeOf(card: Card): CardType {
  return cardTypes.find((type) => type.id === card.typeId) ?? { id: card.typeId, name: '', type: 0, filter: '' }
}

/** Whether the owner is told depends on whether the login sees them. */
export function cardRow(simulation: Simulation, card: Card): Fields {
  const { world, quirks } = simulation
  const { id, name, type } = cardTypeOf(card)
  const owner = card.owner === null ? undefined : world.users.get(card.owner)
  return {
    id: card.row,
    card_id: card.number,
    display_card_id: card.number,
    card_type: { id, name, type },
    status: owner ? 1 : 0,
    is_blocked: card.blocked,
    is_assigned: owner !== undefined,
    mobile_card: mobileTypes.includes(id),
    issue_count: card.issueCount,
    card_slot: 0,
    card_mask: 0,
    user_id: owner && sight(simulation)(owner) ? { user_id: owner.id, name: owner.name } : undefined,
    wiegand_format_id: card.formatId === null || quirks.wiegandFormatMissing ? undefined : { id: card.formatId },
  }
}
