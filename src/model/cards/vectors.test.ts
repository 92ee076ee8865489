/** Holds every format to 41 vectors that others have published, or that two independent coders agree on. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { bitsOfCard, type Card, cardOfBits, cardOfValues, cardText, csn, em4100Tag, readCard } from '../card.ts'
import { shortOrders, wholeOrders } from './chip-orders.ts'
import { decode, encode, type Values } from './coding.ts'
import { facilityOf, leftAligned, numberOf } from './forms.ts'
import { em4100, layouts, type WiegandFormat } from './layouts.ts'
import { readingsOf } from './readings.ts'

type Vector = Readonly<Record<'format' | 'bits' | 'facility' | 'card' | 'raw_hex' | 'raw_bits' | 'notes', string>>

const file = readFileSync(new URL('../../../test/fixtures/cards/wiegand-vectors.csv', import.meta.url), 'utf8')
const vectors: readonly Vector[] = parse(file, { columns: true })

/** The format behind a name of the file; the rest are chip serial numbers, but for the tag on the air. */
const formatOf: Readonly<Record<string, WiegandFormat>> = {
  ...Object.fromEntries(Object.keys(layouts).map((name) => [name, name as WiegandFormat])),
  AWID26: 'H10301',
  'H10302(alias)': 'H10302',
  'CSN34-LSB': 'CSN34',
  'CSN26-LSB24': 'H10301',
  'EM4100-W26': 'H10301',
  'EM4100-W34': 'CSN34',
  'FASC-N-200': 'FASC-N',
}

/** What the file leaves to its notes and to the published sample. */
const more: Readonly<Record<string, Values>> = {
  PIV75: { expiry: 20_301_231n },
  'FASC-N': { series: 0n, issue: 1n, person: 1_112_223_333n, category: 1n, organisation: 1223n, association: 2n },
}

function valuesOfVector({ facility, card }: Vector, format: WiegandFormat): Values {
  const { fields } = layouts[format]
  if (fields[0]?.name === 'agency') {
    const [agency = '', system = ''] = facility.split('-')
    return { agency: BigInt(agency), system: BigInt(system), credential: BigInt(card), ...more[format] }
  }
  return { number: BigInt(card), ...(facility === '' ? {} : { facility: BigInt(facility) }) }
}

const onAir = (vector: Vector) => vector.format === 'EM4100-air64'

function encoded(vector: Vector): string {
  if (onAir(vector)) return encode(em4100, { version: BigInt(vector.facility), serial: BigInt(vector.card) })
  const format = formatOf[vector.format]
  if (format !== undefined) return bitsOfCard(cardOfValues(format, valuesOfVector(vector, format)))
  return bitsOfCard(
    csn(
      BigInt(vector.card)
        .toString(16)
        .padStart(Number(vector.bits) / 4, '0'),
    ),
  )
}

function decoded(vector: Vector): { facility: string; card: string } {
  if (onAir(vector)) {
    const { version, serial } = decode(em4100, vector.raw_bits)
    return { facility: String(version), card: String(serial) }
  }
  const format = formatOf[vector.format]
  const card: Card = format === undefined ? csn(vector.raw_hex) : cardOfBits(format, vector.raw_bits)
  return { facility: facilityOf(card) ?? '', card: numberOf(card) }
}

test('the file has all its 41 vectors', () => {
  expect(vectors).toHaveLength(41)
})

describe.each(vectors.map((vector) => [`${vector.format} ${vector.facility}:${vector.card}`, vector] as const))(
  '%s',
  (_title, vector) => {
    test('is encoded to its bits', () => {
      const bits = encoded(vector)
      expect(bits).toBe(vector.raw_bits)
      expect(bits).toHaveLength(Number(vector.bits))
      expect(BigInt(`0b${bits}`)).toBe(BigInt(`0x${vector.raw_hex}`))
    })

    test('is decoded from its bits', () => {
      expect(decoded(vector)).toEqual({ facility: vector.facility, card: vector.card })
    })

    test('is among the readings of its hex and of its bits', () => {
      for (const text of [vector.raw_hex, vector.raw_bits]) {
        const texts = readingsOf(text).readings.map(({ card }) => cardText(card))
        const format = formatOf[vector.format]
        const card = onAir(vector)
          ? em4100Tag(BigInt(vector.facility), BigInt(vector.card))
          : format === undefined
            ? csn(vector.raw_hex)
            : cardOfBits(format, vector.raw_bits)
        expect(texts).toContain(cardText(card))
        expect(readCard(cardText(card))).toEqual(card)
      }
    })
  },
)

const chip = '1EA68671'
const long = '04A1B2C3D4E580'

test.each([
  ['CSN32-MSB', chip, 'as the chip gives it'],
  ['CSN32-LSB', chip, 'bytes reversed'],
  ['CSN56-MSB', long, 'as the chip gives it'],
  ['CSN56-LSB', long, 'bytes reversed'],
  ['CSN32-from-7B-first4', long, 'first 4 bytes'],
  ['CSN32-from-7B-last4', long, 'last 4 bytes'],
  ['CSN32-bits-LSB', 'E43B6777', 'bits reversed'],
])('%s is what a reader makes of the chip %s: %s', (format, uid, order) => {
  const vector = vectors.find((each) => each.format === format)
  expect([...wholeOrders, ...shortOrders].find(({ name }) => name === order)?.of(uid)).toBe(vector?.raw_hex)
})

test.each([
  ['CSN34-LSB', chip],
  ['CSN26-LSB24', chip],
  ['EM4100-W26', '0F0368568B'],
  ['EM4100-W34', '0F0368568B'],
])('%s is among what a reader makes of the chip %s', (format, uid) => {
  const vector = vectors.find((each) => each.format === format) as Vector
  const bits = readingsOf(uid).readings.map(({ card }) => bitsOfCard(card))
  expect(bits).toContain(vector.raw_bits)
})

// As printed in the sheets of the makers, and in the help of the tools that read such cards.
test.each([
  ['2006EC0C86', 'H10301:118:1603', 'as a HID Prox card holds it'],
  ['2006F623AE', 'H10301:123:4567', 'as a HID Prox card holds it'],
  ['06BD88EB80', 'H10301:123:4567', 'count of padding bits, then all bits from the left (PACS)'],
  ['2E0EC00C87', 'C1000-35:118:1603', 'as a HID Prox card holds it'],
  ['01400076000C86', 'C1000-48:118:1603', 'all bits with parity behind a leading one'],
  ['10058400', 'H10301:100:58400', 'facility and five digits of the number (FFFNNNNN)'],
  ['6612000', 'H10301:100:58400', 'facility and number joined, without parity'],
  ['1320720', 'H10301:20:10000', 'facility and number joined, without parity'],
  ['0057169547', 'H10301:104:22155', 'lowest 24 bits of the serial number, in a frame of 26 bits'],
  ['06837899', 'H10301:104:22155', 'facility and number joined, without parity'],
  ['00872.22155', 'CSN34:57169547', 'two halves of 16 bits (DEZ 5.5)'],
  ['00872.22155', 'H10301:104:22155', 'two halves of 16 bits (DEZ 5.5), highest byte lost'],
  ['104.22155', 'H10301:104:22155', 'facility and number'],
  ['FF83C03322A646E4', 'CSN:0F0368568B', 'what an EM4100 tag sends'],
  ['3829098359', 'CSN:E43B6777', 'serial number as a decimal, as the chip gives it'],
  ['4008107047', 'CSN:E43B6777', 'serial number as a decimal, bits reversed'],
  ['2003254244', 'CSN:E43B6777', 'serial number as a decimal, bytes reversed'],
  ['668788462', 'CSN:E43B6777', 'serial number as a decimal, bits reversed within each byte'],
  ['0F0C61A61D', 'CSN:0F0368568B', 'serial number in hex, bits reversed within each nibble'],
  ['04:a1:b2:c3:d4:e5:80', 'CSN:04A1B2C3D4E580', 'serial number in hex, as the chip gives it'],
])('%s can be %s: %s', (text, name, how) => {
  const found = readingsOf(text).readings.find(({ card }) => cardText(card) === name)
  expect(found?.how).toContain(how)
})

// From the left in whole bytes, as OSDP carries them.
test.each([
  ['H10301:1:1', '80800080'],
  ['H10301:118:1603', 'BB032180'],
  ['H10301:255:65535', '7FFFFFC0'],
  ['H10306:1234:56789', '82696EEA80'],
  ['D10202:27:1234567', '9B12D68700'],
  ['H10302:12345678901', 'ADFDC1C350'],
  ['H10304:12345:345678', '981CD464E8'],
  ['H10302:6472681038', '981CD464E8'],
  ['AWID50:2001:13371337', '83E8806603E480'],
  ['PIV75:32:1:92446:20301231', '00400008B48F4D716BE0'],
])('%s is %s from the left', (name, bytes) => {
  expect(leftAligned(readCard(name) as Card)).toBe(bytes)
  expect(readingsOf(bytes).readings.map(({ card }) => cardText(card))).toContain(name)
})
