/** A watch tells when reading may bring something new, and ends with its signal or its connection, without a failure. */
import { expect } from 'vitest'
import type { PeopleTest } from '../people.ts'
import type { Source } from '../source.ts'

/** Counts how often the watch of a source rang. */
function listen(source: Source) {
  const cancel = new AbortController()
  const heard = { rings: 0 }
  const ended = (async () => {
    for await (const _ of source.people.watch(cancel.signal)) heard.rings += 1
  })()
  return { heard, cancel, ended }
}

export function watching(test: PeopleTest): void {
  test('a watch rings for a new delivery, which can then be read', async (source) => {
    const { heard, cancel, ended } = listen(source)
    await source.deliver([source.row(1)])
    await expect.poll(() => heard.rings, { timeout: 5000 }).toBeGreaterThan(0)
    const delivery = await source.mustRead()
    await delivery.settle('taken')
    const before = heard.rings
    await source.deliver([source.row(2)])
    await expect.poll(() => heard.rings, { timeout: 5000 }).toBeGreaterThan(before)
    cancel.abort(new Error('enough'))
    await expect(ended).resolves.toBeUndefined()
  })

  test('a watch rings for what was there before it began', async (source) => {
    await source.deliver([source.row(1)])
    const { heard, cancel, ended } = listen(source)
    await expect.poll(() => heard.rings, { timeout: 5000 }).toBeGreaterThan(0)
    cancel.abort()
    await ended
  })

  test('a watch whose signal is over ends at once', async (source) => {
    const rings: unknown[] = []
    for await (const ring of source.people.watch(AbortSignal.abort(new Error('enough')))) rings.push(ring)
    expect(rings).toEqual([])
  })

  test('closing the connection ends a watch, and can be done twice', async (source) => {
    const { ended } = listen(source)
    await source.close()
    await source.close()
    await expect(ended).resolves.toBeUndefined()
  })

  test('health tells what it reads from', async (source) => {
    const health = await source.health(new AbortController().signal)
    expect(health).toMatchObject({ product: expect.stringMatching(/\w/) })
    for (const { code } of health.problems) expect(code).toMatch(/^[a-z0-9]+\.[a-z0-9-]+$/)
  })
}
