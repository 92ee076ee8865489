/** A bad row costs that row, a bad delivery is refused whole, and what has no true end is never taken for complete. */
import { expect } from 'vitest'
import type { Delivery } from '../../../src/connector/contract.ts'
import type { PeopleTest } from '../people.ts'
import { forbidRow, readAll, type Source } from '../source.ts'

function rowsAndUnreadable(source: Source) {
  const rows = [1, 2, 3].map((n) => source.row(n))
  const unreadable = source.row(4, { given: 'Unreadable Ysolde' })
  for (const row of [...rows, unreadable]) forbidRow(source.listener, row)
  return { rows, unreadable }
}

/** An end that isn't one may show as a failure or as an incomplete end. */
async function expectIncomplete(delivery: Delivery): Promise<void> {
  const read = await readAll(delivery).catch((error: unknown) => error)
  if (read instanceof Error) expect(read).toMatchObject({ kind: 'transient' })
  else expect(read).toMatchObject({ end: { complete: false } })
}

export function wrongDeliveries(test: PeopleTest): void {
  test(
    'a row that can not be read is told by place and code, and stops no other',
    ['unreadable-row'],
    async (source) => {
      const { rows, unreadable } = rowsAndUnreadable(source)
      await source.simulator.deliverWrong('unreadable-row', rows, unreadable)
      const { records, problems, end } = await readAll(await source.mustRead())
      expect(source.cells(records)).toEqual(rows)
      expect(problems).toEqual([
        expect.objectContaining({
          place: expect.stringMatching(/\S/),
          code: expect.stringMatching(/^[a-z0-9]+\.[a-z0-9-]+$/),
        }),
      ])
      expect(records.map(({ place }) => place)).not.toContain(problems[0]?.place)
      expect(end).toMatchObject({ records: rows.length, problems: 1 })
      expect(JSON.stringify(problems)).not.toContain('Ysolde')
    },
  )

  test('a delivery that is refused as a whole is rejected, and not offered again', ['refused'], async (source) => {
    const { rows, unreadable } = rowsAndUnreadable(source)
    await source.simulator.deliverWrong('refused', rows, unreadable)
    await expect(source.read()).rejects.toMatchObject({
      kind: 'rejected',
      code: expect.stringMatching(/^[a-z0-9]+\.[a-z0-9-]+$/),
    })
    expect(await source.read()).toBeNull()
    await source.deliver(rows)
    expect((await readAll(await source.mustRead())).records).toHaveLength(rows.length)
  })

  test('a refused delivery does not hold up the one behind it', ['refused'], async (source) => {
    const { rows, unreadable } = rowsAndUnreadable(source)
    await source.simulator.deliverWrong('refused', rows, unreadable)
    await source.deliver(rows)
    await expect(source.read()).rejects.toMatchObject({ kind: 'rejected' })
    expect((await readAll(await source.mustRead())).end.complete).toBe(true)
  })

  test('a delivery that breaks off is not complete, whoever it held', ['cut-short'], async (source) => {
    const { rows, unreadable } = rowsAndUnreadable(source)
    await source.simulator.deliverWrong('cut-short', rows, unreadable)
    await expectIncomplete(await source.mustRead())
  })

  test('a delivery that changes while it is read is not complete', ['disturbed'], async (source) => {
    await source.deliver([1, 2, 3].map((n) => source.row(n)))
    const delivery = await source.mustRead()
    await source.simulator.disturb()
    await expectIncomplete(delivery)
  })

  test('what is still being written is not offered, and then it is, whole', ['half-written'], async (source) => {
    const rows = Array.from({ length: 50 }, (_, n) => source.row(n))
    for (const row of rows) forbidRow(source.listener, row)
    const finish = await source.simulator.begin(rows)
    for (let look = 0; look < 3; look++) expect(await source.read()).toBeNull()
    await finish()
    const { records, end } = await readAll(await source.mustRead())
    expect(source.cells(records)).toEqual(rows)
    expect(end.complete).toBe(true)
  })

  test('a source that can not be reached is a failure, not an empty one, and comes back', ['away'], async (source) => {
    await source.deliver([source.row(1)])
    await source.simulator.setAway(true)
    await expect(source.read()).rejects.toMatchObject({ kind: 'transient' })
    await expect(source.read()).rejects.toMatchObject({ kind: 'transient' })
    await source.simulator.setAway(false)
    expect((await readAll(await source.mustRead())).end.complete).toBe(true)
  })
}
