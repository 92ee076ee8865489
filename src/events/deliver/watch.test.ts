import { expect, test } from 'vitest'
import { addDeliveries, type Tried } from '../../store/subscriptions/deliveries.ts'
import { readSubscriptions, registerSubscriptions, restoreSubscriptionRows } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import { day, minute, useEngine } from '../../sync/fixtures/engine.fixture.ts'
import { disableByItself, disableSubscription } from './decide.ts'
import { because, openWorkshop } from './deliver.fixture.ts'
import { forgetDeliveries, watchSubscriptions } from './watch.ts'

const engine = useEngine()

async function begin(...ids: string[]) {
  const bench = await engine.begin()
  const workshop = openWorkshop(engine)
  for (const id of ids) await workshop.register(id)
  const subscriptions = new Map(ids.map((id) => [id, null]))
  const alarms = async () =>
    (
      await bench.rows<{ code: string; scope: string }>(
        'select code, scope from alarm where cleared_at is null order by code, scope',
      )
    ).map(({ code, scope }) => `${code} ${scope}`)
  const watch = watchSubscriptions({ context: workshop.context, subscriptions })
  return { bench, workshop, subscriptions, alarms, watch }
}

const failing = (more: string) =>
  `update subscription set attempts = 3, failing_since = now(), kind = 'transient', code = 'http.timeout' ${more}`

test('one that fails is told of after ten minutes, one that must not log in at once, and one that a person stopped not at all', async () => {
  const { workshop, alarms, watch, bench } = await begin('a', 'b', 'c')
  await engine.tamper(failing(`where id = 'a'`))
  await engine.tamper(`${failing(`where id = 'b'`)}`)
  await engine.tamper(`update subscription set kind = 'unauthenticated' where id = 'b'`)
  await disableSubscription(workshop.context, 'c', because)
  await watch()
  expect(await alarms()).toEqual(['subscription.failing b'])
  workshop.pass(11 * minute)
  await watch()
  expect(await alarms()).toEqual(['subscription.failing a', 'subscription.failing b'])
  await disableByItself(workshop.context, 'a', 'subscription.given-up')
  await disableByItself(workshop.context, 'c', 'sink.gone')
  expect(workshop.logged.filter((event) => event === 'subscription.disabled')).toHaveLength(1)
  await watch()
  expect(await alarms()).toEqual(['subscription.disabled a', 'subscription.failing b'])
  expect(await bench.rows(`select state_code from subscription where id = 'c'`)).toEqual([
    { state_code: 'subscription.by-hand' },
  ])
})

test.each([
  `failing_since = 'infinity'`,
  `next_try_at = 'infinity'`,
  `taken_at = '-infinity'`,
  `state_at = 'infinity'`,
])(
  'what only somebody else can have written of one (%s) keeps no other from being watched, nor any from being shown',
  async (planted) => {
    const { workshop, alarms, watch } = await begin('a', 'b')
    await engine.tamper(failing(`where id = 'b'`))
    await engine.tamper(`update subscription set ${planted} where id = 'a'`)
    workshop.pass(11 * minute)
    await watch()
    expect(await alarms()).toContain('subscription.failing b')
    const shown = await readSubscriptions(engine.database.pool, engine.vault)
    const times = shown.flatMap(({ row }) => [row.failing_since, row.next_try_at, row.taken_at, row.state_at])
    expect(times.filter((at) => at !== null && !(at instanceof Date))).toEqual([])
    expect(shown.map(({ row, genuine }) => [row.id, genuine])).toEqual([
      ['a', !planted.startsWith('state_at')],
      ['b', true],
    ])
  },
)

const fiveEvents = async () => {
  const signed = engine.vault.guard('event_source', ['hq', 5, null, 0, 0, 0])
  await engine.tamper(`insert into event_source (source, position, guard) values ('hq', 5, $1)`, [signed])
}
const fivePunches = async () => {
  const signed = engine.vault.guard('punch_log', [5])
  await engine.tamper('insert into punch_log (last_n, guard) values (5, $1)', [signed])
}

test.each([
  ['hq', fiveEvents],
  ['attendance_log', fivePunches],
])('one that is behind in %s and does not move is told of, whatever holds it', async (source, happen) => {
  const { workshop, alarms, watch } = await begin('siem')
  await happen()
  await engine.tamper(
    `insert into subscription_position (subscription, source, epoch, position, guard) values ('siem', $1, 0, 2, '')`,
    [source],
  )
  await watch()
  workshop.pass(9 * minute)
  await engine.tamper('update subscription_position set position = 3')
  await watch()
  workshop.pass(9 * minute)
  await watch()
  expect(await alarms()).toEqual([])
  workshop.pass(9 * minute)
  await watch()
  expect(await alarms()).toEqual(['subscription.failing siem'])
  await engine.tamper('update subscription_position set position = 5')
  await watch()
  expect(await alarms()).toEqual([])
})

test('what was passed over within a day is counted', async () => {
  const { workshop, alarms, watch } = await begin('siem')
  const { pool } = engine.database
  const now = workshop.context.now()
  const tried: Tried = {
    ...{ outcome: 'refused', begunAt: now, endedAt: now, spans: {}, batches: 1, events: 1, erased: 0, unfiltered: 0 },
    ...{ lost: 0, attempt: 1, status: 400, code: 'x.y', longestMs: 1 },
  }
  await addDeliveries(pool, 'siem', [tried, { ...tried, outcome: 'taken', unfiltered: 4 }])
  await addDeliveries(pool, 'elsewhere', [tried])
  await watch()
  expect(await alarms()).toEqual(['subscription.filter-failed siem', 'subscription.refused siem'])
  await engine.tamper(`update delivery set ended_at = now() - interval '25 hours'`)
  await watch()
  expect(await alarms()).toEqual([])
})

test('one that is in no configuration keeps its place for thirty days, and is forgotten then; a row that was deleted comes back unsigned', async () => {
  const { workshop, subscriptions, bench } = await begin('siem', 'old')
  subscriptions.delete('old')
  const ids = async () =>
    (await bench.rows<{ id: string }>('select id from subscription order by id')).map(({ id }) => id)
  await forgetDeliveries({ context: workshop.context, subscriptions })
  workshop.pass(29 * day)
  await forgetDeliveries({ context: workshop.context, subscriptions })
  expect(await ids()).toEqual(['old', 'siem'])
  // It comes back, and is taken out again.
  await inTransaction(engine.database.pool, (client) =>
    registerSubscriptions(client, engine.vault, [{ id: 'old', feed: 'events', from: 'now' }], workshop.context.now()),
  )
  expect(await bench.rows('select left_at from subscription')).toEqual([{ left_at: null }, { left_at: null }])
  await forgetDeliveries({ context: workshop.context, subscriptions })
  expect(await ids()).toEqual(['old', 'siem'])
  workshop.pass(31 * day)
  await forgetDeliveries({ context: workshop.context, subscriptions })
  expect(await ids()).toEqual(['siem'])
  expect(await bench.rows(`select object from audit_pending where action = 'subscription.forgotten'`)).toEqual([
    { object: 'old' },
  ])
  await engine.tamper('delete from subscription')
  await restoreSubscriptionRows(engine.database.pool, ['siem'])
  expect(await bench.rows('select guard from subscription')).toEqual([{ guard: null }])
})
