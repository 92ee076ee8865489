/**
 * Badge numbers of systems that keep the format, and often the facility code, in a type of their own (an identifier type of AEOS): such a
 * number means a card only together with its type.
 */
import { bitsOfCard, type Card, cardOfBits, cardOfValues, csn, valuesOf } from '../card.ts'
import { reversedBytes } from './chip-orders.ts'
import { CardError } from './coding.ts'
import { cardOfJoined, joinedNumber } from './forms.ts'
import { layouts, type WiegandFormat } from './layouts.ts'

interface Writing {
  readonly base: 'decimal' | 'hex'
  /** Leading zeros up to so many digits. */
  readonly digits?: number
}

/** How one type writes its numbers. */
export type BadgeRule =
  | (Writing & {
      readonly format: WiegandFormat
      /** `joined` is facility and number in one, without parity; `bits` is everything, with parity. */
      readonly writes: 'number' | 'joined' | 'bits'
      /** The code that all cards of the type have in common; it is all that a number alone leaves open. */
      readonly facility?: bigint
    })
  | (Writing & {
      readonly format: 'CSN'
      readonly bytes: number
      /** The last byte first, where the readers are set so. */
      readonly reversed?: boolean
    })

export interface BadgeType {
  /** Null for a card that is none of this type. */
  write(card: Card): string | null
  /** Null for a text that is no number of this type. */
  read(badge: string): Card | null
}

/** What is written is always read as the same card. @throws CardError when cards of this rule could not be told apart. */
export function badgeType(rule: BadgeRule): BadgeType {
  if (rule.format !== 'CSN' && rule.writes === 'number') {
    const rest = layouts[rule.format].fields.filter(({ name }) => name !== 'number')
    const isTold = rest.every(({ name }) => name === 'facility' && rule.facility !== undefined)
    if (!isTold) throw new CardError('a number alone names no card: its type must say the facility code')
  }
  return {
    write(card) {
      if (card.format !== rule.format) return null
      const value = valueIn(card, rule)
      return value === null ? null : textOf(value, rule)
    },
    read(badge) {
      const text = badge.trim().toUpperCase()
      const digits = rule.base === 'hex' ? /^[0-9A-F]{1,64}$/ : /^\d{1,78}$/
      if (!digits.test(text)) return null
      try {
        const card = cardOf(BigInt(rule.base === 'hex' ? `0x${text}` : text), rule)
        return valueIn(card, rule) === null ? null : card
      } catch (error) {
        if (error instanceof CardError) return null
        throw error
      }
    },
  }
}

function valueIn(card: Card, rule: BadgeRule): bigint | null {
  if (rule.format === 'CSN') {
    if (card.bits !== rule.bytes * 8) return null
    return BigInt(`0x${rule.reversed ? reversedBytes(card.raw) : card.raw}`)
  }
  const { facility, number } = valuesOf(card)
  if (rule.facility !== undefined && facility !== rule.facility) return null
  if (rule.writes === 'bits') return BigInt(`0b${bitsOfCard(card)}`)
  return rule.writes === 'joined' ? joinedNumber(card) : (number ?? null)
}

function cardOf(value: bigint, rule: BadgeRule): Card {
  if (rule.format === 'CSN') {
    const hex = value.toString(16).padStart(rule.bytes * 2, '0')
    if (hex.length > rule.bytes * 2) throw new CardError('the number has more bytes than the chip')
    return csn(rule.reversed ? reversedBytes(hex) : hex)
  }
  if (rule.writes === 'bits') return cardOfBits(rule.format, value.toString(2).padStart(layouts[rule.format].bits, '0'))
  if (rule.writes === 'joined') return cardOfJoined(rule.format, value)
  const { facility } = rule
  return cardOfValues(rule.format, { number: value, ...(facility === undefined ? {} : { facility }) })
}

function textOf(value: bigint, { base, digits = 0 }: Writing): string {
  return value
    .toString(base === 'hex' ? 16 : 10)
    .toUpperCase()
    .padStart(digits, '0')
}
