/** Finding and listing cards. */
import { cardRow, cardTypeOf } from './card-rows.ts'
import { cappedLimit, wholeOr } from './input.ts'
import type { Card } from './model.ts'
import type { Answer, Call } from './route.ts'
import type { World } from './world.ts'

/** `GET /api/cards`: all cards page by page, or with `query=` the one with this number. */
export function listCards(call: Call): Answer {
  const { world } = call.simulation
  const wanted = call.query.get('query')
  if (wanted === null || wanted === '') return page(call, world.cards.values(), () => true)
  if (call.simulation.quirks.cardQuery === 'contains') {
    return page(call, world.cards.values(), (card) => card.number.includes(wanted))
  }
  const card = world.cardByNumber(wanted)
  return page(call, card ? [card] : [], () => true)
}

export function listAssignedCards(call: Call): Answer {
  return page(call, call.simulation.world.cards.values(), (card) => card.owner !== null)
}

/** `GET /api/cards/unassigned`: spare cards, those left behind by a failed save among them. */
export function listUnassignedCards(call: Call): Answer {
  return page(call, call.simulation.world.cards.values(), (card) => card.owner === null && !card.blocked)
}

export function listBlockedCards(call: Call): Answer {
  const { world } = call.simulation
  return page(call, cardsOf(world, world.blockedRows), () => true)
}

/** `GET /api/v2/cards/registered?card_id=`: whether this number exists. The shape of the answer is not published. */
export function isCardRegistered({ simulation: { world }, query }: Call): Answer {
  const number = query.get('card_id') ?? ''
  return { body: { card_id: number, registered: world.cardRows.has(number) } }
}

function* cardsOf(world: World, rows: Iterable<number>): Generator<Card> {
  for (const row of rows) yield world.card(row)
}

function page({ simulation, query }: Call, cards: Iterable<Card>, wanted: (card: Card) => boolean): Answer {
  // "csn+wiegand": a raw plus arrives as a space.
  const types = (query.get('card_type') ?? '').split(/[\s+,]+/).filter((type) => type !== '')
  const format = query.get('wiegand_format_id') ?? ''
  const { cardPageDefault, cardPageMax } = simulation.quirks
  const offset = wholeOr(query.get('offset'), 0)
  const limit = cappedLimit(wholeOr(query.get('limit'), cardPageDefault ?? 0), cardPageMax)
  const rows: Card[] = []
  let total = 0
  for (const card of cards) {
    if (!wanted(card)) continue
    if (types.length > 0 && !types.includes(cardTypeOf(card).filter)) continue
    if (format !== '' && String(card.formatId) !== format) continue
    if (total >= offset && (limit === 0 || rows.length < limit)) rows.push(card)
    total++
  }
  return { body: { CardCollection: { total, rows: rows.map((card) => cardRow(simulation, card)) } } }
}
