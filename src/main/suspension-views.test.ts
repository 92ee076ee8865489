import { expect, test } from 'vitest'
import { useEngine } from '../sync/fixtures/engine.fixture.ts'
import { openEnrolment } from '../sync/guard/enrolment.ts'
import { GuardBench } from '../sync/guard/guard.fixture.ts'
import { enrolmentPage, suspensionPage } from './suspension-views.ts'

const engine = useEngine()
const all = { all: true, limit: 10 }

test('a row that somebody else wrote is listed as forged, whatever stands in it, and keeps no other from being shown', async () => {
  const bench = await engine.begin({ guard: { unexpected: 'suspend' } })
  const guard = new GuardBench(bench)
  await guard.people(2)
  await guard.swapAndWatch(1)
  await guard.swapAndWatch(2)
  for (const name of ['n1', 'n2'])
    await openEnrolment(bench.context, await bench.personOf(name), bench.operator, { for: '1h', reason: 'new' })
  const one = `in (select id from account where person_id = $1)`
  const person = await bench.personOf('n1')
  await engine.tamper(`update suspension set found_at = 'infinity', shut_at = '-infinity' where account_id ${one}`, [
    person,
  ])
  await engine.tamper(`update enrolment set until = 'infinity', closed_at = '-infinity' where person_id = $1`, [person])
  const suspensions = await suspensionPage(bench.context, all)
  expect(suspensions.rows.map((row) => [row.person === person, row.state])).toEqual([
    [true, 'forged'],
    [false, 'shut'],
  ])
  const windows = await enrolmentPage(bench.context, all)
  expect(windows.rows.map((row) => [row.person === person, row.forged]).sort()).toEqual([
    [false, false],
    [true, true],
  ])
})
