import { beforeAll, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { openAuditPage } from '../../audit/page.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { createSubjectWithToken } from '../../auth/tokens.ts'
import { cardKey, h10301 } from '../../model/card.ts'
import { type AccountId, type KeyId, newId, type PersonId, type SuspensionId } from '../../model/id.ts'
import { restoreSilenced } from '../../store/alarms.ts'
import { writeAuditMark } from '../../store/audit-mark.ts'
import { catalogue } from '../../store/catalogue.ts'
import { insertConfigVersion, releasedVersions } from '../../store/config-versions.ts'
import { saveGuardPosition } from '../../store/event-guard.ts'
import { discardFailure } from '../../store/failures.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { writePositions } from '../../store/subscriptions/positions.ts'
import { registerSubscriptions } from '../../store/subscriptions/row.ts'
import { addApproval, saveSuspension } from '../../store/suspensions.ts'
import { inTransaction } from '../../store/transaction.ts'
import { openVault } from '../../vault/vault.ts'
import { certain } from '../certain.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { continueErasures } from '../erasure/continue.ts'
import { erasePerson } from '../erasure/erase.ts'
import { liftErasure } from '../erasure/lift.ts'
import { replayErasures } from '../erasure/replay.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { opens } from '../fixtures/memory-target.fixture.ts'
import { addGrant } from '../grants.ts'
import { openEnrolment } from '../guard/enrolment.ts'
import { rotateEpoch, turnEpochs } from '../keys/epochs.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { issuePin } from '../pins.ts'
import { resolveEveryone } from '../resolve/re-resolve.ts'
import { exceptions, registry } from './registry.ts'
import { bytesByColumn, clearText, type Replaced, replaceAll } from './rekey.fixture.ts'

const engine = useEngine()
let bench: Bench

const reason = 'seen'
const byHand = h10301(9, 13)
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, person: `p${who}`, ...more })
const many = (count: number) => Array.from({ length: count }, (_, who) => row(who))
const going = new AbortController().signal
const user = (who: number) => bench.target.users.get(`n${who}`)
const isIn = (who: number) => opens(user(who), bench.context.now())
const sweep = () => sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, going)
const writes = () => bench.target.calls.filter(({ verb }) => verb !== 'read' && verb !== 'discover').length

/** The rows of the file as it was delivered last: two have left, one is new, and a third of all would change their name. */
let file: HrRow[] = []
let locked: PersonId
let erased: PersonId
let token = ''

/** People, cards, rights, a PIN on its way, lock-outs, an erasure, drift, alarms, a plan that waits, a configuration and a token. */
async function live(): Promise<void> {
  bench = await engine.begin({
    source: {
      brakes: { ...(await engine.begin()).brakes, change: { min: 3, percent: 0 } },
      rowsChanged: { min: 1, percent: 5 },
    },
  })
  const { context } = bench
  const { database, vault } = context
  file = many(40)
  await bench.deliver(file)
  await bench.rest()
  await addGrant(context, await bench.personOf('n5'), bench.operator, { level: 'doors/Vault', until: null, reason })
  locked = await bench.personOf('n6')
  await lockPerson(context, locked, bench.operator, 'lost their badge')
  // A card of nobody, which is blocked with the account.
  user(13)?.cards.set(cardKey(byHand), { card: byHand, state: 'on' })
  await lockPerson(context, await bench.personOf('n13'), bench.operator, 'seen with a stranger')
  erased = await bench.personOf('n7')
  await erasePerson(context, erased, bench.operator, 'asked for it')
  file = file.filter(({ id }) => id !== '7').map((each) => (each.id === '8' ? { ...each, status: 'left' } : each))
  for (let round = 0; round < 3; round++) {
    await bench.rest()
    await continueErasures(context)
  }
  await bench.deliver(file, { mode: 'full' })
  await bench.rest()
  user(9)?.levels.add('id of Vault')
  user(9)?.cards.set('x', { card: h10301(9, 9), state: 'on' })
  await sweep()
  await issuePin(context, await bench.personOf('n10'), bench.operator, { target: null, reason })
  file = file.map((each) => (Number(each.id) >= 30 ? { ...each, family: 'Other' } : each))
  await bench.deliver(file)
  await discardAt(await bench.personOf('n11'))
  await inTransaction(database.pool, (client) =>
    insertConfigVersion(client, vault, {
      ...{ number: 1, state: 'released', created_at: context.now(), decided_at: context.now(), decided_by: null },
      text: '{}',
    }),
  )
  await inTransaction(database.pool, async (client) => {
    await registerSubscriptions(client, vault, [{ id: 'siem', feed: 'events', from: 'now' }], context.now())
    await writePositions(client, vault, 'siem', 0, new Map([['doors', 17]]))
  })
  await guardAt(await bench.personOf('n12'))
  token = (await createSubjectWithToken(database.db, vault, { name: 'Ada', role: 'admin', days: 9 })).token
  await appendOnce(database.pool, vault)
  await writeAuditMark(database.pool, vault, { seq: 1, hash: Buffer.alloc(32) })
}

/** An enrolment window, an account that was suspended, and somebody's approval. */
async function guardAt(person: PersonId): Promise<void> {
  const { context, operator } = bench
  const { vault, now, database } = context
  await openEnrolment(context, person, operator, { for: '30m', reason })
  await inTransaction(database.pool, async (client) => {
    const dossier = certain((await loadDossiers(client, vault, [person])).dossiers.get(person))
    const id = newId<SuspensionId>()
    const [at, approval, finding] = [now(), newId<KeyId>(), newId<KeyId>()]
    await saveSuspension(client, vault, {
      ...{ id, account_id: certain(dossier.accounts[0]).row.id, person_id: person, target: 'doors', state: 'lifted' },
      ...{ waits_for: null, cause: 'event', finding, found_at: at, last_found_at: at, shut_at: at },
      ...{ kept_at: null, kept_by: null, lifted_at: at },
    })
    const place = { table: 'suspension_approval', column: 'reason', row: approval, version: 1 }
    const given = { id: approval, suspension_id: id, finding, person_id: person, subject_id: operator, at }
    await addApproval(client, vault, { ...given, reason: vault.seal(dossier.key, place, reason) })
    await saveGuardPosition(client, vault, 'doors', 17)
  })
}

async function discardAt(person: PersonId): Promise<void> {
  const { database, vault } = bench.context
  const [account] = await bench.rows<{ id: AccountId; desired_version: number }>(
    'select id, desired_version from account where person_id = $1',
    [person],
  )
  await inTransaction(database.pool, (client) => discardFailure(client, vault, certain(account)))
}

describe('every column', () => {
  test('that holds something sealed, digested or signed has its way under new keys, or a reason why not', () => {
    const missing = Object.entries(catalogue).flatMap(([table, columns]) =>
      Object.entries(columns).flatMap(([column, kind]) => {
        const known = registry[table as keyof typeof registry]?.columns as Readonly<Record<string, unknown>> | undefined
        return kind === 'clear' || exceptions[table] !== undefined || known?.[column] !== undefined
          ? []
          : [`${table}.${column}`]
      }),
    )
    expect(missing).toEqual([])
    expect(Object.keys(exceptions).filter((table) => table in registry)).toEqual([])
  })
})

describe('a store whose keys were replaced', () => {
  let replaced: Replaced
  let before: ReadonlyMap<string, ReadonlySet<string>>
  let names: readonly string[]
  let alarms: readonly unknown[]
  const alarmsOn = () => bench.rows('select code, scope from alarm where cleared_at is null order by code, scope')
  beforeAll(async () => {
    await live()
    before = await bytesByColumn(bench.context.database.pool)
    const accounts = await bench.rows<{ parts: { profile: string; validity: string } }>(
      'select wanted::jsonb as parts from account union all select desired::jsonb from account where desired is not null',
    )
    const cards = await bench.rows<{ name: string }>(
      `select substr(part, 6) as name from drift where class = 'card-added'`,
    )
    names = [...accounts.flatMap(({ parts }) => [parts.profile, parts.validity]), ...cards.map(({ name }) => name)]
    alarms = await alarmsOn()
    replaced = await replaceAll(bench)
  }, 120_000)

  test('has lived before', () => {
    const empty = [...before].filter(([, values]) => values.size === 0).map(([name]) => name)
    expect(
      empty.filter(
        (name) =>
          !/^(match_|event|punch|restore\.|archive\.|source_standing\.(columns_delta|offered|reading|cursor)|person_key\.former|audit_pending|alarm\.cleared|gateway\.key_set|config_version\.resolved|lockout\.sign_off|target\.(mode|deep_guard)|drift\.external_id)/.test(
            name,
          ),
      ),
    ).toEqual([])
    expect(new Set(names).size).toBeGreaterThan(20)
    expect(replaced.tally.sum('refused') + replaced.tally.sum('unreadable')).toBe(0)
  })

  test('holds nothing of what it held, but for the audit trail and hashes that need no key', async () => {
    const after = await bytesByColumn(bench.context.database.pool)
    const left = [...before].flatMap(([name, values]) => {
      const same = [...values].filter((value) => after.get(name)?.has(value))
      return same.length === 0 ? [] : [name]
    })
    expect(left.sort()).toEqual(['audit.details', 'audit.hash', 'audit.mac', 'audit_mark.hash'])
    const text = await clearText(bench.context.database.pool)
    expect(names.filter((name) => text.includes(name))).toEqual([])
  })

  test('is of no use to who has the old keyring', async () => {
    const thief = openVault(replaced.before)
    const { database } = bench.context
    const [key] = await bench.rows<Parameters<typeof thief.unwrap>[0]>('select * from person_key limit 1')
    expect(() => thief.unwrap(key as NonNullable<typeof key>)).toThrow()
    expect((await releasedVersions(database.pool, thief)).genuine).toEqual([])
    const read = await inTransaction(database.pool, (client) => loadDossiers(client, thief, [locked]))
    expect([read.dossiers.size, read.frozen]).toEqual([0, [locked]])
    expect((await verifyAudit(database.pool, thief)).ok).toBe(true)
  })

  test('goes on as if nothing had been: the same file changes nothing, and no brake trips', async () => {
    const waits = await bench.heldPlan()
    expect(waits).not.toBeNull()
    await bench.rest()
    const written = writes()
    const report = await bench.deliver(file)
    expect(report).toMatchObject({ outcome: 'taken', problems: 0, missing: 0, plan: waits })
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect(writes()).toBe(written)
    expect(await bench.rows(`select origin from plan where state = 'held'`)).toEqual([{ origin: 'source:hr' }])
    expect(await alarmsOn()).toEqual(alarms)
    expect(await restoreSilenced(bench.context.database.pool, bench.context.vault)).toBe(0)
    // A card that nobody knows has no name to go on under: it is noted once more.
    const drifts = () =>
      bench.rows(`select class, case when class <> 'card-added' then id end as id from drift order by class`)
    const known = await drifts()
    await sweep()
    expect(await drifts()).toEqual(known)
    expect(known).toHaveLength(2)
    expect(await bench.rows(`select from account where frozen_at is not null`)).toEqual([])
  })

  test('shuts a leaver out, keeps out whom an operator locked, and knows again who was erased', async () => {
    expect([isIn(11), isIn(6)]).toEqual([true, false])
    file = [...file.map((each) => (each.id === '11' ? { ...each, status: 'left' as const } : each)), row(7)]
    await bench.deliver(file)
    await bench.rest()
    expect([isIn(11), isIn(6), isIn(12)]).toEqual([false, false, true])
    expect(await bench.alarms()).toContain('person.erased-again')
    expect(user(13)?.cards.get(cardKey(byHand))?.state).toBe('blocked')
    await unlockPerson(bench.context, await bench.personOf('n13'), bench.operator, 'a mistake', 8)
    await bench.rest()
    expect([isIn(13), user(13)?.cards.get(cardKey(byHand))?.state]).toEqual([true, 'on'])
    // The lock outlives the row of its person.
    await engine.tamper('delete from person where id = $1', [locked])
    await engine.tamper('delete from source_record where person_id = $1', [locked])
    await engine.tamper('delete from blind_index where person_id = $1', [locked])
    await engine.tamper('delete from account where person_id = $1', [locked])
    await engine.tamper('delete from credential where person_id = $1', [locked])
    await bench.deliver(file.map((each) => (each.id === '6' ? { ...each, family: 'Again' } : each)))
    expect(await bench.alarms()).toContain('lock.outlived')
  })

  test('lets the erased in again by number, and holds the journal to be its own', async () => {
    expect(await replayErasures(bench.context)).toBe(0)
    expect(await bench.alarms()).not.toContain('erasure.journal-forged')
    await liftErasure(bench.context, 'n7', bench.operator, reason)
    await bench.deliver(file.map((each) => (each.id === '7' ? { ...each, family: 'Back' } : each)))
    expect(await bench.personOf('n7')).not.toBe(erased)
  })

  test('makes the plan that waited, when it is released, to the last change', async () => {
    const plan = await bench.heldPlan()
    const waiting = (await bench.rows('select from plan_change where plan_id = $1', [plan])).length
    expect(waiting).toBeGreaterThan(9)
    const { applied, dropped } = await bench.release(plan as NonNullable<typeof plan>)
    await bench.rest()
    expect([applied, dropped]).toEqual([waiting, 0])
    expect(user(31)?.profile.name).toContain('Other')
  })

  test('has an audit trail that is whole, and readable about those who are still here', async () => {
    const { database, vault, keyring } = bench.context
    await appendOnce(database.pool, vault)
    expect(await verifyAudit(database.pool, vault)).toMatchObject({ ok: true })
    const page = await openAuditPage(database.pool, vault, 0, 500)
    const told = (action: string) => page.filter((entry) => entry.action === action)
    expect(told('keys.replaced').map(({ details }) => details?.reason)).toEqual(['a disk was stolen'])
    expect(told('person.locked')[0]?.details).toBeNull()
    expect(told('grant.given').map(({ details }) => details?.reason)).toEqual([reason])
    // Also after the epoch that the former keys lie under was turned over.
    await rotateEpoch(bench.context, bench.operator, reason)
    await turnEpochs(bench.context, going)
    const [key] = await bench.rows<{ epoch: string }>('select distinct epoch from person_key')
    expect(key?.epoch).toBe(keyring.current.epochs.at(-1)?.id)
    const again = await openAuditPage(database.pool, vault, 0, 500)
    expect(again.filter(({ action }) => action === 'grant.given').map(({ details }) => details?.reason)).toEqual([
      reason,
    ])
    expect(token).not.toBe('')
  })
})

describe('what was not right before', () => {
  let replaced: Replaced
  beforeAll(async () => {
    await live()
    const [ada, bob, cy, eve] = await Promise.all(['n1', 'n2', 'n3', 'n4'].map((number) => bench.personOf(number)))
    await engine.tamper('update person set protected = true where id = $1', [ada])
    await engine.tamper(`update account set desired = replace(desired, '"open"', '"closed"') where person_id = $1`, [
      bob,
    ])
    await engine.tamper('update credential set card = $2 where person_id = $1', [cy, Buffer.alloc(50)])
    await engine.tamper('update person_key set wrapped = $2 where id = (select key_id from person where id = $1)', [
      eve,
      Buffer.alloc(61),
    ])
    await engine.tamper(
      `insert into blind_index (purpose, digest, person_id, guard) values ('employee-number', $2, $1, $3)`,
      [ada, Buffer.alloc(16), Buffer.alloc(32)],
    )
    await engine.tamper(`update plan set counts = '[]' where state = 'held'`)
    await engine.tamper(
      `insert into account_work (account_id, target, lane, intents) select id, target, 'bulk', $2 from account where person_id = $1`,
      [ada, JSON.stringify([{ desired: '{"lock":"open"}', mac: 'eA==' }, null, 'x'])],
    )
    await engine.tamper(`insert into lock_mark (purpose, digest, person_id, guard) values ('odd', $2, $1, $2)`, [
      ada,
      Buffer.alloc(16),
    ])
    // Opens where it lies, and is not what its row was signed for.
    const [{ id, key_id } = { id: '', key_id: '' }] = await bench.rows<{ id: string; key_id: string }>(
      'select id, key_id from account where person_id = $1',
      [await bench.personOf('n14')],
    )
    const { vault } = bench.context
    const [key] = await bench.rows<Parameters<typeof vault.unwrap>[0]>('select * from person_key where id = $1', [
      key_id,
    ])
    const earlier = vault.seal(
      vault.unwrap(key as NonNullable<typeof key>),
      { table: 'account', column: 'external_id', row: id, version: 1 },
      'another',
    )
    await engine.tamper('update account set external_id = $2 where id = $1', [id, earlier])
    replaced = await replaceAll(bench)
  }, 120_000)

  test('is not right after either, and counted', async () => {
    const { tally } = replaced
    const counts = (name: 'refused' | 'unreadable') =>
      Object.fromEntries([...tally.tables].flatMap(([table, of]) => (of[name] > 0 ? [[table, of[name]]] : [])))
    expect(counts('refused')).toEqual({ account: 1, blind_index: 1, lock_mark: 1, person: 1, plan: 1 })
    expect(counts('unreadable')).toEqual({ account: 2, credential: 2, person_key: 1, source_record: 1 })
    const ids = await Promise.all(['n1', 'n2', 'n3'].map((number) => bench.personOf(number)))
    const { pool } = bench.context.database
    const { frozen } = await inTransaction(pool, (client) => loadDossiers(client, bench.context.vault, ids))
    expect(new Set(frozen)).toEqual(new Set(ids))
    expect(await bench.heldPlan()).not.toBeNull()
    await expect(bench.release((await bench.heldPlan()) as never)).rejects.toMatchObject({ code: 'plan.forged' })
  })

  test('keeps nobody else from their doors', async () => {
    const people = await bench.rows('select id from person order by id')
    const report = await bench.deliver([...file.filter(({ id }) => id !== '13'), row(13, { status: 'left' })])
    await bench.rest()
    expect([isIn(13), isIn(12)]).toEqual([false, true])
    expect(await bench.alarms()).toContain('guard.failed')
    // Nobody is made anew in the place of those who are frozen, not even of whom nothing opens any more.
    expect([report.problems, await bench.rows('select id from person order by id')]).toEqual([5, people])
  })
})
