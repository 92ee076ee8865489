/** Between cards and badge numbers: AEOS keeps the format, and mostly the facility, in the identifier type; pure. */
import type { ActualAccount } from '../../src/connector/contract.ts'
import type { Card } from '../../src/model/card.ts'
import { type BadgeRule, type BadgeType, badgeType } from '../../src/model/cards/badge.ts'
import { facilityFormats, layouts } from '../../src/model/cards/layouts.ts'
import type { IdentifierType, Settings } from './settings.ts'
import type { BadgeKey } from './soap/client.ts'
import { ownFailure } from './soap/errors.ts'

export type CardShown = ActualAccount['cards'][number]

/** AEOS keeps a badge number as up to 32 characters. */
const badgeMax = 32

/**
 * How a card is written: by the first identifier type that it is one of.
 * @throws ConnectorError `rejected` (`aeos.card-type-missing`) when none does.
 */
export function badgeOf(card: Card, { identifier_types }: Settings): BadgeKey {
  for (const type of identifier_types) {
    const number = badgesOf(type).write(card)
    if (number !== null && number.length <= badgeMax) return { IdentifierType: type.id, BadgeNumber: number }
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
  return type === undefined || BadgeNumber.length > badgeMax ? null : badgesOf(type).read(BadgeNumber)
}

/** How an account names a badge: by what every operation names it. */
export function badgeRef({ IdentifierType, BadgeNumber }: BadgeKey): string {
  return `${IdentifierType} ${BadgeNumber}`
}

/** Identifier type and badge number out of a card's `ref`. */
export function badgeIn(ref: string): BadgeKey {
  const blank = ref.indexOf(' ')
  return { IdentifierType: ref.slice(0, blank), BadgeNumber: ref.slice(blank + 1) }
}

/** A badge as an account shows it. */
export function cardShown(key: BadgeKey, state: CardShown['state'], settings: Settings): CardShown {
  return { card: cardOf(key, settings), ref: badgeRef(key), state }
}

/** Whether two keys name the same badge; hex digits count the same in either case. */
export function isSameBadge(left: BadgeKey, right: BadgeKey): boolean {
  return left.IdentifierType === right.IdentifierType && fold(left.BadgeNumber) === fold(right.BadgeNumber)
}

function fold(number: string): string {
  return number.toUpperCase()
}

/** Every number that may be written for this type: its digits, how many there are at least, the range, and whether it bears no facility code. */
export function badgesWritten(type: IdentifierType) {
  const rule = ruleOf(type)
  const isAlone = rule.format === 'CSN' || rule.writes === 'number'
  const said = { base: rule.base, digits: rule.digits ?? 0, isAlone }
  const top = (bits: number) => (1n << BigInt(bits)) - 1n
  if (rule.format === 'CSN') return { ...said, least: 0n, most: top(rule.bytes * 8) }
  const { bits, fields } = layouts[rule.format]
  const widthOf = (named: string) => fields.find(({ name }) => name === named)?.places.length ?? 0
  const [facilityBits, numberBits] = [widthOf('facility'), widthOf('number')]
  if (rule.writes === 'bits') return { ...said, least: 0n, most: top(bits) }
  if (rule.writes === 'number') return { ...said, least: 0n, most: top(numberBits) }
  if (rule.facility === undefined) return { ...said, least: 0n, most: top(facilityBits + numberBits) }
  const least = rule.facility << BigInt(numberBits)
  return { ...said, least, most: least + top(numberBits) }
}

function badgesOf(type: IdentifierType): BadgeType {
  return badgeType(ruleOf(type))
}

function ruleOf(type: IdentifierType): BadgeRule {
  const padding = type.digits === undefined ? {} : { digits: type.digits }
  if (type.format === 'CSN')
    return {
      // In hex every byte has both its digits.
      ...(type.notation === 'hex' ? { digits: type.bytes * 2 } : {}),
      ...padding,
      format: 'CSN',
      base: type.notation,
      bytes: type.bytes,
      reversed: type.byte_order !== 'as-read',
    }
  const rule = { ...padding, base: type.notation ?? 'decimal' }
  if (isOfFacility(type)) {
    const { format, facility, writes = facility === undefined ? 'joined' : 'number' } = type
    return { ...rule, format, writes, ...(facility === undefined ? {} : { facility: BigInt(facility) }) }
  }
  return { ...rule, format: type.format, writes: type.format === 'PIV75' ? 'bits' : 'number' }
}

type WithFacility = Extract<IdentifierType, { format: (typeof facilityFormats)[number] }>

function isOfFacility(type: Exclude<IdentifierType, { format: 'CSN' }>): type is WithFacility {
  return facilityFormats.some((format) => format === type.format)
}
