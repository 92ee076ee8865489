/** What the role of the gateway may do to the log of events: read, add, seal anew, and forget a month as a whole; for every table of the log, also one that is made later. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../test/support/servers.ts'
import { migrate } from '../migrate.ts'

let postgres: TestPostgres
let owner: pg.Client
let gateway: pg.Client

beforeAll(async () => {
  postgres = await startPostgres()
  owner = new pg.Client({ ...postgres.admin, options: '-c search_path=gatehouse' })
  await owner.connect()
  // As the embedded server has it, before any table is there.
  await owner.query(`alter default privileges in schema gatehouse
    grant select, insert, update, delete on tables to runtime`)
  await migrate(postgres.admin)
  gateway = new pg.Client({ ...postgres.runtime, options: '-c search_path=gatehouse' })
  await gateway.connect()
  await gateway.query(`select make_event_month('door', '2026-03')`)
  await add(1, '2026-03-10T00:00:00Z')
}, 60_000)
afterAll(async () => {
  await gateway.end()
  await owner.end()
  await postgres[Symbol.asyncDispose]()
})

const add = (position: number, at: string) =>
  gateway.query(
    `insert into event (source, position, class, type, at, received_at, strange_card, sealed, guard)
     values ('hq', $1, 'door', 'door.opened', $2, $2, false, '', '')`,
    [position, at],
  )
const refused = async (sql: string) => expect(await answerTo(sql), sql).toBe('42501')

/** The code of the error, or `done`. */
async function answerTo(sql: string): Promise<string | undefined> {
  try {
    await gateway.query(sql)
    return 'done'
  } catch (error) {
    return error instanceof pg.DatabaseError ? error.code : String(error)
  }
}
const denied = expect.objectContaining({ code: '42501' })

/** All tables of the log that there are. */
async function tables(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'gatehouse'::regnamespace and relkind in ('r', 'p')
        and relname ~ '^event(_(access|door|alarm|credential|system)(_[0-9]{6})?)?$' order by 1`,
  )
  return rows.map(({ name }) => name)
}

describe('the role of the gateway', () => {
  test('adds, reads and seals anew', async () => {
    await gateway.query(
      `update event set sealed = 'x', guard = 'x', whose = 'x', person_digest = 'x', card_digest = 'x', door_digest = 'x'`,
    )
    expect((await gateway.query('select position, sealed from event')).rows).toEqual([
      { position: '1', sealed: Buffer.from('x') },
    ])
  })

  test('changes nothing else of an event, takes none away, and reaches none past the table as a whole', async () => {
    await gateway.query(`select make_event_month('access', '2026-04')`)
    expect(await tables()).toEqual([
      ...['event', 'event_access', 'event_access_202604', 'event_alarm', 'event_credential', 'event_door'],
      ...['event_door_202603', 'event_system'],
    ])
    for (const table of await tables()) {
      for (const column of ['source', 'position', 'class', 'type', 'at', 'received_at', 'strange_card'])
        await refused(`update ${table} set ${column} = ${column}`)
      await refused(`delete from ${table}`)
      await refused(`truncate ${table}`)
      await refused(`drop table ${table}`)
      await refused(`alter table ${table} disable trigger all`)
      if (table === 'event') continue
      await refused(`update ${table} set sealed = ''`)
      await refused(`insert into ${table} select * from event`)
    }
    expect((await gateway.query('select 1 from event')).rowCount).toBe(1)
  })

  test('makes a place for a month, and drops one as a whole; nothing else by these two, whatever it names', async () => {
    await add(2, '2026-03-11T00:00:00Z')
    await expect(add(3, '2026-05-01T00:00:00Z')).rejects.toMatchObject({ code: '23514' })
    await gateway.query(`select make_event_month('door', '2026-05')`)
    await add(3, '2026-05-01T00:00:00Z')
    await gateway.query(`select drop_event_month('door', '2026-03')`)
    expect((await gateway.query('select position from event')).rows).toEqual([{ position: '3' }])
    const odd = [
      ...[`'door', '2026-13'`, `'nobody', '2026-03'`, `'door', '2026-03; drop table person'`, `'key', ''`],
      ...[`'', '2026-03'`, `'access_202604 cascade', '2026-03'`],
    ]
    for (const call of odd)
      for (const name of ['make_event_month', 'drop_event_month'])
        await expect(gateway.query(`select ${name}(${call})`), call).rejects.toThrow('no such month of events')
    await expect(gateway.query(`alter table event detach partition event_door`)).rejects.toEqual(denied)
    await expect(gateway.query(`create table event_door_209901 (id int)`)).rejects.toEqual(denied)
  })

  test('is the only one for whom they do it: who may not add events makes no place and drops none', async () => {
    await owner.query('create role stranger login; grant usage on schema gatehouse to stranger')
    const stranger = new pg.Client({ ...postgres.runtime, user: 'stranger', options: '-c search_path=gatehouse' })
    await stranger.connect()
    try {
      for (const name of ['make_event_month', 'drop_event_month'])
        await expect(stranger.query(`select ${name}('door', '2026-05')`)).rejects.toThrow('no right to add events')
      await expect(stranger.query('select 1 from event')).rejects.toEqual(denied)
    } finally {
      await stranger.end()
    }
    expect(await tables()).toContain('event_door_202605')
  })
})
