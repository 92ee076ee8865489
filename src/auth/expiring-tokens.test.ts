import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../store/database.fixture.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import { expiringTokens } from './expiring-tokens.ts'
import { disableSubject } from './subjects.ts'
import { createSubjectWithToken, revokeToken } from './tokens.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))
const day = 86_400_000
const begin = new Date('2026-03-01T08:00:00Z')
const after = (days: number) => new Date(begin.getTime() + days * day)
const database = useDatabase()

beforeEach(async () => {
  await sql`truncate subject, api_token`.execute(database.db)
})

const make = (name: string, role: 'admin' | 'operator' | 'viewer', days: number, at = begin) =>
  createSubjectWithToken(database.db, vault, { name, role, days }, at)
const expiring = (days: number) => expiringTokens(database.db, vault, after(days))

test('one that ends within a fortnight is among them, until it has ended', async () => {
  await make('Test Boss', 'admin', 366)
  const { id } = await make('Test Watcher', 'viewer', 90)
  expect(await expiring(75.9)).toEqual([])
  expect(await expiring(76)).toEqual([id])
  expect(await expiring(89.9)).toEqual([id])
  expect(await expiring(90)).toEqual([])
})

test('a short one is among them for the last quarter of its life', async () => {
  await make('Test Boss', 'admin', 366)
  const { id } = await make('Test Visitor', 'operator', 4)
  expect(await expiring(2.9)).toEqual([])
  expect(await expiring(3)).toEqual([id])
})

test('one whose owner has a longer one, that was revoked, or whose owner was disabled is not', async () => {
  await make('Test Boss', 'admin', 366)
  await make('Test Rotated', 'viewer', 30)
  const { id: next } = await make('Test Rotated', 'viewer', 90)
  const revoked = await make('Test Revoked', 'viewer', 30)
  const gone = await make('Test Gone', 'viewer', 30)
  expect((await expiring(29)).toSorted()).toEqual([revoked.id, gone.id].toSorted())
  await revokeToken(database.db, vault, revoked.id, begin)
  await disableSubject(database.db, vault, gone.subject, begin)
  expect(await expiring(29)).toEqual([])
  await revokeToken(database.db, vault, next, begin)
  expect(await expiring(29)).toHaveLength(1)
})

test('the last of role admin stays when it has ended, until there is another', async () => {
  await make('Test Boss', 'admin', 30)
  const { id } = await make('Test Deputy', 'admin', 60)
  expect(await expiring(40)).toEqual([])
  expect(await expiring(61)).toEqual([id])
  expect(await expiring(1_000)).toEqual([id])
  await make('Test Boss', 'admin', 30, after(1_000))
  expect(await expiring(1_001)).toEqual([])
})

test('one whose end was moved in the database is not: it opens nothing', async () => {
  await make('Test Boss', 'admin', 366)
  const { id } = await make('Test Watcher', 'viewer', 90)
  await sql`update api_token set expires_at = expires_at + interval '1 day' where id = ${id}`.execute(database.db)
  expect(await expiring(85)).toEqual([])
})
