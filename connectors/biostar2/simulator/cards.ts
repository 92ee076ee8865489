/** Making cards. A card exists from here on, whether or not a person ever gets it. */
import { cardRow, cardTypes, creatableTypes } from './card-rows.ts'
import { Refusal } from './envelope.ts'
import { idIn, list, type Row, record, text, whole } from './input.ts'
import { isNumeric } from './roster.ts'
import type { Answer, Call } from './route.ts'

interface NewCard {
  number: string
  typeId: number
  formatId: number | null
}

const numberLengthMax = 32

// Bits of facility code and card number together, without parity, by `wiegand_format_id`: 26 bit is 8+16, H10302 has no
// facility code, H10304 is 16+19, Corporate 1000 is 12+20 and 22+23 (API collection, create card).
const wiegandBits = [24n, 35n, 35n, 32n, 45n]
const customFormatMax = 14
const customBits = 64n

/** `POST /api/cards`. All rows or none: 401 when a number exists already, 415 for a bad CSN number. */
export function createCards({ simulation, body }: Call): Answer {
  const { world } = simulation
  const cards = list(record(record(body).CardCollection).rows).map((row) => newCard(record(row)))
  if (cards.length === 0) throw new Refusal('30')
  const numbers = new Set(cards.map((card) => card.number))
  const taken = cards.some((card) => world.cardRows.has(card.number))
  if (taken || numbers.size < cards.length) throw new Refusal('401')
  const rows = cards.map((card) => cardRow(simulation, world.addCard(card.number, card.typeId, card.formatId)))
  return { body: { CardCollection: { total: rows.length, rows } } }
}

function newCard(sent: Row): NewCard {
  const number = text(sent.card_id ?? '')
  const kind = record(sent.card_type)
  const type = creatableTypes.find(({ id }) => id === whole(kind.id))
  if (!type || whole(kind.type) !== type.type) throw new Refusal('30')
  switch (type.filter) {
    case 'csn':
      // Since 2.9.4: digits only, no leading zero, up to 32 characters (release notes).
      if (!/^[1-9]\d{0,31}$/.test(number)) throw new Refusal('415')
      return { number, typeId: type.id, formatId: null }
    case 'wiegand':
      return { number, typeId: type.id, formatId: wiegandFormat(number, idIn(sent.wiegand_format_id)) }
    default:
      if (number === '' || number.length > numberLengthMax) throw new Refusal('30')
      return { number, typeId: type.id, formatId: null }
  }
}

function wiegandFormat(number: string, format: number): number {
  if (format < 0 || format > customFormatMax) throw new Refusal('30')
  const plain = isNumeric(number) && number.length <= numberLengthMax && !number.startsWith('0')
  if (!plain || BigInt(number) >= 1n << (wiegandBits[format] ?? customBits)) throw new Refusal('30')
  return format
}

/** `GET /api/cards/types` */
export function listCardTypes(): Answer {
  const rows = cardTypes.map(({ id, name, type }) => ({ id, name, type }))
  return { body: { CardTypeCollection: { total: rows.length, rows } } }
}

/** `GET /api/cards/:id` and `POST /api/v2/cards/search`: not supported, as seen on a live BioStar X. */
export function unsupportedCardCall(): Answer {
  throw new Refusal('103')
}
