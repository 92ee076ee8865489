/** A signal ends a read with its own reason, at the next page at the latest, and takes nothing from the next read. */
import { expect } from 'vitest'
import type { PeopleTest } from '../people.ts'
import { readAll } from '../source.ts'

export function cancelledReads(test: PeopleTest): void {
  test('a signal that is over before it begins ends looking and reading with its reason', async (source) => {
    await source.deliver([source.row(1)])
    const reason = new Error('over before it began')
    await expect(source.people.read(AbortSignal.abort(reason))).rejects.toBe(reason)
    const delivery = await source.mustRead()
    await expect(readAll(delivery, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect((await readAll(delivery)).end.complete).toBe(true)
  })

  test('a read that is cancelled between two pages ends with the reason, and never looks complete', async (source) => {
    const rows = Array.from({ length: source.subject.many }, (_, n) => source.row(n))
    await source.deliver(rows)
    const delivery = await source.mustRead()
    const cancel = new AbortController()
    const walk = delivery.pages(cancel.signal)
    expect((await walk.next()).done).toBe(false)
    const reason = new Error('enough')
    cancel.abort(reason)
    const end = await walk.next().then(
      () => 'went on',
      (thrown: unknown) => thrown,
    )
    expect(end).toBe(reason)
    expect((await readAll(delivery)).records).toHaveLength(rows.length)
  })
}
