import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres, until } from '../../../test/support/servers.ts'
import { createKeyring, type Keyring } from '../../vault/keyring.ts'
import { openVault, type Vault } from '../../vault/vault.ts'
import { migrate } from '../migrate.ts'
import { encodeHeader } from './header.ts'
import { loadBackup, refuseNewer } from './load-backup.ts'
import { checkBackup, openBackup } from './read-backup.ts'
import { encodeRecord, recordKinds } from './records.ts'
import { startBackup } from './write-backup.ts'

let postgres: TestPostgres
let admin: pg.Client
let folder: string
let path: string
let whole: Buffer
const keyring = createKeyring({ stamp: 'production' })
const vault = openVault(keyring)
const people = 60

beforeAll(async () => {
  postgres = await startPostgres()
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'))
  path = join(folder, 'whole.backup')
  await migrate(postgres.admin)
  admin = await connected(postgres.admin)
  await fill(admin)
  whole = await backedUp(vault)
  await writeFile(path, whole)
})
afterAll(async () => {
  await admin.end()
  await postgres[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...config, options: '-c search_path=gatehouse' })
  await client.connect()
  return client
}

/** Values of every kind that there is a column for, the awkward ones of each. */
async function fill(client: pg.Client): Promise<void> {
  await client.query('insert into gateway (id) values ($1)', [vault.gatewayId])
  for (let at = 0; at < people; at += 1) {
    const key = randomUUID()
    await client.query('insert into person_key (id, epoch, wrapped) values ($1, $2, $3)', [key, 'e', randomBytes(61)])
    await client.query(
      `insert into person (id, key_id, state, left_at, next_change_at, protected, guard) values ($1, $2, 'active', $3, $4, $5, $6)`,
      [
        randomUUID(),
        key,
        at % 2 === 0 ? null : '2026-03-01T08:00:00.123456Z',
        'infinity',
        at % 3 === 0,
        randomBytes(32),
      ],
    )
  }
  const awkward = ['', 'back\\slash', 'tab\there', 'line\nbreak', '\\N', '\\.', 'été', '"quoted"', '\r']
  for (const [at, name] of awkward.entries())
    await client.query(
      `insert into access_level (id, target, external_id, name, guard) values ($1, 'hq', $2, $3, '')`,
      [...[randomUUID(), String(at), name]],
    )
  await client.query(
    `insert into account_work (account_id, target, lane, intents) values ($1, 'hq', 'bulk', '[{"desired": "a\\\\b\\n"}]')`,
    [randomUUID()],
  )
  await client.query(
    `insert into audit_pending (actor, action, object, details, details_row, guard) values ('engine', 'x', '', '', $1, '')`,
    [randomUUID()],
  )
  await client.query(`insert into outbox (target, lane) values ('hq', 'bulk')`)
}

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function backedUp(by: Vault): Promise<Buffer> {
  return collect(await startBackup(postgres.admin, by, new Date('2026-03-01T08:00:00Z')))
}

async function check(bytes: Buffer, by = vault): Promise<Readonly<Record<string, number>>> {
  const file = join(folder, randomUUID())
  await writeFile(file, bytes)
  try {
    return await checkBackup(await openBackup(file, by), () => undefined)
  } finally {
    await rm(file)
  }
}

const refusedWith = (code: string) => expect.objectContaining({ name: 'BackupError', code })

/** A second database on the same server, empty. */
async function emptyDatabase(): Promise<{ config: pg.ClientConfig; client: pg.Client }> {
  const database = `restored_${randomUUID().replaceAll('-', '')}`
  await admin.query(`create database ${database}`)
  const config = { ...postgres.admin, database }
  return { config, client: await connected(config) }
}

async function contentOf(client: pg.Client, tables: readonly string[]): Promise<unknown[]> {
  const content: unknown[] = []
  for (const table of tables) content.push((await client.query(`select t::text from ${table} t order by 1`)).rows)
  return content
}

describe('a backup', () => {
  test('tells whose it is and when it was made, and nothing else that is in it', async () => {
    const end = whole.indexOf('\n')
    expect(JSON.parse(whole.subarray(0, end).toString())).toMatchObject({
      ...{ gatehouse: 'backup', format: 1, gateway: vault.gatewayId, madeAt: '2026-03-01T08:00:00.000Z' },
    })
    const { rows } = await admin.query<{ id: string }>('select id from person')
    const sealed = whole.subarray(end).toString('latin1')
    for (const { id } of rows) expect(sealed).not.toContain(id)
    expect(sealed).not.toContain('active')
  })

  test('loaded into an empty database makes it the same, row by row, and numbers go on', async () => {
    const { config, client } = await emptyDatabase()
    const backup = await openBackup(path, vault)
    let told = 0
    await client.query('begin')
    const { counts, migrated } = await loadBackup(client, backup, (rows) => {
      told += rows
    })
    await client.query('commit')
    expect(migrated).toEqual([])
    expect(told).toBe(Object.values(counts).reduce((all, rows) => all + rows, 0))
    expect(counts).toMatchObject({ person: people, gateway: 1, access_level: 9, audit: 0 })
    const tables = Object.keys(counts)
    expect(await contentOf(client, tables)).toEqual(await contentOf(admin, tables))
    expect((await client.query('select from outbox')).rowCount).toBe(0)
    const { rows } = await client.query<{ id: string }>(
      `insert into audit_pending (actor, action, object, details, details_row, guard) values ('engine', 'x', '', '', $1, '') returning id`,
      [randomUUID()],
    )
    expect(Number(rows[0]?.id)).toBe(2)
    // Made by the same migrations as any other: they find nothing to do.
    expect(await migrate(config)).toEqual([])
    await client.end()
  })

  test('is of one moment, whatever happens while it is made', async () => {
    const bytes = await startBackup(postgres.admin, vault, new Date())
    const id = randomUUID()
    await admin.query(`insert into source (id) values ($1)`, [id])
    const { source } = await check(await collect(bytes))
    expect(source).toBe(0)
    await admin.query('delete from source')
  })

  test('that was read to its end holds nothing any more', async () => {
    for (let n = 0; n < 10; n++) {
      await backedUp(vault)
      const { rows } = await admin.query(`select from pg_locks where locktype = 'advisory'`)
      expect(rows).toEqual([])
    }
  })

  test('is made one at a time, and one that nobody reads on lets the next begin', async () => {
    const first = (await startBackup(postgres.admin, vault, new Date()))[Symbol.asyncIterator]()
    await first.next()
    await expect(startBackup(postgres.admin, vault, new Date())).rejects.toMatchObject({ code: 'backup.busy' })
    await first.return?.()
    await until('the next one begins', () =>
      backedUp(vault).then(
        () => true,
        () => false,
      ),
    )
  })

  test('of a database that ends meanwhile fails, and is no backup', async () => {
    const bytes = await startBackup(postgres.admin, vault, new Date())
    const chunks: Buffer[] = []
    // Before the first piece is asked for: what is this small would be read to its end before the server hears of it.
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse backup'`,
    )
    const reading = (async () => {
      for await (const chunk of bytes) chunks.push(chunk)
    })()
    await expect(reading).rejects.toThrow()
    await expect(check(Buffer.concat(chunks))).rejects.toThrow(refusedWith('backup.damaged'))
  })
})

describe('what is no whole backup of this gateway is refused before anything is written', () => {
  test('whichever byte was changed', async () => {
    const refusals = /^backup\.(not-a-backup|newer|foreign|not-opened|damaged)$/
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] as number) ^ change
        await expect(check(bytes)).rejects.toMatchObject({ name: 'BackupError', code: expect.stringMatching(refusals) })
      }),
      { numRuns: 300 },
    )
  })

  test('each byte of its first line', async () => {
    for (let at = 0; at <= whole.indexOf('\n'); at += 1) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ 1
      await expect(check(bytes), `byte ${at}`).rejects.toMatchObject({ name: 'BackupError' })
    }
  })

  test('wherever it was cut off, and with anything behind its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        await expect(check(whole.subarray(0, length))).rejects.toMatchObject({ name: 'BackupError' })
      }),
      { numRuns: 100 },
    )
    for (const more of [Buffer.of(0), whole, Buffer.from('\n')])
      await expect(check(Buffer.concat([whole, more]))).rejects.toThrow(refusedWith('backup.damaged'))
  })

  test('another gateway, another key, an epoch that was destroyed, another kind of file', async () => {
    const foreign = openVault(createKeyring({ stamp: 'production' }))
    await expect(check(whole, foreign)).rejects.toThrow(refusedWith('backup.foreign'))
    const other = { ...createKeyring({ stamp: 'production' }), gatewayId: keyring.gatewayId } as Keyring
    await expect(check(whole, openVault(other))).rejects.toThrow(refusedWith('backup.not-opened'))
    for (const bytes of [Buffer.alloc(0), Buffer.from('{}\n'), Buffer.from('PGDMP\n'), randomBytes(100_000)])
      await expect(check(bytes)).rejects.toThrow(refusedWith('backup.not-a-backup'))
  })

  test('a newer format, and a schema that this program does not know', async () => {
    const [line] = whole.toString('latin1').split('\n')
    const header = JSON.parse(line as string) as Record<string, unknown>
    const newer = Buffer.from(`${JSON.stringify({ ...header, format: 2 })}\n`)
    await expect(check(newer)).rejects.toThrow(refusedWith('backup.newer'))
    const opened = await openBackup(path, vault)
    const schema = [...opened.header.schema, '9999-tomorrow']
    expect(() => refuseNewer({ ...opened, header: { ...opened.header, schema } })).toThrow(refusedWith('backup.newer'))
    refuseNewer(opened)
  })

  test('a file that is not there is said by the system', async () => {
    await expect(openBackup(join(folder, 'nowhere'), vault)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a load', () => {
  let target: pg.Client
  let config: pg.ClientConfig
  beforeEach(async () => {
    ;({ client: target, config } = await emptyDatabase())
    return async () => target.end()
  })

  const tablesThere = async () =>
    (await target.query(`select from pg_tables where schemaname = 'gatehouse' and tablename not like 'kysely%'`))
      .rowCount

  test('goes into an empty database only', async () => {
    await migrate(config)
    await target.query(`insert into source (id) values ('hr')`)
    await target.query('begin')
    await expect(loadBackup(target, await openBackup(path, vault), () => undefined)).rejects.toThrow(
      refusedWith('backup.not-empty'),
    )
    await target.query('rollback')
    expect((await target.query('select id from source')).rows).toEqual([{ id: 'hr' }])
  })

  test('takes the place of what an attempt before has left: tables without a row', async () => {
    await migrate(config)
    await target.query('create table gatehouse.stray (id int)')
    await target.query('begin')
    await loadBackup(target, await openBackup(path, vault), () => undefined)
    await target.query('commit')
    expect((await target.query(`select to_regclass('gatehouse.stray') as stray`)).rows).toEqual([{ stray: null }])
  })

  test('that fails half-way leaves nothing', async () => {
    const cut = join(folder, 'cut.backup')
    await writeFile(cut, whole.subarray(0, whole.length - 20))
    await target.query('begin')
    await expect(loadBackup(target, await openBackup(cut, vault), () => undefined)).rejects.toThrow(
      refusedWith('backup.damaged'),
    )
    await target.query('rollback')
    expect(await tablesThere()).toBe(0)
  })

  test('whose database ends half-way leaves nothing', async () => {
    await target.query('begin')
    await target.query('select pg_backend_pid()')
    target.on('error', () => undefined)
    const backup = await openBackup(path, vault)
    let killed = false
    const loading = loadBackup(target, backup, () => {
      if (killed) return
      killed = true
      void admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [config.database])
    })
    await expect(loading).rejects.toThrow()
    target = await connected(config)
    expect(await tablesThere()).toBe(0)
  })
})

/** As the program of that time would have written it. */
async function olderBackup(): Promise<Buffer> {
  async function* content(): AsyncGenerator<Buffer> {
    const records = [
      ...encodeRecord(recordKinds.header, createHash('sha256').update(header).digest()),
      ...encodeRecord(recordKinds.table, Buffer.from('{"table":"target","columns":["id","paused_at"]}')),
      ...encodeRecord(recordKinds.rows, Buffer.from('hq\t2026-03-01 08:00:00+00\nlabs\t\\N\n')),
      ...encodeRecord(recordKinds.tableEnd, Buffer.from('{"rows":2}')),
      ...encodeRecord(recordKinds.end, Buffer.from('{"counts":{"target":2}}')),
    ]
    yield zstdCompressSync(Buffer.concat(records))
  }
  const { row, sealed } = vault.sealFile(content())
  const header = encodeHeader({
    ...{ gateway: vault.gatewayId, madeAt: '2026-03-01T08:00:00.000Z', schema: ['0001-spine'], key: row },
  })
  return Buffer.concat([header, await collect(sealed)])
}

test('a backup of an older schema is loaded into it as it was, and brought up to date', async () => {
  const { config, client } = await emptyDatabase()
  const file = join(folder, 'older.backup')
  await writeFile(file, await olderBackup())
  await client.query('begin')
  const { counts, migrated } = await loadBackup(client, await openBackup(file, vault), () => undefined)
  await client.query('commit')
  expect(counts).toEqual({ target: 2 })
  expect(migrated.length).toBeGreaterThan(3)
  expect(migrated).not.toContain('0001-spine')
  expect((await client.query('select id, mode from target order by id')).rows).toEqual([
    { id: 'hq', mode: null },
    { id: 'labs', mode: null },
  ])
  expect(await migrate(config)).toEqual([])
  await client.end()
})
