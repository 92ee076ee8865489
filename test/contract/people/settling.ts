/** What was settled is not offered again, and what was not settled is: nothing is lost between the two. */
import { expect } from 'vitest'
import type { PeopleTest } from '../people.ts'
import { readAll } from '../source.ts'

export function settling(test: PeopleTest): void {
  for (const outcome of ['taken', 'refused'] as const) {
    test(`a delivery that was ${outcome} is not offered again, and settling it again is harmless`, async (source) => {
      await source.deliver([source.row(1)])
      const delivery = await source.mustRead()
      await delivery.settle(outcome)
      expect(await source.read()).toBeNull()
      await delivery.settle(outcome)
      expect(await source.read()).toBeNull()
    })
  }

  test('the same people delivered anew are a new delivery', ['queue'], async (source) => {
    const rows = [source.row(1), source.row(2)]
    await source.deliver(rows)
    const first = await source.mustRead()
    await readAll(first)
    await first.settle('taken')
    await source.deliver(rows)
    const second = await source.mustRead()
    expect(source.cells((await readAll(second)).records)).toEqual(rows)
  })

  test('deliveries come one at a time, the oldest first', ['queue'], async (source) => {
    for (const n of [1, 2, 3]) await source.deliver([source.row(n)])
    for (const n of [1, 2, 3]) {
      const delivery = await source.mustRead()
      expect(source.cells((await readAll(delivery)).records)).toEqual([source.row(n)])
      await delivery.settle(n === 2 ? 'refused' : 'taken')
    }
    expect(await source.read()).toBeNull()
  })

  test('what nobody settled is offered until somebody does', async (source) => {
    await source.deliver([source.row(1)])
    for (let look = 0; look < 3; look++) {
      expect((await readAll(await source.mustRead())).end.complete).toBe(true)
    }
  })
}
