import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { openAuditPage } from '../../audit/page.ts'
import { pinnedKeys, verifyLine } from '../../audit/signed-line.ts'
import { verifyAudit } from '../../audit/verify.ts'
import type { PersonId, PlanId } from '../../model/id.ts'
import { currentEpoch } from '../../vault/keyring.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrSource } from '../fixtures/hr-file.fixture.ts'
import { type Fault, nextCalls, opens } from '../fixtures/memory-target.fixture.ts'
import { rotateEpoch, turnEpochs } from '../keys/epochs.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { pauseByHand, resumeByHand } from '../stop.ts'
import { continueErasures } from './continue.ts'
import { erasePerson } from './erase.ts'
import { liftErasure, signOffErasure } from './lift.ts'
import { replayErasures } from './replay.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver(staff)
  await bench.rest()
})

const row = (id: string, more: Partial<HrRow> = {}): HrRow => ({
  ...{ id, number: `n${id}`, given: 'Ada', family: `Test ${id}`, department: 'Research', card: `10${id}` },
  ...more,
})
const staff = [row('1'), row('2'), row('3')]
const reason = 'request of 12 March'
const going = new AbortController().signal

const erase = async (number = 'n1') => erasePerson(bench.context, await bench.personOf(number), bench.operator, reason)
/** Lets the scheduler and the workers do what there is to do. */
const settle = async () => {
  for (let round = 0; round < 3; round++) {
    await continueErasures(bench.context)
    await bench.rest()
  }
}
const pause = () => pauseByHand(bench.context, 'doors', bench.operator, 'works there')
const resume = () => resumeByHand(bench.context, 'doors', bench.operator, 'over')
const people = async () => Number((await bench.rows<{ count: string }>('select count(*) from person'))[0]?.count)
const erasures = () =>
  bench.rows<{ id: string; deleted_at: Date | null; statement: string | null; closing: string | null; epoch: string }>(
    'select * from erasure order by asked_at',
  )
const removals = async () =>
  (await bench.rows('select outcome from erasure_account order by outcome')).map((each) => each.outcome)
const stated = (line: string | null | undefined) =>
  verifyLine(line ?? '', pinnedKeys(bench.context.vault.signing.publicKey)) as {
    type: string
    content: Record<string, unknown>
  }

/** Every row of every table that names the person, or something of theirs, by id. */
async function rowsAbout(ids: readonly string[]): Promise<string[]> {
  const tables = await bench.rows<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'gatehouse' and tablename not like 'kysely%' and tablename not like 'alarm%'`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await bench.rows<{ text: string }>(`select t::text as text from ${name} t`)
    if (rows.some(({ text }) => ids.some((id) => text.includes(id)))) found.push(name)
  }
  return found.sort()
}

describe('a person who is erased', () => {
  test('is locked out at once, removed at the target and read back, then deleted with everything that is kept', async () => {
    const person = await bench.personOf('n1')
    const [{ key_id: key } = { key_id: '' }] = await bench.rows<{ key_id: string }>(
      'select key_id from person where id = $1',
      [person],
    )
    const cards = await bench.rows<{ id: string }>('select id from credential where person_id = $1', [person])
    const begun = await erase()
    await bench.work()
    expect(opens(bench.target.users.get('n1'), bench.context.now())).toBe(false)
    expect(begun.lockouts).toHaveLength(1)
    await settle()
    expect(bench.target.users.has('n1')).toBe(false)
    expect(await people()).toBe(2)
    expect(await rowsAbout([person])).toEqual(['audit_pending', 'erasure', 'lockout'])
    expect(await rowsAbout([key])).toEqual(['erasure'])
    expect(await rowsAbout(cards.map(({ id }) => id))).toEqual([])
    expect(await removals()).toEqual(['removed'])
    const actions = await bench.rows(
      `select action from audit_pending where action like '%eras%' or action = 'account.removed' order by id`,
    )
    expect(actions.map(({ action }) => action)).toEqual(['person.erasing', 'account.removed', 'person.erased'])
    expect(await bench.alarms()).toEqual([])
  })

  test('has a signed statement of what was removed where, and one more when backups are closed', async () => {
    const person = await bench.personOf('n1')
    const epoch = currentEpoch(bench.context.keyring.current).id
    const { erasure } = await erase()
    await settle()
    const deletedAt = bench.context.now().toISOString()
    expect(stated((await erasures())[0]?.statement)).toMatchObject({
      type: 'erasure/1',
      content: {
        erasure,
        person,
        epoch,
        deletedAt,
        askedBy: bench.operator,
        archives: [],
        accounts: [{ target: 'doors', outcome: 'removed' }],
      },
    })
    await rotateEpoch(bench.context, bench.operator, 'sooner')
    for (const ms of [minute, 35 * day, 0]) {
      await turnEpochs(bench.context, going)
      await bench.pass(ms)
    }
    const [done] = await erasures()
    expect(stated(done?.closing)).toMatchObject({ type: 'erasure-closed/1', content: { erasure, epoch } })
    expect(await bench.rows('select unreadable_at from erasure')).not.toEqual([{ unreadable_at: null }])
  })

  test('can neither be unlocked nor erased again meanwhile; shutting them out once more does no harm', async () => {
    const person = await bench.personOf('n1')
    await erase()
    await expect(unlockPerson(bench.context, person, bench.operator, 'mistake', 8)).rejects.toMatchObject({
      code: 'person.erasing',
    })
    await lockPerson(bench.context, person, bench.operator, 'again')
    await expect(erase()).rejects.toMatchObject({ code: 'person.erasing' })
    await bench.deliver([row('1', { family: 'Changed' }), row('2'), row('3')])
    await settle()
    expect(await people()).toBe(2)
    await expect(erasePerson(bench.context, person, bench.operator, reason)).rejects.toMatchObject({
      code: 'person.unknown',
    })
  })

  test('leaves nothing of what a match found of accounts that are nobody’s: each may be theirs; it is linked by a read of its own', async () => {
    bench.target.users.set('x9', existing({ name: 'Whoever That Is', levels: ['Main'] }))
    await match(bench)
    const found = () => bench.rows('select 1 from match_row where found is not null')
    expect(await found()).toHaveLength(1)
    await erase()
    await settle()
    expect([await people(), await found()]).toEqual([2, []])
    const other = await bench.personOf('n2')
    await linkByHand(bench.context, 'doors', 'x9', other, bench.operator, 'seen', bench.brakes)
    expect(await bench.rows(`select 1 from match_row where class = 'linked' and person_id = $1`, [other])).toHaveLength(
      2,
    )
  })

  test('frees a card that somebody waited for', async () => {
    await bench.deliver([row('1'), row('2', { card: '101' }), row('3')])
    await bench.rest()
    expect(await bench.rows('select from credential where waits')).toHaveLength(1)
    await erase()
    await settle()
    await bench.followCalendar()
    expect(await bench.rows('select from credential where waits')).toEqual([])
  })

  test('whose plan waits takes no other change of it along: it is planned anew', async () => {
    const { brakes } = hrSource()
    bench = await engine.begin({ source: { brakes: { ...brakes, create: { min: 5, percent: 0 } } } })
    const twenty = Array.from({ length: 20 }, (_, i) => row(`${i + 1}`))
    await bench.deliver(twenty)
    const held = await bench.heldPlan()
    await erase('n4')
    await settle()
    await bench.deliver(twenty.filter(({ id }) => id !== '4'))
    const next = await bench.heldPlan()
    expect([held, next]).toEqual([expect.any(String), expect.not.stringMatching(held ?? '')])
    await bench.release(next as PlanId)
    await bench.rest()
    expect(bench.target.users.size).toBe(19)
    expect((await bench.rows('select from plan where applied_at is not null')).length).toBe(1)
  })
})

describe('a removal', () => {
  test.each<[string, readonly Fault[]]>([
    ['refused for a while', [{ is: 'failure', kind: 'transient' }]],
    ['never answered', [{ is: 'unanswered', lands: 'never' }]],
    ['carried out without an answer', [{ is: 'unanswered', lands: 'at-once' }]],
  ])('%s is tried until the account is gone', async (_, faults) => {
    nextCalls(bench.target, 'remove', ...faults)
    await erase()
    await settle()
    expect([bench.target.users.has('n1'), await people(), await removals()]).toEqual([false, 2, ['removed']])
  })

  test('at a paused target waits, is told about, and goes on when it may', async () => {
    await erase()
    await bench.work()
    await pause()
    await continueErasures(bench.context)
    await bench.pass(15 * minute)
    await continueErasures(bench.context)
    expect([await bench.alarms(), await people()]).toEqual([['erasure.waits', 'target.paused'], 3])
    await resume()
    await settle()
    expect([await bench.alarms(), await people()]).toEqual([[], 2])
  })

  test('leaves an account that was never ours, or may not be touched, and says so', async () => {
    const user = bench.target.users.get('n2')
    if (user === undefined) throw new Error('there is no such user')
    user.untouchable = true
    await erase('n2')
    await settle()
    expect([bench.target.users.has('n2'), await removals()]).toEqual([true, ['untouchable']])
  })

  test('of an account that was never made needs no target', async () => {
    const other = await engine.begin({ enabled: false })
    bench = other
    await bench.deliver(staff)
    await erase()
    bench.target.calls.length = 0
    await settle()
    expect([await people(), await removals(), bench.target.calls]).toEqual([2, ['never-made'], []])
  })

  test('that the target will not take is offered again later, and told about', async () => {
    const rejected: Fault = { is: 'failure', kind: 'rejected' }
    nextCalls(bench.target, 'remove', rejected, rejected)
    await erase()
    await bench.work()
    await continueErasures(bench.context)
    await bench.work()
    expect([bench.target.users.has('n1'), await people()]).toEqual([true, 3])
    await bench.pass(15 * minute)
    await continueErasures(bench.context)
    expect(await bench.alarms()).toEqual(['erasure.waits'])
    await settle()
    expect([bench.target.users.has('n1'), await people(), await bench.alarms()]).toEqual([false, 2, []])
  })

  test('of which the target only says that it was done is not taken for done', async () => {
    const { accounts } = bench.target.connection
    const { apply } = accounts
    let lies = 2
    accounts.apply = async (change, signal) =>
      change.kind === 'remove' && lies-- > 0
        ? { parts: [{ part: { kind: 'lock' }, outcome: 'applied' }] }
        : apply(change, signal)
    await erase()
    await settle()
    expect([lies < 0, bench.target.users.has('n1'), await people()]).toEqual([true, false, 2])
  })

  test('spares an account that a stranger made under the same id', async () => {
    await pause()
    await bench.deliver([...staff, row('4')])
    await resume()
    const stranger = bench.target.users.get('n1')
    if (stranger === undefined) throw new Error('there is no such user')
    bench.target.users.set('n4', { ...stranger, profile: { name: 'A Stranger', department: '' }, cards: new Map() })
    await bench.rest()
    await erase('n4')
    await settle()
    expect([bench.target.users.get('n4')?.profile.name, await removals(), await people()]).toEqual([
      'A Stranger',
      ['not-ours'],
      3,
    ])
  })

  test('waits until a write that may still land has come and gone', async () => {
    await bench.deliver([row('1', { family: 'Late' }), row('2'), row('3')])
    nextCalls(bench.target, 'put', { is: 'unanswered', lands: 'late' })
    await bench.work()
    await erase()
    await continueErasures(bench.context)
    await bench.work()
    bench.target.land()
    await settle()
    expect([bench.target.users.has('n1'), await people()]).toEqual([false, 2])
  })

  test('at a target that is gone for good is signed off by name; there must be one', async () => {
    const { erasure } = await erase()
    const signOff = (target: string) => signOffErasure(bench.context, erasure, target, bench.operator, 'sold')
    await expect(signOff('elsewhere')).rejects.toMatchObject({ code: 'erasure.not-waiting' })
    await signOff('doors')
    await continueErasures(bench.context)
    expect([await people(), await removals()]).toEqual([2, ['signed-off']])
    await expect(signOff('doors')).rejects.toMatchObject({ code: 'erasure.done' })
    const unknown = signOffErasure(bench.context, 'n1', 'doors', bench.operator, 'sold')
    await expect(unknown).rejects.toMatchObject({ code: 'erasure.unknown' })
  })
})

describe('a delivery that brings the erased again', () => {
  beforeEach(async () => {
    await erase()
    await settle()
  })

  test.each<[string, Partial<HrRow>]>([
    ['the very record', { family: 'Again' }],
    ['another record of the same number', { id: '77' }],
    ['the same record under another number', { number: 'n77' }],
  ])('%s makes nobody, is counted, and alarmed once until it ends', async (_, more) => {
    const report = await bench.deliver([row('1', more), row('2'), row('3')])
    expect([report.problems, await people()]).toEqual([1, 2])
    expect(await bench.rows('select code from pull_problem')).toEqual([{ code: 'person.erased-again' }])
    await bench.deliver([row('1', { ...more, family: 'Once more' }), row('2'), row('3')])
    expect(await bench.alarms()).toEqual(['person.erased-again'])
    expect(await bench.rows(`select is_on from alarm_notice where code = 'person.erased-again'`)).toEqual([
      { is_on: true },
    ])
    await bench.deliver([row('2'), row('3')])
    expect(await bench.alarms()).toEqual([])
  })

  test('holds nobody else, not with the erased one’s card either', async () => {
    await bench.deliver([row('4', { card: '101' }), row('2'), row('3')])
    await bench.rest()
    expect([await people(), bench.target.users.has('n4')]).toEqual([3, true])
  })

  test('a number that passed to somebody who is here holds nothing of theirs', async () => {
    await bench.deliver([row('2', { number: 'n1' }), row('3')])
    await bench.deliver([row('2', { number: 'n1' }), row('4', { number: 'n1' }), row('3')])
    expect(await bench.rows('select code from pull_problem')).toEqual([])
    expect(await bench.rows('select from source_record')).toHaveLength(3)
  })

  test('brings them in, as somebody new, once a person allowed it; by number or by id', async () => {
    await bench.deliver([row('1'), row('2'), row('3')])
    const allow = (by: string) => liftErasure(bench.context, by, bench.operator, 'employed again')
    await expect(allow('n9')).rejects.toMatchObject({ code: 'erasure.unknown' })
    const id = await allow(' N1 ')
    expect(id).toBe((await erasures())[0]?.id)
    expect(await bench.alarms()).toEqual([])
    await bench.deliver([row('1'), row('2'), row('3')])
    expect(await people()).toBe(3)
    // What the journal says of the old one does not hold the new one.
    expect(await replayErasures(bench.context)).toBe(0)
    expect(await bench.rows('select from tombstone')).toEqual([])
    expect(await allow(id)).toBe(id)
  })

  test('forged tombstones hold nobody, and missing ones come back from the journal', async () => {
    const traces = await bench.rows<{ digest: Buffer }>('select digest from tombstone')
    expect(traces).toHaveLength(2)
    await engine.tamper('update tombstone set guard = $1', [Buffer.alloc(32)])
    await bench.deliver([row('1', { family: 'Other' }), row('2'), row('3')])
    expect(await people()).toBe(3)
    await engine.tamper('delete from tombstone')
    await replayErasures(bench.context)
    expect(await bench.rows('select from tombstone')).toHaveLength(2)
  })
})

describe('an older database that was put back', () => {
  /** What a restored backup holds of the person. */
  async function backup(): Promise<() => Promise<void>> {
    const tables = [
      'person_key',
      'person',
      'blind_index',
      'source_record',
      'credential',
      'account',
      'tombstone',
      'erasure',
    ]
    const kept = await Promise.all(
      tables.map(
        async (name) => [name, await bench.rows<{ row: unknown }>(`select to_jsonb(t) as row from ${name} t`)] as const,
      ),
    )
    return async () => {
      for (const [name] of kept) await engine.tamper(`delete from ${name}`)
      for (const [name, rows] of kept)
        for (const { row: each } of rows)
          await engine.tamper(`insert into ${name} select * from jsonb_populate_record(null::${name}, $1)`, [
            JSON.stringify(each),
          ])
    }
  }

  test('brings nobody back: the erased are locked and erased again before anything else', async () => {
    const restore = await backup()
    const { erasure } = await erase()
    await settle()
    await restore()
    expect(await people()).toBe(3)
    expect(await replayErasures(bench.context)).toBe(1)
    expect((await bench.rows('select from person where locked_at is not null')).length).toBe(1)
    expect(await replayErasures(bench.context)).toBe(0)
    await settle()
    expect([await people(), (await erasures()).map(({ id }) => id)]).toEqual([2, [erasure]])
    await bench.deliver([row('1', { family: 'Other' }), row('2'), row('3')])
    expect(await people()).toBe(2)
  })

  test('from the middle of the erasure goes on with it', async () => {
    await erase()
    const restore = await backup()
    await settle()
    await restore()
    await engine.tamper('update erasure set deleted_at = null')
    expect(await replayErasures(bench.context)).toBe(0)
    await settle()
    expect(await people()).toBe(2)
  })

  test('whose erased nobody can open any more has them deleted as they are', async () => {
    const restore = await backup()
    const person = await bench.personOf('n1')
    await erase()
    await settle()
    await restore()
    await engine.tamper('update person_key set wrapped = $2 where id = (select key_id from person where id = $1)', [
      person,
      Buffer.alloc(61),
    ])
    expect(await replayErasures(bench.context)).toBe(1)
    expect([await people(), await rowsAbout([person])]).toEqual([2, ['audit_pending', 'lockout']])
  })

  test('gives back to the journal what that lost, and a line that somebody changed counts for nothing', async () => {
    await erase()
    await settle()
    const path = bench.context.erasureJournalPath
    const text = await readFile(path, 'utf8')
    await rm(path)
    await replayErasures(bench.context)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      erasure: JSON.parse(text).erasure,
      person: JSON.parse(text).person,
    })
    const forged = { ...JSON.parse(text), person: await bench.personOf('n2') }
    await appendFile(path, `{"cut off\n${JSON.stringify(forged)}\n${JSON.stringify({ other: 1 })}\n`)
    expect(await replayErasures(bench.context)).toBe(0)
    expect(await bench.alarms()).toEqual(['erasure.journal-forged'])
    await writeFile(path, text)
    await replayErasures(bench.context)
    expect([await bench.alarms(), await people()]).toEqual([[], 2])
  })
})

test('an erasure that two processes go on with at once is stated once, and so in the audit trail', async () => {
  await erase()
  await bench.rest()
  await continueErasures(bench.context)
  await bench.rest()
  await Promise.all([continueErasures(bench.context), continueErasures(bench.context)])
  expect([await people(), (await erasures()).map(({ statement }) => statement !== null)]).toEqual([2, [true]])
  expect(await bench.rows(`select 1 from audit_pending where action = 'person.erased'`)).toHaveLength(1)
})

describe('what the audit trail says of the erased', () => {
  const page = async () => {
    await appendOnce(bench.context.database.pool, bench.context.vault)
    return openAuditPage(bench.context.database.pool, bench.context.vault, 0, 2000)
  }
  const details = async (action: string, object: string) =>
    (await page()).filter((entry) => entry.action === action && entry.object === object).map((entry) => entry.details)

  test('nobody reads any more where it speaks of them; that they were erased, by whom and why, stays', async () => {
    const person = await bench.personOf('n1')
    await lockPerson(bench.context, person, bench.operator, 'Ada Test was dismissed')
    expect(await details('person.locked', person)).toEqual([{ reason: 'Ada Test was dismissed' }])
    const { erasure } = await erase()
    await settle()
    expect(await details('person.locked', person)).toEqual([null])
    expect(await details('person.erasing', person)).toEqual([{ erasure, reason }])
    expect((await verifyAudit(bench.context.database.pool, bench.context.vault)).ok).toBe(true)
  })

  test('is not lost with a key that was changed from outside: it is only not shown', async () => {
    const person = await bench.personOf('n2')
    await lockPerson(bench.context, person, bench.operator, 'lost badge')
    const [key] = await bench.rows<{ wrapped: Buffer }>(
      'select wrapped from person_key k join person p on p.key_id = k.id where p.id = $1',
      [person],
    )
    const set = (wrapped: Buffer | undefined) =>
      engine.tamper('update person_key set wrapped = $2 where id = (select key_id from person where id = $1)', [
        person,
        wrapped,
      ])
    await set(Buffer.alloc(61))
    expect(await details('person.locked', person)).toEqual([null])
    await set(key?.wrapped)
    expect(await details('person.locked', person)).toEqual([{ reason: 'lost badge' }])
  })
})

describe('a thief who writes to the database', () => {
  test('erases nobody, and has no account removed, by saying that somebody is erased', async () => {
    const person = await bench.personOf('n1')
    await engine.tamper(
      `insert into erasure (id, person_id, key_id, asked_at, asked_by, guard) select gen_random_uuid(), id, key_id, now(), 'x', $2 from person where id = $1`,
      [person, Buffer.alloc(32)],
    )
    await engine.tamper(`insert into account_work (account_id, target, lane) select id, target, 'bulk' from account`)
    await settle()
    expect([await people(), bench.target.users.has('n1')]).toEqual([3, true])
    expect(await bench.alarms()).toEqual(['guard.failed'])
  })

  test('has nobody deleted here who is still there, by saying that the account was removed', async () => {
    await pause()
    await erase()
    await engine.tamper(`update erasure_account set outcome = 'removed', at = now()`)
    await continueErasures(bench.context)
    expect(await people()).toBe(3)
    await resume()
    await settle()
    expect([await people(), bench.target.users.has('n1')]).toEqual([2, false])
  })

  test('lifts or signs off no erasure that he changed', async () => {
    const { erasure } = await erase()
    const under = liftErasure(bench.context, erasure, bench.operator, 'mistake')
    await expect(under).rejects.toMatchObject({ code: 'erasure.under-way' })
    await engine.tamper('update erasure set deleted_at = now()')
    const forged = liftErasure(bench.context, erasure, bench.operator, 'mistake')
    await expect(forged).rejects.toMatchObject({ code: 'erasure.forged' })
  })

  test('stops no erasure for good by deleting it: the journal begins it again', async () => {
    await pause()
    await erase()
    await engine.tamper('delete from erasure')
    expect(await replayErasures(bench.context)).toBe(1)
    await resume()
    await settle()
    expect(await people()).toBe(2)
  })
})

test('without a journal nothing begins', async () => {
  const context = {
    ...bench.context,
    now: bench.context.now,
    erasureJournalPath: `${bench.context.erasureJournalPath}/below-a-file`,
  }
  await writeFile(bench.context.erasureJournalPath, '')
  const person: PersonId = await bench.personOf('n1')
  await expect(erasePerson(context, person, bench.operator, reason)).rejects.toMatchObject({
    code: 'vault.file-not-written',
  })
  await bench.rest()
  expect([await people(), await erasures(), bench.target.users.get('n1')?.lock]).toEqual([3, [], 'open'])
})
