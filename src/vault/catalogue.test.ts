import { expect, test } from 'vitest'
import { type Catalogue, undeclared } from './catalogue.ts'

const catalogue: Catalogue = { person: { id: 'clear', record: 'sealed', guard: 'guard' } }

test('a column or table that nobody declared is named', () => {
  const columns = [
    { table: 'person', column: 'id' },
    { table: 'person', column: 'nickname' },
    { table: 'visit', column: 'id' },
    { table: 'person', column: 'guard' },
  ]
  expect(undeclared(catalogue, columns)).toEqual(['person.nickname', 'visit.id'])
})

test('names that every object inherits are not taken for declared', () => {
  const columns = [
    { table: 'constructor', column: 'name' },
    { table: 'person', column: 'toString' },
  ]
  expect(undeclared(catalogue, columns)).toEqual(['constructor.name', 'person.toString'])
})
