/** What campaigns rely on: whoever HR moves is in by then, and HR never runs out of people. */
import { afterEach, expect, test, vi } from 'vitest'
import { random } from '../../demo/workforce/random.ts'
import type { Site } from '../support/site.ts'
import { Hr } from './hr.ts'

afterEach(() => void vi.useRealTimers())

test.each(['2026-11-26T04:08:00Z', '2026-07-01T06:59:00Z', '2026-11-26T09:00:00Z', '2026-11-26T20:00:00Z'])(
  'whoever is moved works here by then, at every site, and most are still here after many changes, at %s',
  async (at) => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(at) })
    const hr = new Hr({ directory: '', drop: async () => undefined } as unknown as Site, 200)
    await hr.exportAll()
    const chance = random(318680421, 1)
    for (let n = 0; n < 120; n += 1) await hr.change(chance, 1 + chance.below(6))
    const moved = await hr.move(15)
    const isIn = new Map(hr.people().map((person) => [person.userId, person.isIn]))
    expect(moved.filter((id) => isIn.get(id) !== true)).toEqual([])
    expect([...isIn.values()].filter(Boolean).length).toBeGreaterThan(isIn.size / 2)
  },
)
