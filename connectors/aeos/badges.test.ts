import { expect, test } from 'vitest'
import { readCard } from '../../src/model/card.ts'
import { badgeOf, cardOf } from './badges.ts'
import { settingsOf } from './testing.ts'

const id = '9'

test.each([
  ['H10301:20:10000', { format: 'H10301', facility: 20 }, '10000'],
  ['H10301:20:10000', { format: 'H10301' }, String(20 * 65_536 + 10_000)],
  ['H10302:12345678901', { format: 'H10302' }, '12345678901'],
  ['H10304:12345:345678', { format: 'H10304', facility: 12_345, digits: 6 }, '345678'],
  ['H10304:12345:345678', { format: 'H10304', writes: 'bits', notation: 'hex' }, '13039A8C9D'],
  ['H10306:1234:56789', { format: 'H10306', facility: 1234 }, '56789'],
  ['AWID34:77:1234567', { format: 'AWID34', writes: 'joined' }, String(77 * 2 ** 24 + 1_234_567)],
  ['C1000-35:2001:123456', { format: 'C1000-35', facility: 2001 }, '123456'],
  ['C1000-48:42069:42069', { format: 'C1000-48', facility: 42_069 }, '42069'],
  ['C15001:12:345', { format: 'C15001', facility: 12 }, '345'],
  ['D10202:27:1234567', { format: 'D10202', facility: 27 }, '1234567'],
  ['AWID50:2001:13371337', { format: 'AWID50', facility: 2001 }, '13371337'],
  ['IR56:16777215:4294967295', { format: 'IR56', facility: 16_777_215 }, '4294967295'],
  ['PIV75:32:1:92446:20301231', { format: 'PIV75', notation: 'hex' }, '2000045A47A6B8B5F'],
])('%s is written by %o as %s, and read back', (text, type, number) => {
  const settings = settingsOf({ identifier_types: [{ id, ...type }] })
  const card = readCard(text)
  if (card === null) throw new Error('the card of this test is none')
  const badge = badgeOf(card, settings)
  expect(badge).toEqual({ IdentifierType: id, BadgeNumber: number })
  expect(cardOf(badge, settings)).toEqual(card)
})

test.each([[{ format: 'H10301', facility: 256 }], [{ format: 'H10306', writes: 'number' }], [{ format: 'FASC-N' }]])(
  '%o is no way to write a card',
  (type) => {
    expect(() => settingsOf({ identifier_types: [{ id, ...type }] })).toThrow()
  },
)
