import { beforeEach, describe, expect, test } from 'vitest'
import { accountDigest } from '../../store/identifiers.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { backUpStore } from './back-up.fixture.ts'
import { relockOnce } from './relock.ts'
import { settleRestore } from './settle.ts'
import { takeStock } from './take-stock.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { department: 'Sales', ...more })
const stock = () => takeStock(bench.context, bench.setup, new AbortController().signal)
const settle = async (...rows: readonly HrRow[]) => {
  await bench.deliver(rows)
  await bench.rest()
}
const backUp = () => backUpStore(engine, bench)
const start = async () => {
  await relockOnce(bench.context)
  await stock()
  await bench.rest()
}
const events = () => bench.logged.map(({ event }) => event)

describe('a restored store', () => {
  test('reads every account, also one that somebody said was read in the future', async () => {
    await settle(row(1), row(2))
    await engine.tamper(`update account set actual_at = '2100-01-01'`)
    const restore = await backUp()
    const user = bench.target.users.get('n1')
    if (user === undefined) throw new Error('there is no such account')
    user.lock = 'closed'
    await restore()
    await start()
    const person = await bench.personOf('n1')
    expect(await bench.rows('select id from person where locked_at is not null')).toEqual([{ id: person }])
    expect(events()).toContain('restore.found-shut')
  })

  test('goes on with the accounts where it ended, whatever is said of them meanwhile', async () => {
    const people = Array.from({ length: 120 }, (_, i) => row(i + 1))
    await settle(...people)
    const restore = await backUp()
    await restore()
    await relockOnce(bench.context)
    const [last] = await bench.rows<{ id: string; external_digest: Buffer }>(
      'select id, external_digest from account order by id desc limit 1',
    )
    const hidden = people.find(({ number }) =>
      accountDigest(engine.vault, 'doors', number as string).equals(last?.external_digest as Buffer),
    )?.number as string
    let reads = 0
    bench.target.fault = ({ verb }) => (verb === 'read' && ++reads > 100 ? { is: 'failure', kind: 'transient' } : null)
    await expect(stock()).rejects.toMatchObject({ kind: 'transient' })
    await engine.tamper('update account set actual_at = now()')
    bench.target.fault = () => null
    bench.target.calls.length = 0
    await stock()
    const again = bench.target.calls.filter(({ verb }) => verb === 'read').map(({ externalId }) => externalId)
    expect([again.length, again.includes(hidden)]).toEqual([20, true])
  })

  test('waits for what its sources really deliver, not for what their rows say', async () => {
    await settle(row(1), row(2))
    const restore = await backUp()
    await restore()
    await engine.tamper(`update source set complete_at = '2100-01-01'`)
    await start()
    await settleRestore(bench.context)
    expect(await bench.alarms()).toEqual(['restore.awaits-source', 'restore.unsettled'])
    await bench.deliver([row(1), row(2)], { mode: 'delta' })
    await settleRestore(bench.context)
    expect(await bench.alarms()).toEqual(['restore.awaits-source', 'restore.unsettled'])
    await settle(row(1), row(2))
    await settleRestore(bench.context)
    expect(await bench.alarms()).toEqual([])
  })
})
