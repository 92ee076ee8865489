import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { noTraces } from '../src/telemetry/traces.ts'
import { startPostgres, startRedis, type TestPostgres, type TestRedis, until } from '../test/support/servers.ts'
import { QueueFailure } from './failure.ts'
import { type OutboxDrain, startOutboxDrain } from './outbox-drain.ts'
import { openWakeUps, type WakeUp } from './wake-ups.ts'

// The table as the first migration makes it.
const outbox = `
create table gatehouse.outbox (
  id bigint generated always as identity primary key,
  target text not null,
  lane text not null check (lane in ('urgent', 'bulk')),
  delay_ms int not null default 0,
  urgent boolean generated always as (lane = 'urgent') stored
);
create function gatehouse.notify_outbox() returns trigger language plpgsql as $$
begin
  perform pg_notify('gatehouse_outbox', '');
  return null;
end $$;
create trigger outbox_notify after insert on gatehouse.outbox for each statement execute function gatehouse.notify_outbox();
grant select, insert, update, delete on gatehouse.outbox to runtime;`

let postgres: TestPostgres
let redis: TestRedis
let pool: pg.Pool
let admin: pg.Client
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  admin = new pg.Client(postgres.admin)
  await admin.connect()
  await admin.query(outbox)
  pool = new pg.Pool({ ...postgres.runtime, max: 4, application_name: 'drain-test' })
  pool.on('error', () => undefined)
}, 30_000)
afterAll(async () => {
  await pool.end()
  await admin.end()
  await Promise.all([redis[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
})

const drains: OutboxDrain[] = []
afterEach(async () => {
  await Promise.all(drains.splice(0).map((drain) => drain.stop()))
  await admin.query('delete from gatehouse.outbox')
})

function start(
  send: (wakes: readonly WakeUp[]) => Promise<void>,
  wakeHere: (wakes: readonly WakeUp[]) => void = () => undefined,
) {
  const errors: string[] = []
  const drain = startOutboxDrain({
    pool,
    wakeUps: { send, wakeHere },
    onError: (code) => errors.push(code),
    traces: noTraces,
  })
  drains.push(drain)
  return { drain, errors }
}

const add = (target: string, lane: string, count = 1, delayMs = 0) =>
  pool.query('insert into gatehouse.outbox (target, lane, delay_ms) select $1, $2, $3 from generate_series(1, $4)', [
    target,
    lane,
    delayMs,
    count,
  ])
const left = async () => Number((await pool.query('select count(*) from gatehouse.outbox')).rows[0].count)

/** The drain's LISTEN connection, once it is there. */
const listening = () =>
  until('it listens', async () => {
    const { rows } = await admin.query(
      `select pid from pg_stat_activity where query = 'listen gatehouse_outbox' and state = 'idle'`,
    )
    return rows[0]?.pid as number | undefined
  })

test('rows become one wake-up per target, lane and delay, and are gone', async () => {
  await add('hq', 'bulk', 700)
  await add('hq', 'urgent', 3)
  await add('labs', 'bulk', 1, 2_000)
  const sent: WakeUp[][] = []
  start(async (wakes) => void sent.push([...wakes]))
  await until('the outbox is empty', async () => (await left()) === 0)
  // The first batch of 500 holds all urgent rows.
  expect(sent[0]).toContainEqual({ target: 'hq', lane: 'urgent', delayMs: 0 })
  expect(sent.flat().filter(({ lane }) => lane === 'urgent')).toHaveLength(1)
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual([
    { target: 'hq', lane: 'bulk', delayMs: 0 },
    { target: 'labs', lane: 'bulk', delayMs: 2_000 },
  ])
})

test('a row that is not committed wakes nobody', async () => {
  let sent = 0
  start(async (wakes) => {
    sent += wakes.length
  })
  await listening()
  const client = await pool.connect()
  await client.query('begin')
  await client.query(`insert into gatehouse.outbox (target, lane) values ('hq', 'urgent')`)
  await sleep(100)
  expect(sent).toBe(0)
  await client.query('commit')
  client.release()
  await until('it was sent', () => sent >= 1)
  expect(sent).toBe(1)
})

test('while the queue store is away rows stay; when it is back they are sent, and nothing was dropped', async () => {
  let away = true
  const sent: WakeUp[] = []
  const { errors } = start(async (wakes) => {
    if (away) throw new QueueFailure('queue.store-unreachable')
    sent.push(...wakes)
  })
  await add('hq', 'urgent', 5)
  await sleep(300)
  expect(await left()).toBe(5)
  expect(errors).toEqual(['queue.store-unreachable'])
  away = false
  await until('it was sent', () => sent.length > 0, 3_000)
  await until('the outbox is empty', async () => (await left()) === 0)
})

test('a row that can name no target is dropped with an alarm and holds up nobody', async () => {
  await add('Ann Example', 'bulk')
  await add('hq', 'bulk', 1, -5)
  await add('hq', 'bulk')
  const sent: WakeUp[] = []
  const { errors } = start(async (wakes) => void sent.push(...wakes))
  await until('the outbox is empty', async () => (await left()) === 0)
  expect(sent).toEqual([{ target: 'hq', lane: 'bulk', delayMs: 0 }])
  expect(errors).toEqual(['queue.outbox-row-refused'])
})

test('when its LISTEN connection was ended it drains all the same, and listens again', async () => {
  let sent = 0
  start(async (wakes) => {
    sent += wakes.length
  })
  const pid = await listening()
  await admin.query('select pg_terminate_backend($1)', [pid])
  await add('hq', 'urgent')
  await until('the poll found it', () => sent >= 1)
  await until('another connection listens', async () => (await listening()) !== pid, 3_000)
  const tookMs: number[] = []
  for (let round = 0; round < 9; round++) {
    sent = 0
    const asked = performance.now()
    await add('hq', 'urgent')
    await until('the notice came', () => sent >= 1)
    tookMs.push(performance.now() - asked)
  }
  // The polls, one a second, would be the first to find it now and then, but not most times.
  tookMs.sort((a, b) => a - b)
  expect(tookMs[4], `took ${tookMs.map(Math.round).join(', ')} ms`).toBeLessThan(200)
})

test('what the queue store does not take is looked at in this process, and stays for the others', async () => {
  const here: WakeUp[] = []
  const refused = async () => {
    throw new QueueFailure('queue.store-unreachable')
  }
  start(refused, (wakes) => void here.push(...wakes))
  const asked = performance.now()
  await add('hq', 'urgent')
  await until('it is looked at', () => here.length > 0, 1_500)
  expect(performance.now() - asked).toBeLessThan(1_200)
  expect(here[0]).toEqual({ target: 'hq', lane: 'urgent', delayMs: 0 })
  expect(await left()).toBe(1)
})

test('two drains share the work without sending a row twice', async () => {
  const sent: string[] = []
  const slowly = async (wakes: readonly WakeUp[]) => {
    await sleep(20)
    sent.push(...wakes.map(({ target }) => target))
  }
  await pool.query(
    `insert into gatehouse.outbox (target, lane) select 't-' || i, 'bulk' from generate_series(1, 1500) i`,
  )
  start(slowly)
  start(slowly)
  await until('the outbox is empty', async () => (await left()) === 0)
  expect(sent.length).toBe(1_500)
  expect(new Set(sent).size).toBe(1_500)
})

test('stopping leaves no connection behind', async () => {
  const { drain } = start(async () => undefined)
  await listening()
  await drain.stop()
  const { rows } = await admin.query(
    `select count(*)::int as open from pg_stat_activity where query = 'listen gatehouse_outbox'`,
  )
  expect(rows[0].open).toBe(0)
})

describe.each(['redis', 'postgresql'] as const)('on %s', (backend) => {
  test('from commit to the start of the pump takes milliseconds', async () => {
    const wakeUps = await openWakeUps({
      ...(backend === 'redis' ? { redis: { url: redis.url, gatewayId: 'one' } } : {}),
      pg: { config: postgres.runtime, schema: 'bullmq' },
      onError: (code) => expect.fail(code),
    })
    let started = 0
    await wakeUps.consume('hq', async () => {
      started = performance.now()
    })
    const { errors } = start((wakes) => wakeUps.send(wakes))
    await listening()
    await until('the runs at the start are over', () => started > 0)
    const tookMs: number[] = []
    for (let i = 0; i < 60; i++) {
      await sleep(10)
      started = 0
      await add('hq', 'urgent')
      const committed = performance.now()
      await until('it started', () => started > 0, 2_000)
      tookMs.push(Math.max(0, started - committed))
    }
    await wakeUps.close()
    tookMs.sort((a, b) => a - b)
    // Far above what is seen (1 to 4 ms): the machines that run this are busy.
    expect(tookMs[30]).toBeLessThan(50)
    expect(errors).toEqual([])
  })
})

test('after every LISTEN connection was ended the next lock-out starts within 100 ms: 95 of 100 times', {
  timeout: 60_000,
}, async () => {
  const wakeUps = await openWakeUps({ pg: { config: postgres.runtime, schema: 'bullmq' }, onError: () => undefined })
  let started = 0
  await wakeUps.consume('hq', async (lane) => {
    if (lane === 'urgent') started = performance.now()
  })
  start(
    (wakes) => wakeUps.send(wakes),
    (wakes) => wakeUps.wakeHere(wakes),
  )
  const tookMs: number[] = []
  for (let round = 0; round < 50; round++) {
    await listening()
    await until('the queue listens', () => listensForJobs())
    await sleep(20)
    const { rows } = await admin.query(
      `select pg_terminate_backend(pid) as ended from pg_stat_activity
        where query = 'listen gatehouse_outbox' or application_name = 'gatehouse-wake-ups' and query ~ 'LISTEN'`,
    )
    expect(rows.length).toBeGreaterThanOrEqual(2)
    // Whatever looks at the lane by itself does not know of this one yet.
    started = 0
    await add('hq', 'urgent')
    const committed = performance.now()
    await until('it started', () => started > committed, 5_000)
    tookMs.push(started - committed)
  }
  await wakeUps.close()
  tookMs.sort((a, b) => a - b)
  expect(tookMs[47], `the slowest: ${tookMs.slice(-5).map(Math.round).join(', ')} ms`).toBeLessThan(100)
})

async function listensForJobs(): Promise<boolean> {
  const { rowCount } = await admin.query(
    `select from pg_stat_activity where application_name = 'gatehouse-wake-ups' and query ~ 'LISTEN'`,
  )
  return (rowCount ?? 0) > 0
}
