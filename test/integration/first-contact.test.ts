/** First contact with a door system that has been in use for years: 500 accounts, and of each it is known whose it is. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupOf } from '../../demo/workforce/gateway-config.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import type { MatchRowView, MatchView } from '../../src/api/acts/matches.ts'
import type { Paged } from '../../src/api/acts/paged.ts'
import type { PersonView } from '../../src/api/acts/people.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { cardOf, file, statusOf, workers } from '../support/people.ts'
import { until } from '../support/servers.ts'
import { openSite, type Site } from '../support/site.ts'

let site: Site
let gateway: GatewayProcess
/** Nobody is called like anybody else, so that names tell what they are meant to. */
const rows = workers(400).map((row, i) => ({
  ...row,
  ...{ preferredName: null, familyName: `Family${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}` },
}))
const reason = { reason: 'first contact' }

const nameOf = ({ givenName, familyName }: WorkerRow) => `${givenName} ${familyName}`
const seedCard = (row: WorkerRow) => ({ number: cardOf(row), wiegandFormat: 0 })

/** 200 by their number, 60 by their card, 40 by their mailbox; 30 by name alone, 10 with a name that is not theirs; 20 with another's card. */
const groups = {
  byNumber: rows.slice(0, 200),
  byCard: rows.slice(200, 260),
  byEmail: rows.slice(260, 300),
  byName: rows.slice(300, 330),
  byChance: rows.slice(330, 340),
  disputed: rows.slice(340, 360),
}

beforeAll(async () => {
  site = await openSite()
  await site.configure((config) => Object.assign(config.targets.hq, { mode: 'observe' }))
  const { byNumber, byCard, byEmail, byName, byChance, disputed } = groups
  site.simulator.seed({
    users: [
      ...byNumber.map((row) => ({ id: row.employeeNumber, name: nameOf(row), accessGroups: [groupOf('Legal')] })),
      ...byCard.map((row, i) => ({ id: `card-${i}`, name: nameOf(row), cards: [seedCard(row)] })),
      ...byEmail.map((row, i) => ({ id: `mail-${i}`, name: nameOf(row), email: row.email ?? '' })),
      ...byName.map((row, i) => ({ id: `name-${i}`, name: nameOf(row) })),
      ...byChance.map((row) => ({ id: row.employeeNumber, name: 'Zzyzx Quux' })),
      ...disputed.map((row, i) => ({
        ...{ id: row.employeeNumber, name: nameOf(row) },
        cards: [seedCard(rows[360 + i] as WorkerRow)],
      })),
      ...Array.from({ length: 130 }, (_, i) => ({ id: `visitor-${i}`, name: `Xerxes Vizzitor${i}` })),
      ...Array.from({ length: 10 }, (_, i) => ({ id: `guard-${i}`, name: 'Guard Post', operatorLevel: 2 })),
      // More than 8 MiB of templates.
      { id: 'heavy', name: nameOf(rows[399] as WorkerRow), fingerprints: 100_000 },
    ],
  })
  gateway = await site.start()
  await site.drop('people.csv', file(rows))
  await until('everybody is known', async () => (await statusOf(gateway, site.token)).people.active === rows.length)
}, 120_000)
afterAll(() => site[Symbol.asyncDispose]())

const get = <T>(path: string) => gateway.call<T>(site.token, path)
const post = <T>(path: string, body: unknown = reason) => gateway.call<T>(site.token, path, body)
const written = () =>
  site.simulator.requests.find({ path: '^/api/(users|cards|access_groups)' }).filter(({ method }) => method !== 'GET')

test('every account is in the class that it belongs to, nothing is written, and only what is certain is linked', async () => {
  await post('/v1/targets/hq/match')
  const match = await until(
    'all accounts were read',
    async () => {
      const view = await get<MatchView>('/v1/targets/hq/match')
      return view.state === 'done' ? view : null
    },
    60_000,
  )
  expect(match.classes).toEqual({ certain: 300, probable: 41, ambiguous: 20, none: 130, untouchable: 11 })
  const accounts: MatchRowView[] = []
  for (let after = ''; ; ) {
    const page: Paged<MatchRowView> = await get(`/v1/targets/hq/match/accounts?limit=200${after}`)
    accounts.push(...page.rows)
    if (page.next === null) break
    after = `&after=${page.next}`
  }
  const classes = new Map(accounts.map((each) => [each.account, each.class]))
  for (const [id, is] of [
    ...groups.byNumber.map((row) => [row.employeeNumber, 'certain']),
    ...groups.byChance.map((row) => [row.employeeNumber, 'probable']),
    ...groups.disputed.map((row) => [row.employeeNumber, 'ambiguous']),
    ['card-7', 'certain'],
    ['mail-7', 'certain'],
    ['name-7', 'probable'],
    ['visitor-7', 'none'],
  ])
    expect([id, classes.get(id as string)]).toEqual([id, is])
  // Its record could not be read, and need not be.
  expect(accounts.find(({ account }) => account === 'heavy')).toMatchObject({ class: 'probable', reasons: ['name'] })
  expect(await post('/v1/targets/hq/match/adopt')).toEqual({ linked: 300, left: 0 })
  expect(written()).toEqual([])
})

test('what differs is the first plan, and nothing of it happens before somebody enables the target and releases it', async () => {
  const { rows: held } = await get<Paged<PlanView>>('/v1/plans?state=held')
  const plan = held.find(({ origin }) => origin === 'target:hq')
  expect(plan?.kinds.map(({ kind, changes }) => [kind, changes])).toContainEqual(['grant', 300])
  await post('/v1/targets/hq/enable')
  expect(written()).toEqual([])
  await post(`/v1/plans/${plan?.id}/release`)
  const [first] = groups.byNumber as [WorkerRow]
  const [byCard] = groups.byCard as [WorkerRow]
  await until('rights are there', () => site.simulator.state.user('card-0')?.groups.includes('Main entrance'), 60_000)
  await until('rights are there', () =>
    site.simulator.state.user(first.employeeNumber)?.groups.includes('Main entrance'),
  )
  // The account keeps its own id, and what somebody gave by hand.
  expect(site.simulator.state.user(byCard.employeeNumber)).toBeNull()
  expect(site.simulator.state.user(first.employeeNumber)?.groups).toContain(groupOf('Legal'))
}, 120_000)

test('a server that was put back to an old state shuts its leavers again, and gets the rest back when somebody settles it', async () => {
  const { simulator } = site
  const user = (row: WorkerRow) => simulator.state.user(row.employeeNumber)
  const { byNumber } = groups
  const leavers = byNumber.slice(0, 5)
  const movers = byNumber.slice(10, 25)
  // Whoever has no account yet is in the plan of the source: until that is looked at, too, every plan is a first one.
  for (const { id } of (await get<Paged<PlanView>>('/v1/plans?state=held')).rows) await post(`/v1/plans/${id}/release`)
  const inResearch = (row: WorkerRow) => user(row)?.groups.includes(groupOf('Research')) === true
  await until('everybody is in', () => [...leavers, ...movers].every(inResearch), 60_000)
  simulator.backup()
  await site.drop(
    'changes-1.csv',
    file([
      ...leavers.map((row) => ({ ...row, status: 'terminated' as const })),
      ...movers.map((row) => ({ ...row, department: 'Legal' })),
    ]),
  )
  const moved = (row: WorkerRow) => !inResearch(row)
  await until('they left, and moved', () => leavers.every((row) => user(row)?.disabled) && movers.every(moved), 60_000)

  // Whoever is not read back yet would be written once more, as after any write that the server did not keep.
  for (const { employeeNumber } of movers) {
    const { id } = await post<{ id: string }>('/v1/people/find', { by: employeeNumber })
    await until('it is read back', async () => (await get<PersonView>(`/v1/people/${id}`)).accounts[0]?.settled, 30_000)
  }

  simulator.putBack()
  expect(user(leavers[0] as WorkerRow)?.disabled).toBe(false)
  await post('/v1/targets/hq/pause')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await post('/v1/targets/hq/resume')
  await until('it is noticed', async () => (await statusOf(gateway, site.token)).targets[0]?.restoredAt, 60_000)
  await until('leavers are out again', () => leavers.every((row) => user(row)?.disabled), 30_000)
  expect(movers.some(moved)).toBe(false)
  await post('/v1/targets/hq/settle')
  await until('everybody is where they should be', () => movers.every(moved), 60_000)
  const { targets, alarms } = await statusOf(gateway, site.token)
  expect([targets[0]?.restoredAt, alarms.some(({ code }) => code === 'target.restored')]).toEqual([null, false])
  // What was there by hand before is there still.
  expect(user(movers[0] as WorkerRow)?.groups).toContain(groupOf('Legal'))
}, 240_000)
