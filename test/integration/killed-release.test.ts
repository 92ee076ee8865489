import pg from 'pg'
import { expect, test } from 'vitest'
import { file, heldPlan, isIn, statusOf, workers } from '../support/people.ts'
import { startPostgres, until } from '../support/servers.ts'
import { openSite } from '../support/site.ts'

test('a release whose process was killed before it made a single change is finished after the next start, unasked', async () => {
  await using postgres = await startPostgres()
  await using site = await openSite({ databaseUrl: postgres.url })
  const { token } = site
  const rows = workers(30)
  const first = await site.start()
  await site.drop('workers-2026-01-01.csv', file(rows))
  const plan = await heldPlan(first, token)

  const admin = new pg.Client(postgres.admin)
  await admin.connect()
  await admin.query('begin')
  // Readers pass; whoever wants to change an account waits.
  await admin.query('lock table gatehouse.account in exclusive mode')
  const released = first.call(token, `/v1/plans/${plan.id}/release`, { reason: 'checked' }).catch(() => 'died')
  const other = new pg.Client(postgres.admin)
  await other.connect()
  await until('the release is decided', async () => {
    const { rows: found } = await other.query<{ state: string }>('select state from gatehouse.plan')
    return found[0]?.state === 'released'
  })
  await first.kill()
  await released
  await admin.query('rollback')
  await Promise.all([admin.end(), other.end()])

  const second = await site.start()
  await until('everybody is in', () => rows.every((row) => isIn(site, row)), 20_000)
  expect((await statusOf(second, token)).plans.held).toBe(0)
  const decided = await until('the trail tells it', async () => {
    const { rows: entries } = await second.call<{ rows: { action: string }[] }>(token, '/v1/audit?limit=500')
    const released = entries.filter(({ action }) => action === 'plan.released')
    return released.length > 0 && released
  })
  expect(decided).toHaveLength(1)
})
