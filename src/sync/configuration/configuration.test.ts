import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../config/config.ts'
import { type Deciding, encodeDeciding } from '../../../config/deciding.ts'
import { editsBetween } from '../../../config/edits.ts'
import { brakes } from '../../../config/schema.ts'
import { appendOnce } from '../../audit/append.ts'
import type { SubjectId } from '../../model/id.ts'
import { compilePolicy } from '../../policy/policy.ts'
import { isResolvedUnder, noteResolved, releasedVersions } from '../../store/config-versions.ts'
import { ensureSource } from '../../store/events/source-row.ts'
import type { ConfigVersionRow } from '../../store/guards.ts'
import { readSubscription, type SubscriptionRow, saveSubscription } from '../../store/subscriptions/row.ts'
import { inTransaction } from '../../store/transaction.ts'
import { type Bench, day, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import { resolveEveryone } from '../resolve/re-resolve.ts'
import { adoptConfiguration } from './adopt.ts'
import { type Candidate, obstacles, rejectConfiguration, releaseConfiguration } from './decide.ts'
import { dryRun } from './dry-run.ts'
import { isSuperseded, refuseSuperseded, versionAfter, versionInForce } from './in-force.ts'
import { noteEffect, offerConfiguration, proposedVersion, releaseFirst } from './offer.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

/** Where no account is made before a person has seen it. */
const braked = () => engine.begin({ source: { brakes: { ...bench.brakes, create: { min: 0, percent: 0 } } } })

const open = { isSecret: () => false, keysAt: () => [] }
/** Sections that differ in what the name says. */
const sections = (name: string): Deciding => ({ policy: [{ grant: ['doors/Main'], to: `"${name}" != ""` }] })
const first = () => releaseFirst(bench.context, sections('first'))
const offer = (name: string, by: SubjectId | null = null) =>
  offerConfiguration(bench.context, { deciding: sections(name), by })
const effect = { people: 0, accounts: 0, kinds: [] }

/** Of a configuration, what a release looks at. */
const configOf = (
  change: { brakes?: unknown; targets?: readonly string[]; subscriptions?: Record<string, object> } = {},
): Config =>
  ({
    subscriptions: change.subscriptions ?? {},
    sources: { hr: { brakes: brakes.parse(change.brakes ?? {}) } },
    targets: Object.fromEntries((change.targets ?? ['doors']).map((id) => [id, {}])),
  }) as unknown as Config

async function candidate(change: Partial<Candidate> = {}, counted = true): Promise<Candidate> {
  const inForce = await versionInForce(bench.context)
  const proposed = await proposedVersion(bench.context)
  if (proposed === null) throw new Error('nothing is proposed')
  if (counted) await noteEffect(bench.context, proposed.row, effect)
  return {
    row: (await proposedVersion(bench.context))?.row ?? proposed.row,
    before: configOf(),
    after: configOf(),
    edits: editsBetween(inForce.deciding, proposed.deciding, { before: open, after: open }),
    ...change,
  }
}
const release = async (change: Partial<Candidate> = {}) =>
  releaseConfiguration(bench.context, await candidate(change), bench.operator, 'seen')
/** The newest row that says it was released, whatever became of its text. */
const newestReleased = async () => {
  const { genuine } = await releasedVersions(engine.database.pool, engine.vault)
  const [row] = genuine
  if (row === undefined) throw new Error('nothing was released')
  return row
}
const numbers = async (state: string) =>
  (
    await bench.rows<{ number: number }>('select number from config_version where state = $1 order by number', [state])
  ).map(({ number }) => number)
const inForce = async () => (await versionInForce(bench.context)).row.number
const audited = async () =>
  (
    await bench.rows<{ action: string }>(`select action from audit_pending where action like 'config.%' order by id`)
  ).map(({ action }) => action)

describe('a file', () => {
  test('is the first version by itself while nobody is known, once, whoever starts at the same time', async () => {
    const made = await Promise.all([first(), first(), releaseFirst(bench.context, sections('another'))])
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await inForce()).toBe(1)
    expect(await audited()).toEqual(['config.released'])
    expect(
      (await bench.rows<{ decided_by: string | null }>('select decided_by from config_version'))[0]?.decided_by,
    ).toBeNull()
  })

  test('is none any more when people are known, or were', async () => {
    await bench.deliver([hrRow(1)])
    expect(await first()).toBe(false)
    await engine.tamper('delete from person; delete from account; delete from source_record')
    expect(await first()).toBe(false)
    await expect(versionInForce(bench.context)).rejects.toMatchObject({ code: 'config.none-released' })
    await expect(offer('first')).rejects.toMatchObject({ code: 'config.none-released' })
  })

  test('that says what is in force proposes nothing; one that differs is proposed once, and taken back when it differs no more', async () => {
    await first()
    expect(await offer('first')).toBe('in-force')
    expect([await offer('edited'), await offer('edited')]).toEqual(['proposed', 'proposed'])
    expect(await numbers('proposed')).toEqual([2])
    expect(await bench.alarms()).toEqual(['config.proposed'])
    expect(await offer('edited again')).toBe('proposed')
    expect(bench.logged).toContainEqual({ event: 'config.withdrawn', fields: { scope: 'version-2' } })
    expect([await numbers('proposed'), await numbers('superseded')]).toEqual([[3], [2]])
    expect(await offer('first')).toBe('in-force')
    expect([await numbers('proposed'), await numbers('superseded')]).toEqual([[], [2, 3]])
    expect(await bench.alarms()).toEqual([])
    expect(await audited()).toEqual([
      ...['config.released', 'config.proposed', 'config.withdrawn', 'config.proposed', 'config.withdrawn'],
    ])
    expect(await inForce()).toBe(1)
  })

  test('that was rejected is not proposed by a start again, but by a person, or once it says something else', async () => {
    await first()
    await offer('edited')
    await rejectConfiguration(bench.context, (await candidate()).row, bench.operator, 'no')
    expect(await offer('edited')).toBe('rejected')
    expect(await bench.alarms()).toEqual([])
    expect(await offer('edited', bench.operator)).toBe('proposed')
    expect(await numbers('rejected')).toEqual([2])
    await rejectConfiguration(bench.context, (await candidate()).row, bench.operator, 'no')
    expect(await offer('else')).toBe('proposed')
    expect(await numbers('proposed')).toEqual([4])
  })

  test('that is decided while it is counted keeps no count', async () => {
    await first()
    await offer('edited')
    const { row } = await candidate({}, false)
    await rejectConfiguration(bench.context, row, bench.operator, 'no')
    await noteEffect(bench.context, row, effect)
    expect(await bench.rows('select effect from config_version where number = 2')).toEqual([{ effect: null }])
  })

  test('is counted anew when a person asks again, and nobody releases it before', async () => {
    await first()
    await offer('edited')
    const counted = await candidate()
    await offer('edited')
    expect((await proposedVersion(bench.context))?.row.effect).toBe(JSON.stringify(effect))
    await offer('edited', bench.operator)
    expect((await proposedVersion(bench.context))?.row.effect).toBeNull()
    await expect(releaseConfiguration(bench.context, counted, bench.operator, 'seen')).rejects.toMatchObject({
      code: 'config.not-counted',
    })
  })

  test('keeps no readable word of itself in the store', async () => {
    await first()
    await offer('edited')
    const [row] = await bench.rows<{ text: string }>(`select string_agg(v::text, ' ') as text from config_version v`)
    expect(row?.text).not.toMatch(/doors|Main|edited/)
  })
})

describe('a release', () => {
  test('puts the proposed version into force, and only the one that was shown', async () => {
    await first()
    await offer('edited')
    const shown = await candidate()
    await offer('edited after it was shown')
    await expect(releaseConfiguration(bench.context, shown, bench.operator, 'seen')).rejects.toMatchObject({
      code: 'config.not-proposed',
    })
    await release()
    expect([await inForce(), await numbers('released'), await numbers('superseded')]).toEqual([3, [3], [1, 2]])
    expect(await bench.alarms()).toEqual([])
    await expect(release()).rejects.toThrow('nothing is proposed')
  })

  test('of what can not be run here is refused', async () => {
    await first()
    await offer('edited')
    await expect(release({ after: null })).rejects.toMatchObject({ code: 'config.unusable' })
    expect(await inForce()).toBe(1)
  })

  test('never both loosens a brake and changes something else; alone it does, but not under a plan that a brake holds', async () => {
    bench = await braked()
    await first()
    await offer('edited')
    const loose = { after: configOf({ brakes: { create: { min: 100 } } }) }
    await expect(release(loose)).rejects.toMatchObject({ code: 'config.brakes-alone' })
    const alone = { ...loose, edits: [{ path: 'sources.hr.brakes.create.min', before: null, after: '100' }] }
    await bench.deliver([hrRow(1), hrRow(2)])
    expect(await bench.heldPlan()).not.toBeNull()
    await expect(release(alone)).rejects.toMatchObject({ code: 'config.brakes-hold' })
    expect(
      await obstacles(bench.context.database.pool, { ...(await candidate(loose)), row: (await candidate()).row }),
    ).toEqual(['config.brakes-alone', 'config.brakes-hold'])
    await bench.reject((await bench.heldPlan()) as NonNullable<Awaited<ReturnType<Bench['heldPlan']>>>)
    await release(alone)
    expect(await inForce()).toBe(2)
  })

  test('has a target that is new observed only, until a person enables it', async () => {
    await first()
    await offer('edited')
    await release({ after: configOf({ targets: ['doors', 'lab'] }) })
    expect(await bench.rows('select id, mode from target order by id')).toEqual([
      { id: 'doors', mode: null },
      { id: 'lab', mode: 'observe' },
    ])
    expect(await bench.context.standings.frozen().then((frozen) => frozen('lab'))).toBe(false)
  })
})

describe('another feed for a subscription', () => {
  const subscribed = (feed: 'events' | 'punches') => configOf({ subscriptions: { payroll: { feed, from: 'start' } } })
  const row = () => bench.rows('select epoch, version, sources from subscription')

  test('is refused, also where the name comes back after it was taken out; under another name it begins by itself', async () => {
    await first()
    await ensureSource(engine.database.pool, engine.vault, 'doors')
    await offer('edited')
    await release({ after: subscribed('events') })
    expect(await row()).toEqual([{ epoch: 0, version: 0, sources: '["doors"]' }])
    await offer('edited once more')
    const other = { before: subscribed('events'), after: subscribed('punches') }
    expect(await obstacles(bench.context.database.pool, await candidate(other))).toEqual(['config.feed-changed'])
    await expect(release(other)).rejects.toMatchObject({ code: 'config.feed-changed' })
    await expect(release({ after: subscribed('punches') })).rejects.toMatchObject({ code: 'config.feed-changed' })
    expect([await inForce(), await row()]).toEqual([2, [{ epoch: 0, version: 0, sources: '["doors"]' }]])
    await release({ after: configOf({ subscriptions: { wages: { feed: 'punches', from: 'start' } } }) })
    expect(await inForce()).toBe(3)
  })

  /** It was released with one feed, and taken out again. */
  async function left(feed: 'events' | 'punches') {
    await first()
    await offer('edited')
    await release({ after: subscribed(feed) })
    await offer('edited once more')
  }
  const comesBack = (feed: 'events' | 'punches') =>
    release({ after: subscribed(feed) }).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )

  test.each([
    ['events', 'punches'],
    ['punches', 'events'],
  ] as const)('is refused before anything was reported, too: of %s, with %s', async (feed, other) => {
    await left(feed)
    expect(await row()).toEqual([{ epoch: 0, version: 0, sources: '[]' }])
    expect([await comesBack(other), await comesBack(feed)]).toEqual(['config.feed-changed', 'taken'])
  })

  test.each([
    `update subscription set feed = 'punches'`,
    'update subscription set feed = null',
    `update subscription set guard = decode('00', 'hex')`,
    'update subscription set guard = null',
  ])('is refused as any is where nobody knows what it was: %s', async (sql) => {
    await left('events')
    await engine.tamper(sql)
    expect([await comesBack('punches'), await comesBack('events')]).toEqual([
      ...['config.feed-changed', 'config.feed-changed'],
    ])
    // Who adopts a file begins with whatever rows there are: such a one delivers nothing.
    const deciding = { ...sections('adopted'), subscriptions: { payroll: { feed: 'punches' } } }
    const request = { deciding, subject: bench.operator, reason: 'gone' }
    await adoptConfiguration(bench.context, request, async () => false)
    const found = await readSubscription(engine.database.pool, engine.vault, 'payroll')
    expect(found?.genuine).toBe(false)
  })

  test('is refused of a row from before feeds were signed where its sources tell; where none does, it is signed with what it comes back with', async () => {
    await left('events')
    const older = async (sources: readonly string[]) => {
      const found = await readSubscription(engine.database.pool, engine.vault, 'payroll')
      const state = { ...(found?.row as SubscriptionRow), feed: null, sources }
      await saveSubscription(engine.database.pool, engine.vault, 'payroll', state)
    }
    await older(['attendance_log'])
    expect(await comesBack('events')).toBe('config.feed-changed')
    await older([])
    expect(await comesBack('punches')).toBe('taken')
    const found = await readSubscription(engine.database.pool, engine.vault, 'payroll')
    expect([found?.genuine, found?.row.feed]).toEqual([true, 'punches'])
  })
})

describe('a thief who can write to the database', () => {
  const putBack = (rows: readonly object[]) =>
    engine.tamper(
      'insert into config_version select * from jsonb_populate_recordset(null::config_version, $1::jsonb)',
      [
        JSON.stringify(rows, (_key, value) =>
          value?.type === 'Buffer' ? `\\x${Buffer.from(value.data).toString('hex')}` : value,
        ),
      ],
    )

  describe('who deletes the newest version and puts an older one back as it was', () => {
    let running: ConfigVersionRow
    beforeEach(async () => {
      await first()
      const old = await bench.rows('select * from config_version')
      await offer('edited')
      await release()
      running = await newestReleased()
      await engine.tamper('delete from config_version')
      await putBack(old)
      expect(await numbers('released')).toEqual([1])
    })
    // What is chained outlasts an empty store.
    afterEach(async () => {
      await engine.tamper('alter table audit disable trigger audit_append_only')
      await engine.tamper('delete from audit')
      await engine.tamper('alter table audit enable always trigger audit_append_only')
    })
    const chain = () => appendOnce(engine.database.pool, engine.vault)
    const putBackIs = (code: string) => expect(versionInForce(bench.context)).rejects.toMatchObject({ code })

    test.each([
      ['before the trail is chained', async () => null],
      ['and after', chain],
    ])('has nothing run by it, %s: the trail tells of the newer one', async (_when, chained) => {
      await chained()
      await putBackIs('config.put-back')
      await expect(offer('edited')).rejects.toMatchObject({ code: 'config.put-back' })
      expect(await bench.alarms()).toContain('guard.failed')
      // What runs goes on, and a process that runs the older one does not go over to what is not the newest.
      expect(await versionAfter(bench.context, running)).toBeNull()
      expect(await versionAfter(bench.context, { ...running, number: 0 })).toBeNull()
    })

    test('is not helped by entries that he writes himself, and an admin sets it right under a number that nobody had', async () => {
      await chain()
      const older = `(select object from audit where action = 'config.released' order by seq limit 1)`
      await engine.tamper(
        `insert into audit (seq, at, actor, action, object, details, details_row, hash, mac)
         select 1000000000 + random() * 1000000000, at, actor, action, ${older}, details, gen_random_uuid(), hash, mac
           from audit where action = 'config.released'`,
      )
      await engine.tamper(
        `insert into audit_pending (at, actor, action, object, details, details_row, guard)
         select at, actor, action, ${older}, details, gen_random_uuid(), mac from audit where action = 'config.released'`,
      )
      await putBackIs('config.put-back')
      const request = { deciding: sections('adopted'), subject: bench.operator, reason: 'put back' }
      expect(await adoptConfiguration(bench.context, request, async () => true)).toBe(3)
      expect(await inForce()).toBe(3)
      expect((await versionAfter(bench.context, running))?.row.number).toBe(3)
    })
  })

  test('puts no version of his own into force, and no other state of ours', async () => {
    await first()
    await offer('edited')
    const forge = (change: string) =>
      engine.tamper(
        `insert into config_version select (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid()) || ${change})).* from config_version v where number = 1`,
      )
    await forge(`'{"number": 9}'`)
    await engine.tamper(`update config_version set state = 'released' where number = 2`)
    expect(await inForce()).toBe(1)
    expect(await versionAfter(bench.context, (await versionInForce(bench.context)).row)).toBeNull()
    expect(await bench.alarms()).toContain('guard.failed')
    expect(await proposedVersion(bench.context)).toBeNull()
  })

  test('has no other text run under a number of ours', async () => {
    await first()
    await offer('edited')
    await engine.tamper(
      `update config_version set config = (select config from config_version where number = 2) where number = 1`,
    )
    await expect(versionInForce(bench.context)).rejects.toMatchObject({ code: 'config.none-released' })
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('has nothing run by deleting what was released, or by putting an older one back beside it', async () => {
    await first()
    const old = await bench.rows('select * from config_version')
    await offer('edited')
    await release()
    await engine.tamper('delete from config_version where number = 1')
    await putBack(old)
    expect(await numbers('released')).toEqual([1, 2])
    expect(await inForce()).toBe(2)
    expect(await bench.alarms()).toContain('guard.failed')
    await engine.tamper(`update config_version set config = '\\x00' where number = 2`)
    expect(await versionAfter(bench.context, { ...(await newestReleased()), number: 1 })).toBeNull()
    const running = await newestReleased()
    await engine.tamper('delete from config_version')
    await bench.deliver([hrRow(1)])
    expect(await first()).toBe(false)
    await expect(versionInForce(bench.context)).rejects.toMatchObject({ code: 'config.none-released' })
    // What runs goes on: a lock-out must not be stopped so.
    expect(await versionAfter(bench.context, running)).toBeNull()
    await inTransaction(engine.database.pool, (client) => refuseSuperseded(client, engine.vault, running.number))
  })

  test('makes nothing look harmless: what it would change is signed as well', async () => {
    await first()
    await offer('edited')
    const shown = await candidate()
    await engine.tamper(`update config_version set effect = '{"people":0,"accounts":0,"kinds":[]} ' where number = 2`)
    await expect(releaseConfiguration(bench.context, shown, bench.operator, 'seen')).rejects.toMatchObject({
      code: 'config.not-proposed',
    })
  })
})

describe('a process that has not heard of a release', () => {
  test('decides nothing more by what was replaced', async () => {
    await first()
    const { row } = await versionInForce(bench.context)
    const refuse = () =>
      inTransaction(engine.database.pool, (client) => refuseSuperseded(client, engine.vault, row.number))
    await refuse()
    await offer('edited')
    await refuse()
    await release()
    const refused = await refuse().catch((error: unknown) => error)
    expect(isSuperseded(refused)).toBe(true)
    expect(isSuperseded(new Error('another'))).toBe(false)
    expect((await versionAfter(bench.context, row))?.row.number).toBe(2)
  })
})

test('whether everybody was resolved under a version is not told by a version of another time', async () => {
  await first()
  const { row } = await versionInForce(bench.context)
  const { pool } = engine.database
  expect(await isResolvedUnder(pool, row.id, Buffer.alloc(32, 1))).toBe(false)
  await noteResolved(pool, row.id, Buffer.alloc(32, 1))
  expect(await isResolvedUnder(pool, row.id, Buffer.alloc(32, 1))).toBe(true)
  expect(await isResolvedUnder(pool, row.id, Buffer.alloc(32, 2))).toBe(false)
})

describe('adoption', () => {
  const adopt = (runs: boolean) =>
    adoptConfiguration(
      bench.context,
      {
        deciding: { ...sections('adopted'), targets: { doors: {}, lab: {} } },
        subject: bench.operator,
        reason: 'gone',
      },
      async () => runs,
    )

  test('is refused while what was released can be run', async () => {
    await first()
    await expect(adopt(true)).rejects.toMatchObject({ code: 'config.released-runs' })
    expect(await inForce()).toBe(1)
  })

  test('takes the place of what was forged, and of what can not be run', async () => {
    await first()
    await offer('edited')
    await engine.tamper(`update config_version set number = 7 where number = 1`)
    const away = {
      ...bench.context,
      database: { ...engine.database, pool: { connect: () => Promise.reject(new Error('away')) } },
    }
    const request = { deciding: sections('adopted'), subject: bench.operator, reason: 'gone' }
    await expect(adoptConfiguration(away as never, request, async () => true)).rejects.toThrow('away')
    await expect(versionInForce(bench.context)).rejects.toMatchObject({ code: 'config.none-released' })
    expect(await adopt(true)).toBe(3)
    expect(await bench.alarms()).toEqual([])
    expect([await numbers('released'), await numbers('superseded')]).toEqual([[3], [2]])
    expect(encodeDeciding((await versionInForce(bench.context)).deciding)).toContain('adopted')
    expect(await bench.rows(`select id from target where mode = 'observe'`)).toEqual([{ id: 'lab' }])
    expect(await adopt(false)).toBe(4)
    expect(await numbers('released')).toEqual([4])
    await engine.tamper('delete from config_version')
    expect(await adopt(true)).toBe(5)
  })
})

describe('a dry run', () => {
  const people: readonly HrRow[] = [
    ...[1, 2, 3].map((who) => hrRow(who, { department: 'Research', card: `10${who}` })),
    ...[4, 5].map((who) => hrRow(who, { department: 'Sales' })),
  ]
  const everything = async () => ({
    accounts: await bench.rows('select * from account order by id'),
    people: await bench.rows('select * from person order by id'),
    plans: await bench.rows('select * from plan order by id'),
    changes: await bench.rows('select * from plan_change order by plan_id, account_id, part'),
    work: await bench.rows('select * from account_work order by account_id'),
    lockouts: await bench.rows('select * from lockout order by id'),
    alarms: await bench.alarms(),
  })
  const trial = (change: Partial<Bench['context']>) =>
    dryRun({ ...bench.context, ...change }, new AbortController().signal)
  const settle = async (rows: readonly HrRow[]) => {
    await bench.deliver(rows)
    const held = await bench.heldPlan()
    if (held !== null) await bench.release(held)
    await bench.rest()
  }
  const rules = [
    { grant: ['doors/Main'], to: 'employment.department == "Research"' },
    { grant: ['doors/Lab', 'doors/Vault'], to: 'true' },
  ]

  test('counts exactly what the plan comes to that follows a release, and leaves no trace', async () => {
    await settle(people)
    const before = await everything()
    const counted = await trial({ policy: compilePolicy(rules) })
    expect(await everything()).toEqual(before)
    expect(counted).toEqual({
      people: 5,
      accounts: 5,
      kinds: expect.arrayContaining([
        { kind: 'grant', target: 'doors', accounts: 5 },
        { kind: 'revoke', target: 'doors', accounts: 2 },
      ]),
      given: [3, 5],
    })
    bench.policy(rules)
    await resolveEveryone(bench.context, bench.brakes)
    const [plan] = await bench.rows<{ counts: string }>(`select counts from plan where origin = 'policy'`)
    const sorted = (kinds: readonly { kind: string }[]) => kinds.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
    expect(sorted(counted.kinds)).toEqual(sorted(JSON.parse(plan?.counts ?? '[]')))
  })

  test('counts new accounts, and those who would be shut at once', async () => {
    await settle([...people, hrRow(6, { start: '2026-03-04' }), hrRow(7, { end: '2026-03-02' })])
    const lead = await trial({ stateOptions: { ...bench.context.stateOptions, leadMs: 7 * day } })
    expect(lead).toEqual({
      people: 1,
      accounts: 1,
      kinds: [{ kind: 'create', target: 'doors', accounts: 1 }],
      given: expect.anything(),
    })
    // As a site in another zone would: the last day is over there.
    const elsewhere = await trial({ now: () => new Date(bench.context.now().getTime() + day) })
    expect(elsewhere.kinds).toEqual([{ kind: 'lockout-record', target: 'doors', accounts: 1 }])
  })

  test('tells of each rule how many people it gives its levels, once each, and of a misspelt condition that it gives nobody any', async () => {
    const policy = compilePolicy([...rules, { grant: ['doors/Main'], to: 'employment.department == "Reserch"' }])
    expect((await trial({ policy })).given).toEqual([])
    // Of the same card one has to wait, so somebody is decided about twice; who has left is given nothing.
    await settle([
      ...people,
      hrRow(6, { department: 'Sales', card: '101' }),
      hrRow(7, { department: 'Research', end: '2026-02-02' }),
    ])
    const { given } = await trial({ policy })
    expect(given).toEqual([3, 6, 0])
  })

  test('counts whom a source does not speak of any more as missing, not as having left', async () => {
    await settle(people)
    await bench.deliver(people.slice(0, 4))
    const counted = await trial({ policy: compilePolicy([{ grant: ['doors/Vault'], to: 'true' }]) })
    expect(counted.people).toBe(4)
  })

  test('counts nothing where nothing else is wanted, waiting plans neither; a target that is gone is not asked about', async () => {
    bench = await braked()
    await bench.deliver(people)
    expect(await bench.heldPlan()).not.toBeNull()
    expect(await trial({})).toMatchObject(effect)
    expect(await trial({ targets: new Map() })).toMatchObject(effect)
  })

  test('ends when it is told to', async () => {
    await settle(people)
    await expect(dryRun(bench.context, AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping')
    await expect(
      resolveEveryone(bench.context, bench.brakes, AbortSignal.abort(new Error('stopping'))),
    ).rejects.toThrow('stopping')
  })
})
