import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../test/support/servers.ts'
import { copyBinary } from './copy-binary.ts'

let postgres: TestPostgres
let client: pg.Client
beforeAll(async () => {
  postgres = await startPostgres()
  client = new pg.Client(postgres.admin)
  await client.connect()
  await client.query('create table every (a text, b int8, c timestamptz, d bool, e bytea, f uuid)')
})
afterAll(async () => {
  await client.end()
  await postgres[Symbol.asyncDispose]()
})

const types = { a: 'text', b: 'int8', c: 'timestamptz', d: 'bool', e: 'bytea', f: 'uuid' } as const

test('rows come back as they went in, however long they are', async () => {
  const id = '3f0c9a52-0a2b-4b1e-9a58-2f6f6d1f0a11'
  const rows = [
    { a: 'Zoë\\\t\n', b: 1, c: new Date('1999-12-31T23:59:59.999Z'), d: true, e: Buffer.from([0, 255, 92]), f: id },
    { a: '', b: Number.MAX_SAFE_INTEGER, c: new Date(0), d: false, e: Buffer.alloc(0), f: id },
    { a: null, b: null, c: null, d: null, e: null, f: null },
    {
      a: 'x'.repeat(300_000),
      b: -1,
      c: new Date('2026-02-28T00:00:00.001Z'),
      d: true,
      e: Buffer.alloc(200_000, 7),
      f: id,
    },
  ]
  await copyBinary(client, 'every', types, rows)
  const { rows: found } = await client.query('select * from every')
  expect(found.map((row) => ({ ...row, b: row.b === null ? null : Number(row.b) }))).toEqual(rows)
})

test('nothing is nothing, and a value of another type is refused', async () => {
  await copyBinary(client, 'every', types, [])
  const row = { a: 'x', b: 1, c: new Date(), d: true, e: Buffer.alloc(1), f: 7 }
  await expect(copyBinary(client, 'every', types, [row])).rejects.toThrow(TypeError)
  const { rows } = await client.query('select count(*)::int as n from every')
  expect(rows).toEqual([{ n: 4 }])
})
