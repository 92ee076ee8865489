import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConnectorError } from '../../connector/errors.ts'
import { type Archivist, dayMs, deliveryOf, startArchivist } from './archive.fixture.ts'
import { pull } from './pull.ts'

let engine: Archivist
beforeAll(async () => {
  engine = await startArchivist()
})
afterAll(() => engine[Symbol.asyncDispose]())

test('a delivery that could not be cleared away is no second one, however much later it is read again', async () => {
  const source = { ...engine.source, archiveKeepMs: null }
  const take = (delivery = deliveryOf('17,Samplewoman\n')) =>
    pull(engine.context, source, delivery, new AbortController().signal)
  const presence = async () =>
    (await engine.rows<{ presence: string }>('select presence from source_record order by presence')).map(
      (row) => row.presence,
    )
  const stuck = deliveryOf('17,Samplewoman\n', {
    onSettle: () => Promise.reject(new ConnectorError({ kind: 'transient', code: 'csv.settle-failed' })),
  })

  await take(deliveryOf('17,Samplewoman\n18,Sampleman\n'))
  await expect(take(stuck)).rejects.toThrow('csv.settle-failed')
  expect(await presence()).toEqual(['missing', 'present'])
  engine.pass(2 * dayMs)
  await expect(take(stuck)).rejects.toThrow('csv.settle-failed')
  expect(await presence()).toEqual(['missing', 'present'])
  // This one was made later: it says once more that somebody is missing.
  expect((await take()).missing).toBe(1)
  expect(await presence()).toEqual(['gone', 'present'])
})
