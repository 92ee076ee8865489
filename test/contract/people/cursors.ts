/** What changed since a cursor comes with it, again and again until it was taken, and nothing that did not change does. */
import { expect } from 'vitest'
import type { PeopleTest } from '../people.ts'
import { readAll, type Source } from '../source.ts'

/** Takes what is offered, as the engine does; gives the rows, and the keys of those who are gone. */
async function take(source: Source) {
  const delivery = await source.mustRead()
  const { records, pages } = await readAll(delivery)
  await delivery.settle('taken')
  return {
    mode: delivery.mode,
    rows: source.cells(records),
    gone: pages.flatMap(({ gone = [] }) => gone).length,
  }
}

export function cursors(test: PeopleTest): void {
  test('where nothing changed nothing is offered, also by another process', ['cursor'], async (source) => {
    await source.deliver([source.row(1), source.row(2)])
    expect((await take(source)).mode).toBe('full')
    for (let look = 0; look < 3; look++) expect(await source.read()).toBeNull()
    await using other = await source.again()
    expect(await other.read()).toBeNull()
  })

  test('a change is offered until it was taken, and only then no more', ['cursor'], async (source) => {
    await source.deliver([source.row(1), source.row(2)])
    await take(source)
    const changed = source.row(2, { family: 'Thistledown' })
    await source.deliver([changed], 'delta')
    for (let look = 0; look < 2; look++) {
      const { records } = await readAll(await source.mustRead())
      expect(source.cells(records)).toEqual([changed])
    }
    // Whoever read it and died takes nothing from whoever comes after.
    await using other = await source.again()
    expect(await take(other)).toMatchObject({ mode: 'delta', rows: [changed] })
    expect(await other.read()).toBeNull()
    await using late = await source.again()
    expect(await take(late)).toMatchObject({ mode: 'delta', rows: [changed] })
  })

  test('what changed once more while it was taken comes once more', ['cursor'], async (source) => {
    await source.deliver([source.row(1)])
    await take(source)
    await source.deliver([source.row(1, { family: 'Thistledown' })], 'delta')
    const delivery = await source.mustRead()
    await readAll(delivery)
    const last = source.row(1, { family: 'Marrowfat' })
    await source.deliver([last], 'delta')
    await delivery.settle('taken')
    expect((await take(source)).rows).toEqual([last])
  })

  test('who was removed is told as gone, and nobody else', ['cursor'], async (source) => {
    const [first, second] = [source.row(1), source.row(2)]
    await source.deliver([first, second])
    await take(source)
    await source.simulator.remove?.(second)
    expect(await take(source)).toMatchObject({ mode: 'delta', rows: [], gone: 1 })
    await using other = await source.again()
    expect(await other.read()).toBeNull()
  })

  test('a system that was put back from a backup is read in full', ['cursor'], async (source) => {
    await source.deliver([source.row(1), source.row(2)])
    await take(source)
    const rows = [source.row(1), source.row(3)]
    await source.deliver(rows)
    expect(await take(source)).toMatchObject({ mode: 'full', rows })
  })

  test('what is no cursor is read in full', ['cursor'], async (source) => {
    const rows = [source.row(1), source.row(2)]
    await source.deliver(rows)
    await take(source)
    for (const cursor of ['', '{', '{"v":99}', 'null']) {
      await using other = await source.again(cursor)
      expect(await take(other)).toMatchObject({ mode: 'full', rows })
    }
  })
}
