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

// Kinds that `POST /api/cards` can make here. Smart cards are written at a reader and mobile cards need the portal.
export const cardTypes: readonly CardType[] = [
  { id: 0, name: 'CSN', type: 1, filter: 'csn' },
  { id: 1, name: 'Wiegand', type: 10, filter: 'wiegand' },
  { id: 6, name: 'QR/Barcode', type: 6, filter: 'qr' },
]

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
    mobile_card: false,
    issue_count: card.issueCount,
    card_slot: 0,
    card_mask: 0,
    user_id: owner && sight(simulation)(owner) ? { user_id: owner.id, name: owner.name } : undefined,
    wiegand_format_id: card.formatId === null || quirks.wiegandFormatMissing ? undefined : { id: card.formatId },
  }
}
