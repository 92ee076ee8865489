import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import type { SubjectId } from '../model/id.ts'
import { useDatabase } from '../store/database.fixture.ts'
import { createKeyring } from '../vault/keyring.ts'
import { openVault } from '../vault/vault.ts'
import type { AuthErrorCode } from './auth-error.ts'
import { createAuthenticator } from './authenticate.ts'
import { createBucket } from './bucket.ts'
import { disableSubject } from './subjects.ts'
import { newTokenText } from './token-text.ts'
import { createSubjectWithToken, listTokens, revokeToken } from './tokens.ts'

const vault = openVault(createKeyring({ stamp: 'demo' }))
const request = { name: 'Zelda Samplewoman', role: 'operator', days: 30 } as const
const database = useDatabase()

beforeEach(async () => {
  await sql`truncate subject, api_token`.execute(database.db)
})

const refused = (code: AuthErrorCode) => ({ name: 'AuthError', code })

test('a new token opens the door as its subject with its role', async () => {
  const { db } = database
  const made = await createSubjectWithToken(db, vault, request)
  const authenticate = createAuthenticator(db, vault)
  expect(await authenticate(made.token)).toEqual({ subject: made.subject, role: 'operator' })
  const lifeMs = Date.parse(made.expiresAt) - Date.now()
  expect(Math.abs(lifeMs - 30 * 86_400_000)).toBeLessThan(60_000)
})

test('neither name nor token is in the database', async () => {
  const { db } = database
  const { token } = await createSubjectWithToken(db, vault, request)
  const dump = await sql<{ text: string }>`
    select s::text || t::text || encode(s.name, 'escape') as text from subject s, api_token t`.execute(db)
  const text = dump.rows.map((row) => row.text).join()
  expect(text).not.toContain('Zelda')
  expect(text).not.toContain(token.slice(3, 30))
  expect(text).not.toContain(Buffer.from(token).toString('hex'))
})

test('an expired token is refused from its last moment on', async () => {
  const { db } = database
  const made = await createSubjectWithToken(db, vault, request)
  let now = new Date(Date.parse(made.expiresAt) - 1)
  const authenticate = createAuthenticator(db, vault, { now: () => now })
  expect(await authenticate(made.token)).not.toBeNull()
  now = new Date(made.expiresAt)
  expect(await authenticate(made.token)).toBeNull()
})

test('a revoked token is refused at once, and the other tokens of its subject still work', async () => {
  const { db } = database
  const authenticate = createAuthenticator(db, vault)
  const old = await createSubjectWithToken(db, vault, request)
  const fresh = await createSubjectWithToken(db, vault, { ...request, name: ' zelda samplewoman ' })
  expect(fresh.subject).toBe(old.subject)
  expect(await authenticate(old.token)).not.toBeNull()
  await revokeToken(db, vault, old.id)
  await revokeToken(db, vault, old.id)
  expect(await authenticate(old.token)).toBeNull()
  expect(await authenticate(fresh.token)).toEqual({ subject: old.subject, role: 'operator' })
})

test('no token of a disabled subject works, and the subject gets no new one', async () => {
  const { db } = database
  const { subject, token } = await createSubjectWithToken(db, vault, request)
  await disableSubject(db, vault, subject)
  await disableSubject(db, vault, subject)
  expect(await createAuthenticator(db, vault)(token)).toBeNull()
  await expect(createSubjectWithToken(db, vault, request)).rejects.toMatchObject(refused('auth.subject-disabled'))
})

const hour = 3_600_000
test.each([
  ['a role raised', 'subject', sql`update subject set role = 'admin'`],
  ['a subject enabled again', 'subject', sql`update subject set disabled_at = null`, 'disable'],
  ['a longer life', 'api_token', sql`update api_token set expires_at = ${new Date(Date.now() + 9_999 * hour)}`],
  ['a revoked token made live', 'api_token', sql`update api_token set revoked_at = null`, 'revoke'],
] as const)('%s in the database opens nothing and is reported', async (_title, table, tamper, before?: string) => {
  const { db } = database
  const { id, subject, token } = await createSubjectWithToken(db, vault, request)
  if (before === 'disable') await disableSubject(db, vault, subject)
  if (before === 'revoke') await revokeToken(db, vault, id)
  await tamper.execute(db)
  const forged: string[][] = []
  const authenticate = createAuthenticator(db, vault, { onForged: (...row) => forged.push(row) })
  expect(await authenticate(token)).toBeNull()
  expect(forged).toEqual([[table, table === 'subject' ? subject : id]])
  expect(await listTokens(db, vault)).toMatchObject([{ id, role: 'forged', name: '' }])
})

test('a token moved to another subject, or made under another key, opens nothing', async () => {
  const { db } = database
  const low = await createSubjectWithToken(db, vault, { ...request, name: 'low', role: 'viewer' })
  const high = await createSubjectWithToken(db, vault, { ...request, name: 'high', role: 'admin' })
  await db.updateTable('api_token').set({ subject_id: high.subject }).where('id', '=', low.id).execute()
  const authenticate = createAuthenticator(db, vault)
  expect(await authenticate(low.token)).toBeNull()
  expect(await authenticate(high.token)).not.toBeNull()

  const thief = openVault(createKeyring({ stamp: 'demo' }))
  const made = await createSubjectWithToken(db, thief, { name: 'thief', role: 'admin', days: 1 })
  expect(await authenticate(made.token)).toBeNull()
  // Even with the look-up repaired, the guard is missing.
  await db
    .updateTable('api_token')
    .set({ mac: vault.tokenMac(made.token) })
    .where('id', '=', made.id)
    .execute()
  expect(await authenticate(made.token)).toBeNull()
  await expect(revokeToken(db, vault, made.id)).rejects.toMatchObject(refused('auth.row-forged'))
})

test('unknown tokens run dry, while whoever has a real one is let in, also for the first time', async () => {
  const { db } = database
  const { token } = await createSubjectWithToken(db, vault, request)
  let nowMs = 0
  const authenticate = createAuthenticator(db, vault, { attempts: createBucket(3, 1, () => nowMs) })
  expect(await authenticate(newTokenText())).toBeNull()
  expect(await authenticate(newTokenText())).toBeNull()
  expect(await authenticate(newTokenText())).toBeNull()
  await expect(authenticate(newTokenText())).rejects.toMatchObject(refused('auth.too-many-attempts'))
  expect(await authenticate(token)).not.toBeNull()
  // What can't be a token costs nothing.
  expect(await authenticate('gh_nonsense')).toBeNull()
  nowMs = 1_000
  expect(await authenticate(newTokenText())).toBeNull()
})

test('the list shows who and until when, newest first, and no secret', async () => {
  const { db } = database
  const first = await createSubjectWithToken(db, vault, request, new Date('2026-01-01T00:00:00Z'))
  const second = await createSubjectWithToken(db, vault, { name: 'watcher', role: 'viewer', days: 1 })
  await revokeToken(db, vault, first.id, new Date('2026-01-02T00:00:00Z'))
  const list = await listTokens(db, vault)
  expect(list).toMatchObject([
    { id: second.id, name: 'watcher', role: 'viewer', revokedAt: null },
    { id: first.id, name: 'Zelda Samplewoman', role: 'operator', revokedAt: '2026-01-02T00:00:00.000Z' },
  ])
  expect(JSON.stringify(list)).not.toContain('gh_')
})

test('two processes that make the same subject at once agree on one', async () => {
  const { db } = database
  const made = await Promise.all([1, 2].map(() => createSubjectWithToken(db, vault, request)))
  expect(new Set(made.map((each) => each.subject)).size).toBe(1)
  expect(new Set(made.map((each) => each.token)).size).toBe(2)
})

test('what makes no sense is refused by code', async () => {
  const { db } = database
  const make = (change: object) => createSubjectWithToken(db, vault, { ...request, ...change })
  for (const name of ['', '   ', 'a\nb', 'x'.repeat(101)]) {
    await expect(make({ name })).rejects.toMatchObject(refused('auth.bad-name'))
  }
  for (const days of [0, -1, 1.5, 367, Number.NaN]) {
    await expect(make({ days })).rejects.toMatchObject(refused('auth.bad-days'))
  }
  await make({})
  await expect(make({ role: 'admin' })).rejects.toMatchObject(refused('auth.role-differs'))
  const nobody = '0b0f3a9e-6a3f-4f0c-9d5e-000000000001'
  await expect(revokeToken(db, vault, nobody)).rejects.toMatchObject(refused('auth.unknown-token'))
  await expect(disableSubject(db, vault, nobody as SubjectId)).rejects.toMatchObject(refused('auth.unknown-subject'))
})

test('a subject that was tampered with gets no new token', async () => {
  const { db } = database
  await createSubjectWithToken(db, vault, { ...request, role: 'viewer' })
  await sql`update subject set role = 'admin'`.execute(db)
  await expect(createSubjectWithToken(db, vault, { ...request, role: 'admin' })).rejects.toMatchObject(
    refused('auth.row-forged'),
  )
})

test('in a transaction that fails nothing is left', async () => {
  const { db } = database
  const failing = db.transaction().execute(async (tx) => {
    await createSubjectWithToken(tx, vault, request)
    throw new Error('no audit entry')
  })
  await expect(failing).rejects.toThrow('no audit entry')
  expect(await listTokens(db, vault)).toEqual([])
})
