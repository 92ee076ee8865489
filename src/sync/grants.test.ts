import { beforeEach, describe, expect, test } from 'vitest'
import type { AccessLevelId, GrantId, PersonId } from '../model/id.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import { type Bench, day, hour, second, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { opens } from './fixtures/memory-target.fixture.ts'
import { addGrant, revokeGrant, waitOf } from './grants.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'
import { modesOf } from './target-modes.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await deliver()
  person = await bench.personOf('n1')
})

const row = (more: Partial<HrRow> = {}): HrRow => ({
  ...{ id: '1', number: 'n1', given: 'Ada', family: 'Test', department: 'Sales', card: '100', ...more },
})
const deliver = async (more: Partial<HrRow> = {}) => {
  await bench.deliver([row(more)])
  await bench.rest()
}
const give = async (until: string | null, level = 'doors/Vault') => {
  const id = await addGrant(bench.context, person, bench.operator, { level, until, reason: 'counts the stock' })
  await bench.rest()
  return id
}
const revoke = async (id: GrantId) => {
  await revokeGrant(bench.context, id, bench.operator, 'done')
  await bench.rest()
}
const pass = async (ms: number) => {
  await bench.pass(ms)
  await bench.followCalendar()
  await bench.rest()
}
const user = () => bench.target.users.get('n1')
const levels = () => [...(user()?.levels ?? [])].map((id) => id.replace('id of ', '')).sort()
const audited = (like: string) =>
  bench.rows<{ actor: string; action: string; object: string }>(
    'select actor, action, object from audit_pending where action like $1 order by id',
    [like],
  )
const waits = async (level = 'doors/Vault') =>
  inTransaction(bench.context.database.pool, async (client) => {
    const { dossiers } = await loadDossiers(client, bench.context.vault, [person])
    const dossier = dossiers.get(person)
    if (dossier === undefined) throw new Error('there is no such person')
    return waitOf(
      bench.context,
      await modesOf(client, bench.context),
      dossier,
      bench.levels.byRef(level) as AccessLevelId,
    )
  })

describe('an individual grant', () => {
  test('opens the door at once, without a plan, and closes it when its time is over, to the second', async () => {
    const plans = await bench.rows('select id from plan')
    await give('8h')
    expect([levels(), await waits()]).toEqual([['Main', 'Vault'], null])
    expect(await bench.rows('select id from plan')).toEqual(plans)
    await pass(8 * hour - second)
    expect(levels()).toEqual(['Main', 'Vault'])
    await pass(second)
    expect(levels()).toEqual(['Main'])
    expect(await audited('grant.%')).toEqual([
      { actor: bench.operator, action: 'grant.given', object: person },
      { actor: 'clock', action: 'grant.expired', object: person },
    ])
    expect(await bench.rows('select ending from individual_grant')).toEqual([{ ending: 'expired' }])
  })

  test('to a last day ends when that day does where the person works', async () => {
    await deliver({ site: 'Lima' })
    await give('2026-03-06')
    expect(await bench.rows('select until from individual_grant')).toEqual([
      { until: new Date('2026-03-07T05:00:00Z') },
    ])
  })

  test('goes out through no brake, and neither does its end', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, revoke: limit, grant: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    await give('1h')
    expect(levels()).toEqual(['Main', 'Vault'])
    await pass(hour)
    expect([levels(), await bench.heldPlan('clock')]).toEqual([['Main'], null])
  })

  test('lets nothing else through that waits for a release', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, grant: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    await deliver({ department: 'Research' })
    await give('1h')
    expect([levels(), await bench.heldPlan()]).toEqual([['Main', 'Vault'], expect.any(String)])
  })

  test('is what protected people lose too: its end had a name on it', async () => {
    await bench.protect(person)
    await give('1h')
    await pass(hour)
    expect(levels()).toEqual(['Main'])
  })

  test('survives whatever a file and a policy say, and is revoked with a reason', async () => {
    const id = await give(null)
    await deliver({ department: 'Research', family: 'Other' })
    bench.policy([{ grant: ['doors/Lab'], to: 'true' }])
    await resolveEveryone(bench.context, bench.brakes)
    await bench.rest()
    expect(levels()).toEqual(['Lab', 'Vault'])
    await revoke(id)
    expect(levels()).toEqual(['Lab'])
    expect((await audited('grant.%')).map(({ action }) => action)).toEqual(['grant.given', 'grant.revoked'])
    await expect(revokeGrant(bench.context, id, bench.operator, 'again')).rejects.toMatchObject({
      code: 'grant.unknown',
    })
  })

  test('of what the rules give as well leaves that when it ends', async () => {
    const id = await give('1h', 'doors/Main')
    await revoke(id)
    expect(levels()).toEqual(['Main'])
    await give('1h', 'doors/Main')
    await pass(hour)
    expect(levels()).toEqual(['Main'])
  })

  test('and the rules that give the same later: each stays when the other ends', async () => {
    await give('2h', 'doors/Lab')
    await deliver({ department: 'Research' })
    await deliver()
    expect(levels()).toEqual(['Lab', 'Main'])
    await deliver({ department: 'Research' })
    await pass(2 * hour)
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  test('is revoked once, of two people who do so at the same time', async () => {
    const id = await give('8h')
    const said = await Promise.allSettled([revoke(id), revoke(id)])
    expect(said.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(said.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'grant.unknown' } })
    expect((await audited('grant.%')).map(({ action }) => action)).toEqual(['grant.given', 'grant.revoked'])
  })

  test('opens nothing for somebody whom the target can not know, nor at a target that is not configured any more', async () => {
    await bench.deliver([{ id: '2', given: 'No', family: 'Number' }])
    const [nobody] = await bench.rows<{ id: PersonId }>('select id from person where id <> $1', [person])
    const known = person
    person = nobody?.id as PersonId
    await give('8h')
    expect(await waits()).toBe('no-account')
    person = known
    await give('8h')
    ;(bench.context.targets as Map<string, unknown>).delete('doors')
    expect(await waits()).toBe('observe')
  })

  test('ends by the clock of the source where nobody knows the zone of the site', async () => {
    await deliver({ site: 'Nowhere' })
    await give('2026-03-05')
    // Midnight in Berlin, after that day.
    expect(await bench.rows('select until from individual_grant')).toEqual([
      { until: new Date('2026-03-05T23:00:00Z') },
    ])
  })

  test('stands beside another of the same level, until the last is over', async () => {
    const id = await give('1h')
    await give('2h')
    await revoke(id)
    expect(levels()).toEqual(['Main', 'Vault'])
    await pass(2 * hour)
    expect(levels()).toEqual(['Main'])
  })

  test('makes the account of whom the rules give nothing, or wait to give something', async () => {
    const limit = { min: 0, percent: 0 }
    bench = await engine.begin({ source: { brakes: { ...bench.brakes, create: limit } } })
    await deliver()
    person = await bench.personOf('n1')
    expect(user()).toBeUndefined()
    await give('1h')
    expect([levels(), user()?.cards.size]).toEqual([['Vault'], 1])
    bench.policy([])
    await resolveEveryone(bench.context, bench.brakes)
    await pass(hour)
    expect(levels()).toEqual([])
  })
})

describe('who stands out', () => {
  test('locked: gets nothing before they are unlocked', async () => {
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await give('8h')
    expect([opens(user(), bench.context.now()), levels(), await waits()]).toEqual([false, ['Main'], 'locked'])
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.rest()
    expect(levels()).toEqual(['Main', 'Vault'])
  })

  test('loses what ends meanwhile, and does not find it when the lock is lifted', async () => {
    await give('1h')
    await lockPerson(bench.context, person, bench.operator, 'seen')
    await pass(hour)
    expect(levels()).toEqual(['Main'])
    await unlockPerson(bench.context, person, bench.operator, 'seen', 1)
    await bench.rest()
    expect(levels()).toEqual(['Main'])
  })

  test('left: is refused, unless an operator holds the door open', async () => {
    await deliver({ status: 'left' })
    await expect(give('1h')).rejects.toMatchObject({ code: 'grant.person-left' })
    await unlockPerson(bench.context, person, bench.operator, 'HR is wrong', 8)
    await give('1h')
    expect(levels()).toEqual(['Main', 'Vault'])
    await pass(hour)
    expect(levels()).toEqual(['Main'])
  })

  test('left with a grant: has it shut at once, finds it again as a mistaken leaver, and no more when all was removed', async () => {
    await give(null)
    await deliver({ status: 'left' })
    expect(opens(user(), bench.context.now())).toBe(false)
    await deliver()
    expect(levels()).toEqual(['Main', 'Vault'])
    await deliver({ status: 'left' })
    await pass(8 * day)
    expect([levels(), await bench.rows('select ending from individual_grant')]).toEqual([[], [{ ending: 'left' }]])
    await deliver()
    expect(levels()).toEqual(['Main'])
  })

  test('suspended, and not here yet: nothing opens before', async () => {
    await deliver({ status: 'suspended' })
    await give('8h')
    expect([levels(), await waits()]).toEqual([['Main'], 'suspended'])
    await deliver({ start: '2026-03-04' })
    expect([levels(), await waits()]).toEqual([[], 'future'])
    await deliver()
    expect(levels()).toEqual(['Main', 'Vault'])
  })

  test('not here yet, but near enough that the account is made: has it from the first day', async () => {
    bench = await engine.begin({ leadMs: 3 * day })
    await deliver({ start: '2026-03-04' })
    person = await bench.personOf('n1')
    await give('5d')
    expect([levels(), await waits(), opens(user(), bench.context.now())]).toEqual([['Main', 'Vault'], null, false])
  })

  test('unknown: gets nothing new, and loses what is over', async () => {
    await give('1h')
    await deliver({ end: 'hidden' })
    await give('8h', 'doors/Lab')
    expect([levels(), await waits('doors/Lab')]).toEqual([['Main', 'Vault'], 'unknown'])
    await pass(hour)
    expect(levels()).toEqual(['Main'])
    await deliver()
    expect(levels()).toEqual(['Lab', 'Main'])
  })

  test('at a target that is only observed, it waits', async () => {
    bench = await engine.begin({ enabled: false })
    await deliver()
    person = await bench.personOf('n1')
    await give('1h')
    expect([user(), await waits()]).toEqual([undefined, 'observe'])
    await pass(hour)
    expect(await bench.rows('select ending from individual_grant')).toEqual([{ ending: 'expired' }])
  })
})

describe('what can not be', () => {
  test.each([
    ['a level that no target offers', { level: 'doors/Cellar', until: '1h' }, 'level.unknown'],
    ['a target that is not there', { level: 'nowhere/Main', until: '1h' }, 'level.unknown'],
    ['an end that has passed', { level: 'doors/Vault', until: '2020-01-01' }, 'until.over'],
    ['an end that is too far away', { level: 'doors/Vault', until: '9w', longest: 8 * 7 * day }, 'until.too-long'],
  ])('%s', async (_what, { level, until, ...more }, code) => {
    const context = Object.create(bench.context, {
      grantLongestMs: { value: 'longest' in more ? more.longest : 366 * day },
    })
    await expect(addGrant(context, person, bench.operator, { level, until, reason: 'x' })).rejects.toMatchObject({
      code,
    })
    expect(await bench.rows('select 1 from individual_grant')).toEqual([])
  })

  test('nobody', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000'
    const request = { level: 'doors/Vault', until: '1h', reason: 'x' }
    await expect(addGrant(bench.context, nobody as PersonId, bench.operator, request)).rejects.toMatchObject({
      code: 'person.unknown',
    })
    await expect(revokeGrant(bench.context, nobody as GrantId, bench.operator, 'x')).rejects.toMatchObject({
      code: 'grant.unknown',
    })
  })

  test('a level that vanished is nobody’s reason to lose or gain anything, and its grant still ends', async () => {
    const id = await give('8h')
    await give('1h')
    bench.target.levels = bench.target.levels.filter(({ name }) => name !== 'Vault')
    await bench.levels.discover(bench.setup, new AbortController().signal)
    await deliver({ family: 'Other' })
    expect(levels()).toEqual(['Main', 'Vault'])
    await pass(hour)
    expect(levels()).toEqual(['Main', 'Vault'])
    await revoke(id)
    expect(await bench.rows('select desired from account')).toMatchObject([
      { desired: expect.stringMatching(/"levels":\["[^"]*"\]/) },
    ])
  })
})

describe('whoever writes to the database', () => {
  test.each([
    [
      'makes one',
      `insert into individual_grant select gen_random_uuid(), person_id, access_level_id, until + interval '1 year', reason, subject_id, null, guard, null, created_at from individual_grant`,
    ],
    ['moves its end', `update individual_grant set until = until + interval '1 year'`],
    [
      'gives it to a level of his own choice',
      `update individual_grant set access_level_id = (select id from access_level where name = 'Lab')`,
    ],
    ['takes back that it has ended', 'update individual_grant set ended_at = null, ending = null'],
  ])('%s: the person is frozen and alarmed, and nothing is granted', async (what, sql) => {
    const id = await give('8h')
    if (what === 'takes back that it has ended') await revoke(id)
    const before = levels()
    await engine.tamper(
      sql
        .replaceAll('individual_grant', 'gatehouse.individual_grant')
        .replaceAll('access_level where', 'gatehouse.access_level where'),
    )
    await deliver({ family: 'Other' })
    expect([levels(), await bench.alarms()]).toEqual([before, ['guard.failed']])
    if (what !== 'takes back that it has ended')
      await expect(revokeGrant(bench.context, id, bench.operator, 'x')).rejects.toMatchObject({
        code: expect.stringMatching(/^(grant\.forged|person\.frozen)$/),
      })
  })

  test('finds no reason in clear', async () => {
    await give('8h')
    const [found] = await bench.rows<{ reason: Buffer }>('select reason from individual_grant')
    expect(found?.reason.includes('stock')).toBe(false)
  })
})
