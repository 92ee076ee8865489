/** Between cards and badge numbers: AEOS keeps the format, and mostly the facility, in the identifier type; pure. */
import { type Card, CardError, cardKey, csn, h10301, h10301Parts } from '../../src/model/card.ts'
import type { BadgeKey } from './client.ts'
import { ownFailure } from './errors.ts'
import type { IdentifierType, Settings } from './settings.ts'

/** AEOS keeps a badge number as up to 32 characters. */
const badgeMax = 32

/**
 * How a card is written: by the first identifier type that gives it back unchanged.
 * @throws ConnectorError `rejected` (`aeos.card-type-missing`) when none does.
 */
export function badgeOf(card: Card, { identifier_types }: Settings): BadgeKey {
  for (const type of identifier_types) {
    const number = numberOf(card, type)
    if (number === null || number.length > badgeMax) continue
    const read = cardIn(number, type)
    if (read !== null && cardKey(read) === cardKey(card)) return { IdentifierType: type.id, BadgeNumber: number }
  }
  throw ownFailure(
    'rejected',
    'aeos.card-type-missing',
    'No identifier type of the settings fits this card: its format, facility code or length.',
  )
}

/** The card behind a badge; null when its type is none of the settings', or its number none of that type. */
export function cardOf({ IdentifierType, BadgeNumber }: BadgeKey, { identifier_types }: Settings): Card | null {
  const type = identifier_types.find(({ id }) => id === IdentifierType)
  return type === undefined ? null : cardIn(BadgeNumber, type)
}

/** Whether two keys name the same badge; hex digits count the same in either case. */
export function isSameBadge(left: BadgeKey, right: BadgeKey): boolean {
  return left.IdentifierType === right.IdentifierType && fold(left.BadgeNumber) === fold(right.BadgeNumber)
}

function fold(number: string): string {
  return number.toUpperCase()
}

function numberOf(card: Card, type: IdentifierType): string | null {
  if (type.format === 'CSN') {
    if (card.format !== 'CSN' || card.bits !== type.bytes * 8) return null
    const hex = inOrder(card.raw, type)
    return type.notation === 'hex' ? hex : padded(BigInt(`0x${hex}`).toString(), type)
  }
  try {
    const { facility, number } = h10301Parts(card)
    if (type.facility === undefined) return padded(String(facility * 0x10000 + number), type)
    return facility === type.facility ? padded(String(number), type) : null
  } catch (error) {
    if (error instanceof CardError) return null
    throw error
  }
}

function cardIn(number: string, type: IdentifierType): Card | null {
  if (type.format === 'CSN') {
    const hex = type.notation === 'hex' ? hexOf(number, 16) : hexOf(number, 10)
    if (hex === null || hex.length > type.bytes * 2) return null
    return csn(inOrder(hex.padStart(type.bytes * 2, '0'), type))
  }
  if (!/^\d{1,32}$/.test(number)) return null
  const value = BigInt(number)
  if (type.facility !== undefined) return value > 0xffffn ? null : h10301(type.facility, Number(value))
  return value > 0xffffffn ? null : h10301(Number(value >> 16n), Number(value & 0xffffn))
}

function hexOf(number: string, base: 10 | 16): string | null {
  if (!(base === 16 ? /^[0-9a-f]{1,32}$/i : /^\d{1,32}$/).test(number)) return null
  return BigInt(base === 16 ? `0x${number}` : number)
    .toString(16)
    .toUpperCase()
}

function inOrder(hex: string, { byte_order }: Extract<IdentifierType, { format: 'CSN' }>): string {
  return byte_order === 'as-read' ? hex : (hex.match(/../g) ?? []).reverse().join('')
}

function padded(number: string, { digits = 0 }: IdentifierType): string {
  return number.padStart(digits, '0')
}
