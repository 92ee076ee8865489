/** Proves that a proof claims what the target said a moment ago, and no more. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Health } from '../connector/contract.ts'
import { type Bench, useEngine } from '../sync/fixtures/engine.fixture.ts'
import { openTargetReach } from './target-reach.ts'

const never = new AbortController().signal
const minute = 60_000

describe('how far a write reaches', () => {
  const engine = useEngine()
  let bench: Bench
  let said: Health['reach'] | Error
  let worries: string[]
  let asked: number
  let logged: unknown[]

  beforeEach(async () => {
    bench = await engine.begin()
    said = 'read-back'
    worries = []
    asked = 0
    logged = []
  })

  function open() {
    const health = async (): Promise<Health> => {
      asked += 1
      if (said instanceof Error) throw said
      const problems = worries.map((code) => ({ severity: 'warning' as const, code, message: '' }))
      return { product: 'memory', version: '1', reach: said, problems }
    }
    const connection = { ...bench.setup.connection, health }
    return openTargetReach(bench.context, { ...bench.setup, connection }, { warn: (line) => void logged.push(line) })
  }

  const noted = async () => (await bench.rows('select reach from target'))[0]?.reach

  test('is not claimed before anybody asked, then as it was said, and once a minute anew', async () => {
    const reach = open()
    expect(reach.now()).toBe('accepted')
    await reach.ask(never)
    await reach.ask(never)
    expect([reach.now(), await noted(), asked]).toEqual(['read-back', 'read-back', 1])
    said = 'not-knowable'
    await bench.pass(minute + 1)
    await reach.ask(never)
    expect([reach.now(), await noted(), asked]).toEqual(['not-knowable', 'not-knowable', 2])
  })

  test('is claimed no more when nobody has said so for three minutes', async () => {
    const reach = open()
    await reach.ask(never)
    said = new Error('away')
    await bench.pass(2 * minute)
    await expect(reach.ask(never)).rejects.toThrow('away')
    expect([reach.now(), await noted()]).toEqual(['read-back', 'read-back'])
    await bench.pass(minute + 1)
    expect(reach.now()).toBe('accepted')
    await expect(reach.ask(never)).rejects.toThrow('away')
    expect(await noted()).toBe('accepted')
  })

  test('a worry is logged when it comes up, and again when it comes back', async () => {
    const reach = open()
    for (const worry of [['doors.behind'], ['doors.behind'], [], ['doors.behind']]) {
      worries = worry
      await reach.ask(never)
      await bench.pass(minute + 1)
    }
    expect(logged).toEqual(Array(2).fill({ event: 'target.problem', target: 'doors', code: 'doors.behind' }))
  })
})
