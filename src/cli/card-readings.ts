/** What can be said of a card without asking anybody: its fields, its bits, and how each door system writes it. */
import { type CardSettings, vendorCardOf } from '../../connectors/biostar2/mapping.ts'
import { ConnectorError } from '../connector/errors.ts'
import {
  bitsOfCard,
  type Card,
  cardKey,
  cardOfBits,
  cardText,
  isRandomSerial,
  valuesOf,
  wiegandFormats,
} from '../model/card.ts'
import { type BadgeRule, badgeType } from '../model/cards/badge.ts'
import { CardError, unguardedBits } from '../model/cards/coding.ts'
import { facilityOf, leftAligned, numberOf } from '../model/cards/forms.ts'
import { layouts } from '../model/cards/layouts.ts'
import type { Reading } from '../model/cards/readings.ts'

/** All numbers as text: many are too long for a number of JSON. */
export interface CardReading {
  readonly card: string
  readonly how: readonly string[]
  readonly format: string
  readonly bits: number
  readonly facility: string | null
  readonly number: string
  /** All bits, parity included, with the last on the right; and from the left in whole bytes. */
  readonly hex: string
  readonly osdp: string
  /** Cards of other formats that a reader can not tell from this one. */
  readonly sameBits: readonly string[]
  /** Bits that may be misread one at a time without being noticed. */
  readonly unguarded: number
  readonly biostar2: {
    readonly asRead: string | null
    /** Where `csn_byte_order` is `reversed`; null where that makes no difference. */
    readonly reversed: string | null
    readonly wiegandFormat: string | null
  }
  readonly aeos: { readonly identifierType: string; readonly badges: readonly string[] }
  readonly warnings: readonly string[]
}

export function explainReading({ card, how }: Reading): CardReading {
  return {
    ...{ card: cardText(card), how, format: card.format, bits: card.bits },
    ...{ facility: facilityOf(card), number: numberOf(card), hex: card.raw, osdp: leftAligned(card) },
    sameBits: sameBits(card).map(cardText),
    unguarded: card.format === 'CSN' ? card.bits : unguardedBits(layouts[card.format]).length,
    biostar2: inBiostar2(card),
    aeos: inAeos(card),
    warnings: isRandomSerial(card)
      ? ['the chip draws this number anew at each tap: it names no card, and must be given to nobody']
      : [],
  }
}

function sameBits(card: Card): Card[] {
  const chip: Card[] = card.format === 'CSN' || card.bits % 8 !== 0 ? [] : [{ ...card, format: 'CSN' }]
  const others = wiegandFormats.flatMap((format) => {
    try {
      return layouts[format].bits === card.bits ? [cardOfBits(format, bitsOfCard(card))] : []
    } catch (error) {
      if (error instanceof CardError) return []
      throw error
    }
  })
  // A chip is told from a frame by its parity; only where there is none do both look alike.
  const alike = layoutless(card) ? [...chip, ...others.filter(layoutless)] : others
  return alike.filter((other) => cardKey(other) !== cardKey(card))
}

function layoutless({ format }: Card): boolean {
  return format === 'CSN' || layouts[format].parity.length === 0
}

function inBiostar2(card: Card): CardReading['biostar2'] {
  const written = (order: CardSettings['csn_byte_order']) => {
    try {
      return vendorCardOf(card, { csn_byte_order: order })
    } catch (error) {
      if (error instanceof ConnectorError) return null
      throw error
    }
  }
  const asRead = written('as-read')
  const reversed = written('reversed')
  return {
    asRead: asRead?.number ?? null,
    reversed: card.format === 'CSN' ? (reversed?.number ?? null) : null,
    wiegandFormat: asRead?.wiegandFormat ?? null,
  }
}

/** A badge number has 32 signs at most; facility codes are a matter of its type. */
const badgeMax = 32

function inAeos(card: Card): CardReading['aeos'] {
  const { type, rules } = aeosRules(card)
  const badges = rules.flatMap((rule) => badgeType(rule).write(card) ?? []).filter(({ length }) => length <= badgeMax)
  return { identifierType: type, badges: [...new Set(badges)] }
}

function aeosRules(card: Card): { type: string; rules: BadgeRule[] } {
  const bases = ['decimal', 'hex'] as const
  if (card.format === 'CSN') {
    const bytes = card.bits / 8
    const rules = bases.flatMap((base) =>
      [false, true].map(
        (reversed): BadgeRule => ({
          ...{ format: 'CSN', bytes, base, reversed },
          digits: base === 'hex' ? bytes * 2 : 0,
        }),
      ),
    )
    return { type: `chip serial number of ${bytes} bytes`, rules }
  }
  const { format } = card
  const { facility, number } = valuesOf(card)
  if (number === undefined) return { type: format, rules: bases.map((base) => ({ format, base, writes: 'bits' })) }
  const of = facility === undefined ? {} : { facility }
  return {
    type: facility === undefined ? format : `${format} with customer code ${facility}`,
    rules: bases.map((base) => ({ format, base, writes: 'number', ...of })),
  }
}
