import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, day, hour, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { existing, match } from '../match/match.fixture.ts'
import { openDeepSweep } from './deep-sweep.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()
let bench: Bench

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (count = 12) => Array.from({ length: count }, (_, who) => row(who))
const user = (who: number) => bench.target.users.get(`n${who}`) as TargetUser
const signal = new AbortController().signal
const sweep = (now = true) => sweepIfDue(bench.context, bench.setup, { now, brakes: bench.brakes }, signal)
const settle = async (rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const drifts = async () =>
  (await bench.rows<{ class: string }>('select class from drift order by class')).map((each) => each.class)

describe('who is locked out and was opened is shut again', () => {
  beforeEach(async () => {
    bench = await engine.begin({ leaver: { deleteAfterMs: 14 * day } })
    await settle(many())
    await settle([row(0, { status: 'left' }), ...many().slice(1)])
    user(0).lock = 'open'
  })

  const works: readonly [what: string, values: string, alarms: readonly string[]][] = [
    ['that is put off', `'bulk', '2099-01-01', null`, ['guard.failed', 'lockout.undone']],
    ['that was given up', `'bulk', now(), now()`, ['lockout.undone']],
    ['that waits', `'bulk', now() + interval '30 minutes', null`, ['lockout.undone']],
    ['of a lock-out that is put off', `'urgent', '2099-01-01', null`, ['guard.failed']],
    ['of a lock-out that was given up', `'urgent', now(), now()`, ['lockout.undone']],
  ]
  test.each(works)('though there is work %s', async (_what, values, alarms) => {
    await engine.tamper(
      `insert into account_work (account_id, target, lane, due_at, dead_at)
       select id, target, ${values} from account where desired like '{"lock":"closed"%'`,
    )
    await sweep()
    await bench.work()
    expect([user(0).lock, await bench.alarms()]).toEqual(['closed', alarms])
  })

  test('though somebody says that more was applied than was ever desired', async () => {
    await engine.tamper('update account set applied_version = 2147483647')
    user(1).levels.add('id of Vault')
    await sweep()
    await bench.rest()
    await sweep()
    expect([user(0).lock, await drifts()]).toEqual(['closed', ['level-added']])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('under whatever name, as long as the account that is to be deleted is there', async () => {
    user(0).lock = 'closed'
    bench.target.fault = ({ verb }) => (verb === 'remove' ? { is: 'failure', kind: 'rejected' } : null)
    await bench.pass(15 * day)
    await bench.followCalendar()
    await bench.work()
    expect(await bench.rows(`select 1 from account where desired like '%"gone":true%'`)).toHaveLength(1)
    Object.assign(user(0), { lock: 'open', profile: { name: 'Somebody Else' } })
    await sweep()
    await bench.work()
    expect(user(0).lock).toBe('closed')
  })

  test('and what got the id of a deleted one under another name is told as an account of nobody', async () => {
    user(0).lock = 'closed'
    await match(bench)
    await bench.pass(15 * day)
    await bench.followCalendar()
    await bench.rest()
    expect(bench.target.users.has('n0')).toBe(false)
    bench.target.users.set('n0', existing({ name: 'A Stranger' }))
    await sweep()
    await sweep()
    await bench.rest()
    expect([user(0).lock, await drifts()]).toEqual(['open', ['unknown-account']])
  })

  test('and the alarm of a single read is over only when that is proven', async () => {
    bench.target.shallow = true
    Object.assign(bench.target, { lockUntold: true })
    await sweep()
    Object.assign(bench.setup, { deepSweep: { everyMs: hour, requestsPerSecond: 1 } })
    const { step } = openDeepSweep(bench.context, bench.setup)
    for (let past = 0; past < hour; past += minute) {
      await step(signal)
      await bench.pass(minute)
    }
    await sweep()
    expect(await bench.alarms()).toEqual(['lockout.undone'])
    await bench.work()
    await sweep()
    expect([user(0).lock, await drifts()]).toEqual(['closed', []])
    expect(await bench.alarms()).toEqual([])
  })
})
