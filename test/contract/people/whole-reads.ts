/** A delivery is read whole, in bounded pages, in order, and the same each time; only its true end counts as complete. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { PeopleTest } from '../people.ts'
import { readAll, type Source } from '../source.ts'

const pageSizeMax = 1000

function rows(source: Source, count: number) {
  return Array.from({ length: count }, (_, n) => source.row(n))
}

export function wholeReads(test: PeopleTest): void {
  test('nothing is offered where nothing was delivered', ['queue'], async (source) => {
    expect(await source.read()).toBeNull()
  })

  test('a delivery tells what it is before it is read', async (source) => {
    await source.deliver(rows(source, 3))
    const delivery = await source.mustRead()
    expect(delivery).toMatchObject({ mode: 'full', name: expect.stringMatching(/\S/) })
    expect(delivery.columns).toEqual(expect.arrayContaining([...source.subject.columns]))
    expect(new Set(delivery.columns).size).toBe(delivery.columns.length)
    if (delivery.fingerprint !== null) expect(delivery.fingerprint).toHaveLength(32)
    expect(delivery.arrivedAt.getTime()).toBeLessThanOrEqual(source.simulator.now().getTime())
    expect(delivery.settledMs).toBeGreaterThanOrEqual(0)
  })

  test('what holds only changes says so', ['delta'], async (source) => {
    await source.deliver(rows(source, 3))
    const first = await source.mustRead()
    await readAll(first)
    await first.settle('taken')
    const changed = [source.row(1, { family: 'Thistledown' }), source.row(5)]
    await source.deliver(changed, 'delta')
    const delivery = await source.mustRead()
    expect(delivery.mode).toBe('delta')
    expect(source.cells((await readAll(delivery)).records)).toEqual(changed)
  })

  test('everybody comes once, in order, in pages of at most a thousand, and then it is complete', async (source) => {
    const all = rows(source, source.subject.many)
    await source.deliver(all)
    const { records, problems, pages, end } = await readAll(await source.mustRead())
    expect(source.cells(records)).toEqual(all)
    expect(new Set(records.map(({ place }) => place)).size).toBe(all.length)
    expect(problems).toEqual([])
    expect(pages.length).toBeGreaterThan(2)
    for (const page of pages) {
      expect(page.records.length + page.problems.length).toBeGreaterThan(0)
      expect(page.records.length).toBeLessThanOrEqual(pageSizeMax)
    }
    expect(end).toMatchObject({ complete: true, records: all.length, problems: 0 })
  })

  test('reading the same delivery twice gives the same, and so does having it offered twice', async (source) => {
    await source.deliver(rows(source, source.subject.many))
    const delivery = await source.mustRead()
    const first = await readAll(delivery)
    expect(await readAll(delivery)).toEqual(first)
    const again = await source.mustRead()
    expect(again.fingerprint).toEqual(delivery.fingerprint)
    expect(again.name).toBe(delivery.name)
    expect(await readAll(again)).toEqual(first)
  })

  test('the bytes that it gives for the archive are those of its fingerprint, each time', ['raw'], async (source) => {
    await source.deliver(rows(source, 1200))
    const delivery = await source.mustRead()
    for (let n = 0; n < 2; n += 1) {
      const hash = createHash('sha256')
      for await (const chunk of delivery.raw?.(new AbortController().signal) ?? []) hash.update(chunk)
      expect(hash.digest()).toEqual(delivery.fingerprint)
    }
    const stopping = new AbortController()
    stopping.abort(new Error('stopping'))
    const read = async () => {
      for await (const _ of delivery.raw?.(stopping.signal) ?? []);
    }
    await expect(read()).rejects.toThrow('stopping')
  })

  test('two reads at once do not disturb each other', async (source) => {
    await source.deliver(rows(source, source.subject.many))
    const delivery = await source.mustRead()
    const [one, other] = await Promise.all([readAll(delivery), readAll(delivery)])
    expect(one).toEqual(other)
    expect(one.end.complete).toBe(true)
  })

  test('who stops reading early loses nothing: the next read begins at the beginning', async (source) => {
    const all = rows(source, source.subject.many)
    await source.deliver(all)
    const delivery = await source.mustRead()
    for await (const page of delivery.pages(new AbortController().signal)) {
      expect(page.records.length).toBeGreaterThan(0)
      break
    }
    expect((await readAll(delivery)).records).toHaveLength(all.length)
  })

  test('other people make another fingerprint', ['fingerprint'], async (source) => {
    await source.deliver(rows(source, 3))
    const first = await source.mustRead()
    await first.settle('taken')
    await source.deliver([...rows(source, 2), source.row(3, { family: 'Thistledown' })])
    expect((await source.mustRead()).fingerprint).not.toEqual(first.fingerprint)
  })
}
