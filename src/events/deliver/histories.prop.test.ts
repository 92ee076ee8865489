/** Random histories of receivers that fail, processes that die, and people who have things delivered once more: nothing is lost, nothing is out of order, and no position runs ahead. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { useEngine } from '../../sync/fixtures/engine.fixture.ts'
import type { SubscriptionSetup } from './context.ts'
import { disableSubscription, enableSubscription, replaySubscription } from './decide.ts'
import { because, type Fault, memoryFeed, memorySink, openWorkshop, type Workshop } from './deliver.fixture.ts'
import { oneAtATime } from './sink-call.ts'

const engine = useEngine()

const sources = ['hq', 'labs'] as const
const source = fc.constantFrom(...sources)
const fault = fc.constantFrom<Fault>('away', 'unsaid', 'throttled', 'unauthenticated', 'slow')

const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      source,
      count: fc.integer({ min: 1, max: 12 }),
      skipped: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('fail' as const), faults: fc.array(fault, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('poison' as const),
      source,
      ahead: fc.integer({ min: 1, max: 20 }),
      how: fc.constantFrom('batch' as const, 'item' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read-fails' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), withinMs: fc.constantFrom(0, 500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('second' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('off-and-on' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replay' as const), source, back: fc.integer({ min: 1, max: 10 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15 }) }) },
)

const parts = (id: string): readonly [string, number] => {
  const [name = '', position] = id.split('-')
  return [name, Number(position)]
}

test('every event arrives, in the order of its source, and no position runs ahead of what was taken', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
      await engine.begin()
      const workshop = openWorkshop(engine)
      const feed = memoryFeed()
      const sink = memorySink({ events: 5, bytes: 4_096 })
      const setup: SubscriptionSetup = { id: 'siem', feed, sink: oneAtATime(sink), callLimitMs: 5_000 }
      await workshop.register('siem')
      const lengths = new Map<string, number>()
      const skipped = new Set<string>()
      let replays = 0
      let processes = [workshop.start(setup)]
      /** What is before a position was taken, was left out, or will never be taken. */
      const noneAhead = async () => {
        const positions = await workshop.positions('siem')
        const done = new Set([...sink.taken, ...skipped, ...sink.poison.keys()])
        for (const [name, position] of Object.entries(positions))
          for (let i = 1; i <= position; i += 1) expect(done).toContain(`${name}-${i}`)
      }
      try {
        for (const step of acts) {
          await one(step)
          await noneAhead()
        }
        sink.faults.length = 0
        // One that is refused alone is given up on when the receiver takes what comes behind it: so something does.
        for (const name of lengths.keys())
          do await one({ do: 'append', source: name as (typeof sources)[number], count: 1, skipped: 0 })
          while (sink.poison.has(`${name}-${lengths.get(name)}`))
        await vi.waitFor(
          async () => expect(await workshop.positions('siem')).toEqual(Object.fromEntries([...lengths].sort())),
          { timeout: 20_000, interval: 5 },
        )
        await noneAhead()
      } finally {
        await Promise.all(processes.map((each) => each.stop(500)))
      }
      const wanted = [...lengths].flatMap(([name, length]) =>
        Array.from({ length }, (_, i) => `${name}-${i + 1}`).filter((id) => !skipped.has(id) && !sink.poison.has(id)),
      )
      expect([...new Set(sink.taken)].sort()).toEqual(wanted.sort())
      // An event that was refused alone may come after the one behind it: only then was the receiver at fault, and not the event.
      if (sink.poison.size === 0) inOrder(sink.taken)
      expect(replays).toBeGreaterThanOrEqual(0)

      async function one(step: (typeof acts)[number]): Promise<void> {
        if (step.do === 'append') {
          const length = lengths.get(step.source) ?? 0
          feed.append(step.source, step.skipped, { skipped: true })
          for (let i = 1; i <= step.skipped; i += 1) skipped.add(`${step.source}-${length + i}`)
          feed.append(step.source, step.count)
          lengths.set(step.source, length + step.skipped + step.count)
          for (const each of processes) each.tell(step.source)
        } else if (step.do === 'fail') sink.faults.push(...step.faults)
        else if (step.do === 'poison') {
          const id = `${step.source}-${(lengths.get(step.source) ?? 0) + step.ahead}`
          // Two in a row look like a receiver that takes nothing, which is given up on: see the tests of deliveries.
          if (![...sink.poison.keys()].some((other) => parts(other)[0] === step.source)) sink.poison.set(id, step.how)
        } else if (step.do === 'read-fails') feed.faults.push('fails')
        else if (step.do === 'restart') {
          await Promise.all(processes.map((each) => each.stop(step.withinMs)))
          processes = [workshop.start(setup)]
        } else if (step.do === 'second') processes.push(workshop.start(setup))
        else if (step.do === 'off-and-on') {
          await disableSubscription(workshop.context, 'siem', because)
          await enableSubscription(workshop.context, 'siem', because)
        } else if (step.do === 'replay') await replay(workshop, setup, step.source, step.back)
        else await new Promise((resolve) => setTimeout(resolve, step.ms))
      }

      async function replay(at: Workshop, of: SubscriptionSetup, name: string, back: number): Promise<void> {
        const reached = (await at.positions('siem'))[name] ?? 0
        if (reached === 0) return
        replays += 1
        await replaySubscription(at.context, of, { source: name, position: Math.max(reached - back, 1) }, because)
      }
    }),
    { numRuns: Number(process.env.HISTORIES ?? 12) },
  )
})

/** Whatever comes again, comes in order as well: nobody gets one for the first time before those that are before it. */
function inOrder(taken: readonly string[]): void {
  const furthest = new Map<string, number>()
  for (const [name, position] of taken.map(parts)) {
    const before = furthest.get(name) ?? 0
    if (position > before) furthest.set(name, position)
  }
  const firsts = [...new Set(taken)].map(parts)
  for (const name of sources) {
    const positions = firsts.flatMap(([of, position]) => (of === name ? [position] : []))
    expect(positions).toEqual([...positions].sort((left, right) => left - right))
  }
}
