import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { pinnedKeys, verifyLine } from '../../audit/signed-line.ts'
import type { PlanId, PullId } from '../../model/id.ts'
import { insertArchive } from '../../store/archives.ts'
import { loadPlan } from '../../store/plans.ts'
import { inTransaction } from '../../store/transaction.ts'
import { VaultError } from '../../vault/vault-error.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { rewrapAll } from '../keys/rewrap.ts'
import { continueErasures } from './continue.ts'
import { erasePerson } from './erase.ts'
import { signOffErasure } from './lift.ts'
import { replayErasures } from './replay.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  const { brakes } = hrSource()
  bench = await engine.begin({ source: { brakes: { ...brakes, create: { min: 5, percent: 0 } } } })
  await bench.deliver([row('1', { person: 'p1' }), row('2')])
  await bench.rest()
})

const row = (id: string, more: Partial<HrRow> = {}): HrRow => ({
  id,
  number: `n${id}`,
  given: 'Ada',
  family: `Test ${id}`,
  ...more,
})
const erase = async (number = 'n1') =>
  erasePerson(bench.context, await bench.personOf(number), bench.operator, 'request of 12 March')
const settle = async () => {
  for (let round = 0; round < 3; round++) {
    await continueErasures(bench.context)
    await bench.rest()
  }
}
const people = async () => (await bench.rows('select from person')).length
const statement = async () => {
  const [{ statement: line } = { statement: '' }] = await bench.rows<{ statement: string }>(
    'select statement from erasure',
  )
  return verifyLine(line, pinnedKeys(bench.context.vault.signing.publicKey))
}

describe('an erasure in trouble', () => {
  test('that the store fails is told, and keeps no other from its end', async () => {
    await erase('n1')
    await erase('n2')
    await bench.rest()
    const first = (await bench.rows<{ id: string }>('select id from erasure order by asked_at, id'))[0]?.id
    await engine.tamper(
      `create function gatehouse.fail() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$`,
    )
    await engine.tamper(
      `create trigger fail before update on gatehouse.erasure for each row when (old.id = '${first}') execute function gatehouse.fail()`,
    )
    try {
      await settle()
      expect(await people()).toBe(1)
      expect(bench.logged.some(({ event, fields }) => event === 'erasure.failed' && fields.erasure === first)).toBe(
        true,
      )
    } finally {
      await engine.tamper('drop trigger fail on gatehouse.erasure')
      await engine.tamper('drop function gatehouse.fail')
    }
    await settle()
    expect(await people()).toBe(0)
  })

  test('whose person somebody changed meanwhile is finished all the same, and told about', async () => {
    const person = await bench.personOf('n1')
    await erase()
    await bench.work()
    await continueErasures(bench.context)
    await bench.work()
    await engine.tamper('update source_record set row_digest = $2 where person_id = $1', [person, Buffer.alloc(32)])
    await settle()
    expect([await people(), await bench.alarms()]).toEqual([1, ['guard.failed']])
    await bench.deliver([row('1', { family: 'Again', person: 'p1' }), row('2')])
    expect(await people()).toBe(1)
  })

  test('waits while a plan with changes of the person is carried out, and supersedes no forged one', async () => {
    const many = Array.from({ length: 12 }, (_, i) => row(`${i + 1}`))
    await bench.deliver(many)
    const held = (await bench.heldPlan()) as PlanId
    await erase('n4')
    const set = (state: string) => engine.tamper('update plan set state = $2 where id = $1', [held, state])
    await set('released')
    await continueErasures(bench.context)
    await continueErasures(bench.context)
    expect(await people()).toBe(12)
    await set('held')
    await engine.tamper('update plan set guard = $2 where id = $1', [held, Buffer.alloc(32)])
    await settle()
    expect(await people()).toBe(11)
    expect(await bench.rows('select state from plan where id = $1', [held])).toEqual([{ state: 'held' }])
    await expect(loadPlan(bench.context.database.pool, bench.context.vault, held)).rejects.toMatchObject({
      code: 'plan.forged',
    })
  })

  test('of whose row nothing is left any more is not stated as done before somebody has signed off the account that nobody can find', async () => {
    const person = await bench.personOf('n1')
    await erase()
    await engine.tamper('delete from account_work')
    for (const table of ['account', 'source_record', 'credential', 'blind_index', 'individual_grant'])
      await engine.tamper(`delete from ${table} where person_id = $1`, [person])
    await engine.tamper('delete from person_key where id = (select key_id from person where id = $1)', [person])
    await engine.tamper('delete from person where id = $1', [person])
    await settle()
    const [open] = await bench.rows<{ id: string; done: boolean }>(
      'select id, deleted_at is not null as done from erasure',
    )
    expect(open?.done).toBe(false)
    await signOffErasure(bench.context, open?.id ?? '', 'doors', bench.operator, 'closed by hand')
    await settle()
    expect(await bench.rows('select deleted_at is not null as done, epoch from erasure')).toEqual([
      { done: true, epoch: bench.context.keyring.current.epochs.at(-1)?.id },
    ])
    expect(await replayErasures(bench.context)).toBe(0)
  })
})

test('the source’s own person key holds, too, and whoever has no number is erased by what there is', async () => {
  await bench.deliver([row('1', { person: 'p1' }), row('2', { number: '' })])
  await erase()
  await settle()
  await bench.deliver([row('77', { number: 'n77', person: 'p1' }), row('2', { number: '' })])
  expect(await bench.rows('select code from pull_problem')).toEqual([{ code: 'person.erased-again' }])
  const [other] = await bench.rows<{ id: string }>('select id from person')
  await erasePerson(bench.context, other?.id as never, bench.operator, 'request of 13 March')
  await settle()
  expect(await people()).toBe(0)
})

test('a statement names the deliveries that may hold the person, and until when', async () => {
  const { vault, database } = bench.context
  const { row: key } = vault.sealFile((async function* () {})())
  const expiresAt = new Date(bench.context.now().getTime() + 30 * day)
  const kept = { source: 'hr', pull: randomUUID() as PullId, fingerprint: Buffer.alloc(32), bytes: 0 }
  await inTransaction(database.pool, (client) =>
    insertArchive(client, vault, { key, ...kept, createdAt: bench.context.now(), expiresAt }),
  )
  await erase()
  await settle()
  expect(await statement()).toMatchObject({
    content: { archives: [{ archive: key.id, source: 'hr', until: expiresAt.toISOString() }] },
  })
})

test('wrapping anew stops where it is asked to, and does not take trouble with the file for a wrong row', async () => {
  const going = new AbortController().signal
  const { context } = bench
  context.keyring.change((keyring) => ({
    ...keyring,
    epochs: [
      ...keyring.epochs.map((epoch) => ({ ...epoch, state: 'retired' as const })),
      { ...(keyring.epochs[0] as (typeof keyring.epochs)[number]), id: randomUUID(), emptyAt: null },
    ],
  }))
  const vault = {
    ...context.vault,
    rewrap: () => {
      throw new VaultError('vault.file-missing')
    },
  }
  await expect(rewrapAll({ ...context, now: context.now, vault }, going)).rejects.toMatchObject({
    code: 'vault.file-missing',
  })
  expect(await rewrapAll(context, AbortSignal.abort())).toMatchObject({ moved: 0, complete: false })
  expect(await rewrapAll(context, going)).toMatchObject({ moved: 2, complete: true })
})
