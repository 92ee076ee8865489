import { expect, test } from 'vitest'
import { flatFields } from './flat-fields.ts'

test('nested data becomes dotted names and texts; what is null is left out', () => {
  const data = {
    door: { id: '7', name: 'Nord' },
    card: null,
    verify: ['card', 'pin'],
    list: [{ a: 1 }],
    none: [],
    n: 0,
    live: false,
  }
  expect(flatFields(data)).toEqual([
    ['door.id', '7'],
    ['door.name', 'Nord'],
    ['verify', 'card,pin'],
    ['list', '{"a":1}'],
    ['n', '0'],
    ['live', 'false'],
  ])
})
