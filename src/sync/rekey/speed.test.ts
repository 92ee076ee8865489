/** How long the keys of many people take: `PEOPLE=20000` for the figure that the guide names. */
import { expect, test } from 'vitest'
import { startEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { replaceAll } from './rekey.fixture.ts'

const people = Number(process.env.PEOPLE ?? 1_000)

test('keys are replaced for hundreds of people a second, in flat memory', { timeout: 600_000 }, async () => {
  await using engine = await startEngine()
  const bench = await engine.begin()
  await bench.deliver(
    Array.from({ length: people }, (_, who) => hrRow(who, { card: `${who % 60_000}`, person: `p${who}` })),
  )
  await bench.work()
  const begun = performance.now()
  const memory = process.memoryUsage().rss
  const { tally } = await replaceAll(bench)
  const seconds = (performance.now() - begun) / 1_000
  const more = Math.round((process.memoryUsage().rss - memory) / 1e6)
  process.stdout.write(
    `${people} people, ${tally.sum('rows')} rows: ${seconds.toFixed(1)} s, ${Math.round(people / seconds)} people/s, ${more} MB more\n`,
  )
  expect(tally.sum('refused') + tally.sum('unreadable')).toBe(0)
  expect(people / seconds).toBeGreaterThan(100)
})
