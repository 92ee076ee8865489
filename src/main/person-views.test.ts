import { expect, test } from 'vitest'
import { useEngine } from '../sync/fixtures/engine.fixture.ts'
import { GuardBench } from '../sync/guard/guard.fixture.ts'
import { personView } from './person-views.ts'

const engine = useEngine()

test('an account is suspended, or waits to be, as it says and its suspension says; where one of them lies, that is said', async () => {
  const bench = await engine.begin({ guard: { unexpected: 'suspend' } })
  const guard = new GuardBench(bench)
  await guard.people(2)
  const of = async (who: number) => {
    const { accounts } = await personView(bench.context, bench.levels, await bench.personOf(`n${who}`))
    return accounts.map(({ suspension }) => suspension)
  }
  expect(await of(1)).toEqual([null])
  await bench.protect(await bench.personOf('n2'))
  const since = bench.context.now().toISOString()
  await guard.swapAndWatch(1)
  await guard.swapAndWatch(2)
  const ids = await bench.rows<{ id: string }>(`select id from suspension order by state`)
  expect(await of(1)).toEqual([{ id: ids[0]?.id, state: 'shut', since }])
  expect(await of(2)).toEqual([{ id: ids[1]?.id, state: 'waits', since }])
  const forged = { id: ids[0]?.id, state: 'forged', since: null }
  await engine.tamper(`update suspension set shut_at = shut_at - interval '1 day' where state = 'shut'`)
  expect(await of(1)).toEqual([forged])
  await engine.tamper(`delete from suspension where state = 'shut'`)
  expect(await of(1)).toEqual([forged])
})

test('what is noted of an account for the guard is not shown', async () => {
  const bench = await engine.begin()
  const guard = new GuardBench(bench)
  await guard.people(1)
  const { accounts } = await personView(bench.context, bench.levels, await bench.personOf('n1'))
  const shown = Object.keys(accounts[0]?.actual ?? {})
  expect(shown).toContain('pin')
  expect(shown.filter((name) => ['marks', 'changedAt', 'lookedAt'].includes(name))).toEqual([])
})
