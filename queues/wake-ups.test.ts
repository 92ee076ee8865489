import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, startRedis, type TestPostgres, type TestRedis, until } from '../test/support/servers.ts'
import type { Pump } from './lane-runner.ts'
import { openWakeUps, type WakeUps } from './wake-ups.ts'

let redis: TestRedis
let postgres: TestPostgres
let admin: pg.Client
beforeAll(async () => {
  ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  admin = new pg.Client(postgres.admin)
  await admin.connect()
}, 30_000)
afterAll(async () => {
  await admin.end()
  await Promise.all([redis[Symbol.asyncDispose](), postgres[Symbol.asyncDispose]()])
})

const open: WakeUps[] = []
const errors: string[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((wakeUps) => wakeUps.close()))
  errors.length = 0
})

/** A lane that is blocked waits for the lock of whoever holds it up, 5 s, or longer. */
const notBlockedMs = 3_000

/** A target of its own for each test. */
let targets = 0
function newTarget(): string {
  targets += 1
  return `t-${targets}`
}

const storeOf = (backend: 'redis' | 'postgresql') => ({
  ...(backend === 'redis' ? { redis: { url: redis.url, gatewayId: 'one' } } : {}),
  pg: { config: postgres.runtime, schema: 'bullmq' },
})

async function openStore(backend: 'redis' | 'postgresql'): Promise<WakeUps> {
  const wakeUps = await openWakeUps({ ...storeOf(backend), onError: (code) => errors.push(code) })
  open.push(wakeUps)
  return wakeUps
}

/** Consumes and waits until the runs at the start are over, which the tests don't count. */
async function consumeQuietly(
  wakeUps: WakeUps,
  target: string,
  pump: Pump,
  slots: { urgentSlots?: number; bulkSlots?: number } = {},
) {
  let starts = 2
  const consumer = await wakeUps.consume(
    target,
    async (lane, signal) => {
      if (starts > 0) starts -= 1
      else await pump(lane, signal)
    },
    slots,
  )
  await until('both lanes were looked at once', () => starts === 0)
  return consumer
}

describe.each(['redis', 'postgresql'] as const)('on %s', (backend) => {
  test('starting to consume looks at both lanes once', async () => {
    const wakeUps = await openStore(backend)
    const seen: string[] = []
    await wakeUps.consume(newTarget(), async (lane) => void seen.push(lane))
    await until('both lanes ran', () => seen.length >= 2)
    expect(seen.sort()).toEqual(['bulk', 'urgent'])
    expect(await wakeUps.health()).toEqual({ backend, ok: true })
  })

  test('wake-ups that wait are merged: a thousand of them are one run', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    for (let i = 0; i < 10; i++) await wakeUps.send(Array.from({ length: 100 }, () => ({ target, lane: 'bulk' })))
    let runs = 0
    await consumeQuietly(wakeUps, target, async () => {
      runs += 1
    })
    await sleep(500)
    // The run at the start and the one of the message may come in either order.
    expect(runs).toBeLessThanOrEqual(1)
    await wakeUps.send([{ target, lane: 'bulk' }])
    await until('the next one ran', () => runs >= 1)
  })

  test('no wake-up of 2,000 that race with running pumps is lost', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    // The database as it would be: what is committed before a send must be seen by a run that begins after it.
    let committed = 0
    let seen = 0
    let runs = 0
    const pump: Pump = async () => {
      runs += 1
      const read = committed
      await sleep(Math.random() * 3)
      seen = Math.max(seen, read)
    }
    await consumeQuietly(wakeUps, target, pump, { urgentSlots: 2 })
    for (let round = 0; round < 400; round++) {
      const racing = Array.from({ length: 5 }, async () => {
        await sleep(Math.random() * 4)
        committed += 1
        await wakeUps.send([{ target, lane: 'urgent' }])
      })
      await Promise.all(racing)
      // At rest the last one must have been seen, or its wake-up was lost.
      await until(`${committed} was seen`, () => seen === committed, 3_000)
    }
    expect(committed).toBe(2_000)
    expect(runs).toBeLessThan(committed)
    expect(errors).toEqual([])
  }, 30_000)

  test('a wake-up sent while a pump runs has its own run beside it, or after it when no slot is free', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const gate = Promise.withResolvers<void>()
    const begun: string[] = []
    const pump: Pump = async (lane) => {
      begun.push(lane)
      await gate.promise
    }
    await consumeQuietly(wakeUps, target, pump, { urgentSlots: 2, bulkSlots: 1 })
    for (const count of [1, 2]) {
      await wakeUps.send([{ target, lane: 'urgent' }])
      await until(
        'an urgent run began beside the other',
        () => begun.filter((lane) => lane === 'urgent').length >= count,
      )
    }
    await wakeUps.send([{ target, lane: 'bulk' }])
    await until('the bulk run began', () => begun.includes('bulk'))
    await wakeUps.send([{ target, lane: 'bulk' }])
    await sleep(200)
    expect(begun.filter((lane) => lane === 'bulk')).toHaveLength(1)
    gate.resolve()
    await until('the bulk lane ran again', () => begun.filter((lane) => lane === 'bulk').length >= 2)
  })

  test('a delayed wake-up comes in time, and does not swallow an immediate one', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const at: number[] = []
    await consumeQuietly(wakeUps, target, async () => void at.push(performance.now()))
    const sent = performance.now()
    await wakeUps.send([{ target, lane: 'urgent', delayMs: 1_600 }])
    await wakeUps.send([{ target, lane: 'urgent', delayMs: 60_000 }])
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('the immediate one ran', () => at.length >= 1, 1_400)
    await until('the delayed one ran', () => at.length >= 2, 5_000)
    expect((at[1] ?? 0) - sent).toBeGreaterThanOrEqual(1_598)
    expect((at[1] ?? 0) - sent).toBeLessThan(2_600)
    expect(at).toHaveLength(2)
  })

  test('what a killed consumer had begun runs again within 8 s, and its lane is not blocked meanwhile', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const child = spawnConsumer(backend, target)
    await child.saw('pumping urgent', 1)
    await wakeUps.send([{ target, lane: 'urgent' }])
    await child.saw('pumping urgent', 2)
    // Only then does the store make a new message of the next wake-up; a pump that waited for it too long has begun without.
    await until('the message is released', () => isReleased(backend, target), 8_000)
    await child.kill()
    let runs = 0
    await consumeQuietly(wakeUps, target, async () => {
      runs += 1
    })
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until(
      () => `a new wake-up ran at once: ${errors}`,
      () => runs >= 1,
      notBlockedMs,
    )
    await until(
      () => `the old one ran again: ${runs} runs, ${errors}`,
      () => runs >= 2,
      8_000,
    )
  }, 20_000)

  test('a consumer that hangs while it waits holds no lane up: another one takes the wake-up', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const child = spawnConsumer(backend, target)
    await child.saw('pumping urgent', 1)
    if (backend === 'redis') await until('both of its lanes wait for a message', async () => (await waiting()) === 2)
    // It is neither dead nor connected anew, which is how a machine looks whose cable was cut.
    child.process.kill('SIGSTOP')
    try {
      let runs = 0
      await consumeQuietly(wakeUps, target, async () => {
        runs += 1
      })
      await wakeUps.send([{ target, lane: 'urgent' }])
      await until(
        () => `the wake-up ran: ${errors}`,
        () => runs >= 1,
        notBlockedMs,
      )
    } finally {
      await child.kill()
    }
  }, 20_000)

  test('a pump that throws leaves no word of it in the store', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const marker = 'ann-example-4711'
    let runs = 0
    await consumeQuietly(wakeUps, target, async () => {
      runs += 1
      if (runs === 1) throw new Error(marker)
    })
    await wakeUps.send([{ target, lane: 'bulk' }])
    await until('it ran again after the failure', () => runs >= 2)
    const stored = backend === 'redis' ? await redisDump() : await postgresDump()
    // The fixed code shows that the dump looks in the right place.
    expect(stored).toContain('queue.pump-failed')
    expect(stored).toContain(target)
    expect(stored).not.toContain(marker)
    expect(stored).not.toContain('.ts:')
    expect(errors).toEqual(['queue.pump-failed'])
  })

  test('messages hold a target id and nothing else', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    await wakeUps.send([
      { target, lane: 'bulk' },
      { target, lane: 'urgent', delayMs: 60_000 },
    ])
    const data =
      backend === 'redis'
        ? await redisJobData(target)
        : (await admin.query('select data::text from bullmq.job where queue like $1', [`gh-${target}-%`])).rows.map(
            (row) => row.data,
          )
    expect(data.map((text: string) => JSON.parse(text))).toEqual([{ target }, { target }])
  })

  test('trimming deletes old events and keeps new ones', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    await wakeUps.send([{ target, lane: 'bulk' }])
    if (backend === 'redis') {
      const client = new Redis(redis.url)
      const key = `gatehouse:one:gh-${newTarget()}-bulk:events`
      await client.xadd(key, Date.now() - 61_000, 'event', 'old')
      await client.xadd(key, Date.now() - 50_000, 'event', 'new')
      await wakeUps.trim()
      expect((await client.xrange(key, '-', '+')).map(([, fields]) => fields)).toEqual([['event', 'new']])
      client.disconnect()
    } else {
      await admin.query(
        `insert into bullmq.event (queue, event, created_at_ms) values ('gh-trim-bulk', 'old', $1), ('gh-trim-bulk', 'new', $2)`,
        [Date.now() - 61_000, Date.now() - 50_000],
      )
      await wakeUps.trim()
      const { rows } = await admin.query(`select event from bullmq.event where queue = 'gh-trim-bulk'`)
      expect(rows).toEqual([{ event: 'new' }])
    }
  })

  test('a target that can not exist is refused, and nothing of the batch is sent', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    await expect(
      wakeUps.send([
        { target, lane: 'bulk' },
        { target: 'Ann Example', lane: 'bulk' },
      ]),
    ).rejects.toThrow(RangeError)
    await expect(wakeUps.consume('Ann Example', async () => undefined)).rejects.toThrow(RangeError)
    expect(backend === 'redis' ? await redisDump() : await postgresDump()).not.toContain(`gh-${target}-`)
  })

  test('closing waits for a running pump and takes no more', async () => {
    const wakeUps = await openStore(backend)
    const target = newTarget()
    const steps: string[] = []
    const consumer = await consumeQuietly(wakeUps, target, async () => {
      steps.push('began')
      await sleep(300)
      steps.push('ended')
    })
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('it runs', () => steps.length >= 1)
    await consumer.close()
    expect(steps).toEqual(['began', 'ended'])
    await wakeUps.send([{ target, lane: 'urgent' }])
    await sleep(200)
    expect(steps).toHaveLength(2)
  })
})

describe('Redis in trouble', () => {
  test('after FLUSHALL the next wake-up runs', async () => {
    const wakeUps = await openStore('redis')
    const target = newTarget()
    let runs = 0
    const gate = Promise.withResolvers<void>()
    await consumeQuietly(wakeUps, target, async () => {
      runs += 1
      if (runs === 1) await gate.promise
    })
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('it runs', () => runs >= 1)
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('the next ran', () => runs >= 2, notBlockedMs)
    gate.resolve()
    await sleep(100)
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('and the one after it', () => runs >= 3, notBlockedMs)
  })

  test('while it is away a send is refused within 2 s; when it is back every lane is looked at and sends go through', async () => {
    await using own = await startRedis()
    const wakeUps = await openWakeUps({
      redis: { url: own.url, gatewayId: 'one' },
      pg: storeOf('redis').pg,
      onError: (code) => errors.push(code),
    })
    open.push(wakeUps)
    const target = newTarget()
    const seen: string[] = []
    await consumeQuietly(wakeUps, target, async (lane) => void seen.push(lane))
    await wakeUps.send([{ target, lane: 'urgent' }])
    await until('it runs', () => seen.length >= 1)

    await own.kill()
    for (const attempt of [target, newTarget()]) {
      const asked = performance.now()
      await expect(wakeUps.send([{ target: attempt, lane: 'urgent' }])).rejects.toThrow(/^queue\.store-unreachable$/)
      expect(performance.now() - asked).toBeLessThan(2_200)
    }
    expect(await wakeUps.health()).toEqual({ backend: 'redis', ok: false, detail: 'queue.store-unreachable' })
    seen.length = 0
    await own.start()
    await until('both lanes were looked at unasked', () => new Set(seen).size === 2, 5_000)
    seen.length = 0
    await until(
      'a send goes through',
      () =>
        wakeUps.send([{ target, lane: 'urgent' }]).then(
          () => true,
          () => false,
        ),
      5_000,
    )
    await until('and runs', () => seen.includes('urgent'), 3_000)
    expect(errors).toContain('queue.store-unreachable')
  }, 20_000)

  test('closing ends although Redis is away for good', async () => {
    const own = await startRedis()
    const wakeUps = await openWakeUps({
      redis: { url: own.url, gatewayId: 'one' },
      pg: storeOf('redis').pg,
      onError: (code) => errors.push(code),
    })
    await consumeQuietly(wakeUps, newTarget(), async () => undefined)
    await own[Symbol.asyncDispose]()
    const asked = performance.now()
    await wakeUps.close()
    expect(performance.now() - asked).toBeLessThan(6_000)
  }, 10_000)

  test('a server that hangs is given up after 2 s and found again', async () => {
    await using own = await startRedis()
    const wakeUps = await openWakeUps({
      redis: { url: own.url, gatewayId: 'one' },
      pg: storeOf('redis').pg,
      onError: (code) => errors.push(code),
    })
    open.push(wakeUps)
    const target = newTarget()
    await wakeUps.send([{ target, lane: 'bulk' }])
    own.freeze()
    const asked = performance.now()
    await expect(wakeUps.send([{ target, lane: 'bulk' }])).rejects.toThrow('queue.store-unreachable')
    expect(performance.now() - asked).toBeLessThan(2_200)
    own.thaw()
    await until(
      'a send goes through',
      () =>
        wakeUps.send([{ target, lane: 'bulk' }]).then(
          () => true,
          () => false,
        ),
      5_000,
    )
  }, 10_000)
})

describe('PostgreSQL in trouble', () => {
  test('after its LISTEN connection was ended the next wake-up starts within 100 ms', async () => {
    const wakeUps = await openStore('postgresql')
    const target = newTarget()
    let at = 0
    await consumeQuietly(wakeUps, target, async () => {
      at = performance.now()
    })
    const tookMs = await medianOfFive(async () => {
      at = 0
      await sleep(100)
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse-wake-ups' and query ~ 'LISTEN'`,
      )
      expect(rowCount).toBe(1)
      await until('the lanes were looked at unasked', () => at > 0)
      await sleep(50)
      at = 0
      const sent = performance.now()
      await wakeUps.send([{ target, lane: 'urgent' }])
      await until('it started', () => at > 0)
      return at - sent
    })
    expect(tookMs).toBeLessThan(100)
  })

  test('while it is away a send is refused within 2 s, idly; when it is back every lane is looked at and sends go through', async () => {
    await using own = await startPostgres()
    const wakeUps = await openWakeUps({
      pg: { config: own.runtime, schema: 'bullmq' },
      onError: (code) => errors.push(code),
    })
    open.push(wakeUps)
    const target = newTarget()
    const seen: string[] = []
    await consumeQuietly(wakeUps, target, async (lane) => void seen.push(lane))
    for (let i = 0; i < 10; i++) await consumeQuietly(wakeUps, newTarget(), async () => undefined)
    await own.kill()
    const before = process.cpuUsage()
    const asked = performance.now()
    await expect(wakeUps.send([{ target, lane: 'urgent' }])).rejects.toThrow(/^queue\.store-unreachable$/)
    expect(performance.now() - asked).toBeLessThan(2_200)
    await sleep(1_000)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(500)
    await own.start()
    seen.length = 0
    await until(
      'a send goes through',
      () =>
        wakeUps.send([{ target, lane: 'urgent' }]).then(
          () => true,
          () => false,
        ),
      5_000,
    )
    await until('and runs', () => seen.includes('urgent'), 3_000)
    await sleep(1_000)
    const tookMs = await medianOfFive(async () => {
      seen.length = 0
      const sent = performance.now()
      await wakeUps.send([{ target, lane: 'urgent' }])
      await until('the next one runs', () => seen.includes('urgent'))
      return performance.now() - sent
    })
    expect(tookMs).toBeLessThan(200)
  }, 30_000)

  test('twenty targets with two lanes each need fewer than 8 connections, and all are served', async () => {
    const wakeUps = await openStore('postgresql')
    const served = new Set<string>()
    const names = Array.from({ length: 20 }, newTarget)
    for (const target of names)
      await consumeQuietly(wakeUps, target, async (lane) => void served.add(`${target} ${lane}`))
    await wakeUps.send(
      names.flatMap((target) => [
        { target, lane: 'urgent' as const },
        { target, lane: 'bulk' as const },
      ]),
    )
    await until('all forty lanes ran', () => served.size === 40)
    const { rows } = await admin.query(
      `select count(*)::int as connections from pg_stat_activity where usename = 'runtime' and backend_type = 'client backend'`,
    )
    expect(rows[0].connections).toBeLessThan(8)
    expect(errors).toEqual([])
  })

  test('the tables belong to the runtime role, which could make them nowhere else', async () => {
    await openStore('postgresql')
    const { rows } = await admin.query(
      `select distinct schemaname, tableowner from pg_tables where tableowner = 'runtime'`,
    )
    expect(rows).toEqual([{ schemaname: 'bullmq', tableowner: 'runtime' }])
  })

  test('a database that is not there is an error of a few words', async () => {
    const config = { ...postgres.runtime, host: '/nowhere', password: 'pass-word' }
    await expect(openWakeUps({ pg: { config, schema: 'bullmq' }, onError: () => undefined })).rejects.toThrow(
      /^queue\.store-unreachable$/,
    )
  })
})

/** A busy machine may hold up one or two of them; what waits for a worker's own look, after seconds, is late every time. */
async function medianOfFive(measure: () => Promise<number>): Promise<number> {
  const tookMs: number[] = []
  for (let round = 0; round < 5; round++) tookMs.push(await measure())
  return tookMs.sort((a, b) => a - b)[2] ?? Number.NaN
}

function spawnConsumer(backend: 'redis' | 'postgresql', target: string) {
  const script = join(import.meta.dirname, '../test/support/wake-up-consumer.ts')
  const process_: ChildProcess = spawn(process.execPath, [script, JSON.stringify(storeOf(backend)), target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(process_, 'exit')
  let output = ''
  process_.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return {
    process: process_,
    saw: (line: string, times: number) =>
      until(
        () => `the child says ${line} ${times} times: ${output}`,
        () => output.split(line).length > times,
        8_000,
      ),
    /** Resolves once it has ended: on a busy machine some time after the signal, and its connections, which take messages, go with it. */
    async kill() {
      process_.kill('SIGKILL')
      await exited
    },
  }
}

/** Whether no message of the urgent lane, waiting or running, has the next wake-up merged into it. */
async function isReleased(backend: 'redis' | 'postgresql', target: string): Promise<boolean> {
  if (backend === 'postgresql') {
    const { rowCount } = await admin.query('select from bullmq.dedup where queue = $1', [`gh-${target}-urgent`])
    return rowCount === 0
  }
  const client = new Redis(redis.url)
  const count = await client.exists(`gatehouse:one:gh-${target}-urgent:de:now`)
  client.disconnect()
  return count === 0
}

/** How many connections to Redis wait for a message. */
async function waiting(): Promise<number> {
  const client = new Redis(redis.url)
  const list = String(await client.client('LIST'))
  client.disconnect()
  return list.split('\n').filter((line) => / flags=\w*b/.test(line)).length
}

async function redisDump(): Promise<string> {
  const client = new Redis(redis.url)
  const stored: string[] = []
  for (const key of await client.keys('*')) {
    const type = await client.type(key)
    if (type === 'hash') stored.push(key, JSON.stringify(await client.hgetall(key)))
    else if (type === 'stream') stored.push(key, JSON.stringify(await client.xrange(key, '-', '+')))
    else if (type === 'list') stored.push(key, JSON.stringify(await client.lrange(key, 0, -1)))
    else if (type === 'zset') stored.push(key, JSON.stringify(await client.zrange(key, '0', '-1')))
    else stored.push(key, type === 'string' ? String(await client.get(key)) : type)
  }
  client.disconnect()
  return stored.join('\n')
}

async function postgresDump(): Promise<string> {
  const { rows } = await admin.query(`select tablename from pg_tables where schemaname = 'bullmq'`)
  const stored: string[] = []
  for (const { tablename } of rows) {
    stored.push(JSON.stringify((await admin.query(`select * from bullmq."${tablename}"`)).rows))
  }
  return stored.join('\n')
}

async function redisJobData(target: string): Promise<string[]> {
  const client = new Redis(redis.url)
  const keys = (await client.keys(`gatehouse:one:gh-${target}-*`)).filter((key) => /:\d+$/.test(key))
  const data = await Promise.all(keys.map((key) => client.hget(key, 'data')))
  client.disconnect()
  return data.map(String)
}
