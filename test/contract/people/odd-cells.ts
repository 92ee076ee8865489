/** Cells come as the source holds them, in every script, with every sign that its format uses for itself. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { oddNames } from '../made-up.ts'
import type { PeopleTest } from '../people.ts'
import { readAll } from '../source.ts'

/** What every format can carry: whole characters, no control characters but line breaks, no blanks at the ends. */
function isPlain(value: string): boolean {
  return value !== '' && value.isWellFormed() && !/(?!\n)\p{Cc}/u.test(value) && value === value.trim()
}

export function oddCells(test: PeopleTest): void {
  test('names of every script and shape come as they are', async (source) => {
    const rows = oddNames.flatMap(([, { givenName = null, familyName = null }], n) => {
      const values = [givenName, familyName].filter((value) => value !== null)
      return values.every(isPlain) ? [source.row(n, { given: givenName, family: familyName })] : []
    })
    expect(rows.length).toBeGreaterThan(10)
    await source.deliver(rows)
    const { records, end } = await readAll(await source.mustRead())
    expect(source.cells(records)).toEqual(rows)
    expect(end.complete).toBe(true)
  })

  test('nothing in a cell is taken for a sign of the format, and an empty cell is null', async (source) => {
    const signs = fc.constantFrom(
      '"',
      "'",
      ',',
      ';',
      '\t',
      '|',
      '\\',
      '\n',
      '""',
      '=',
      '<',
      '&',
      'T',
      '#',
      'x',
      ' ',
      'é',
    )
    const cell = fc
      .oneof(
        fc.string({ unit: signs, minLength: 1, maxLength: 12 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
      )
      .filter(isPlain)
    const [key, given, family, department] = source.subject.columns
    const maybe = fc.option(cell)
    const row = fc.record({ [key]: cell, [given]: maybe, [family]: maybe, [department]: maybe })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        await source.deliver(rows)
        const delivery = await source.mustRead()
        const { records, problems, end } = await readAll(delivery)
        expect(problems).toEqual([])
        expect(source.cells(records)).toEqual(rows.map((one) => ({ ...one })))
        expect(end.complete).toBe(true)
        await delivery.settle('taken')
      }),
      { numRuns: 60 },
    )
  })
}
