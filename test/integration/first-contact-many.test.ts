/**
 * First contact with a door system that somebody has filled by hand for years: of each account it is known whose it is. The engine on a real
 * PostgreSQL, each connector over TLS to its simulator, and the simulator's own record of what was asked of it.
 */
import { afterEach, describe, expect, test } from 'vitest'
import aeos from '../../connectors/aeos/index.ts'
import { type SeedCarrier, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import biostar2 from '../../connectors/biostar2/index.ts'
import { type SeedUser, startBiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { Connection } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'
import type { PersonId } from '../../src/model/id.ts'
import { accountDigest, employeeNumberDigest } from '../../src/store/identifiers.ts'
import { type Bench, useEngine } from '../../src/sync/fixtures/engine.fixture.ts'
import type { HrRow } from '../../src/sync/fixtures/hr-file.fixture.ts'
import { adoptMatches } from '../../src/sync/match/adopt.ts'
import { askForMatch, matchIfAsked } from '../../src/sync/match/match-target.ts'
import { countWaiting } from '../../src/sync/match/waiting.ts'
import { enableTarget, modesOf } from '../../src/sync/target-modes.ts'

const level = 'Main'
const facility = 7
const never = new AbortController().signal

/** An account as somebody made it by hand. */
interface Existing {
  readonly given: string
  readonly family: string
  readonly number?: string | undefined
  readonly email?: string | undefined
  readonly card?: string | undefined
  /** Has the level that everybody gets. */
  readonly entitled?: boolean
  readonly isOperator?: boolean
}

type Verdict = 'certain' | 'ambiguous' | 'none' | 'untouchable'

interface Case {
  readonly account: Existing
  readonly is: Verdict
  /** Whose it is, by the number that HR knows. */
  readonly owner: string | null
  /** Differs from what HR says, so that a released plan changes it. */
  readonly differs: boolean
}

/** A door system with its accounts; ids are those of the connector, in the order of the cases. */
interface Doors extends AsyncDisposable {
  readonly connection: Connection<'accounts'>
  readonly recognisedBy: NonNullable<typeof aeos.recognisedBy>
  readonly ids: readonly string[]
  /** What is there, as text: by id of the connector, of everybody. */
  all(): ReadonlyMap<string, string>
  hasLevel(id: string): boolean
  requests(): number
  writes(): number
}

// ---------------------------------------------------------------- who works here, and what is there

/** Letters alone: names are compared word by word, and folded. */
const code = (n: number) => [...String(n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')

interface Human {
  readonly given: string
  readonly family: string
  readonly number: string
  readonly email: string
  readonly card: string
}

const human = (i: number): Human => ({
  ...{ given: `Giv${code(i)}`, family: `Fam${code(i)}`, number: String(1_000_000 + i) },
  ...{ email: `p${i}@example.org`, card: String(10_000 + i) },
})

/**
 * Of 1,000: 860 with one true counterpart, 80 of whom nobody can tell whose they are, 60 of people whom HR does not know. `twins`: whether two
 * accounts can have one number.
 */
function scene(thousands: number, twins: boolean): { rows: HrRow[]; cases: Case[]; joined: string[] } {
  const rows: HrRow[] = []
  const cases: Case[] = []
  let next = 0
  /** So many more people whom HR knows, with those of their fields that are named. */
  const people = (
    count: number,
    fields: readonly ('email' | 'card')[],
    change: (of: Human) => Partial<Human> = () => ({}),
  ) =>
    Array.from({ length: count * thousands }, () => {
      const who = human(next)
      const of = { ...who, ...change(who) }
      rows.push({
        ...{ id: String(next), number: of.number, given: of.given, family: of.family },
        ...(fields.includes('email') ? { email: of.email } : {}),
        ...(fields.includes('card') ? { card: of.card } : {}),
      })
      next += 1
      return of
    })
  const add = (is: Verdict, of: Human | null, account: Partial<Existing>, differs = false) => {
    const { given, family } = of ?? human(500_000 + cases.length)
    const entitled = account.entitled ?? of !== null
    cases.push({ account: { given, family, ...account, entitled }, is, owner: of?.number ?? null, differs })
  }

  // 860 of each 1,000 are somebody's.
  for (const [i, of] of people(300, []).entries()) {
    // Some lack the level that everybody gets.
    const entitled = i % 30 !== 0
    add('certain', of, { number: of.number, entitled }, !entitled)
  }
  for (const of of people(200, ['card'])) add('certain', of, { card: of.card })
  for (const of of people(180, ['email'])) add('certain', of, { email: of.email })
  for (const { email, card, ...of } of people(80, ['email', 'card'])) {
    const who = { ...of, email, card }
    add('certain', who, { number: of.number, email, card })
  }
  // Married since.
  for (const of of people(20, ['card']))
    add('certain', of, { number: of.number, card: of.card, family: 'Birdwhistle' }, true)
  // Zeros at the beginning got lost, as a spreadsheet loses them.
  for (const of of people(40, [], (who) => ({ number: `00${who.number}` })))
    add('certain', of, { number: of.number.replace(/^0+/, '') })
  // Another keyboard, and another order.
  for (const of of people(20, ['email'], (who) => ({ family: `Mü${who.family}` })))
    add('certain', of, { email: of.email.toUpperCase(), family: of.family.replace('Mü', 'MUE').toUpperCase() }, true)
  for (const of of people(20, ['card']))
    add('certain', of, { card: of.card, given: of.given.toUpperCase(), family: of.family.toUpperCase() }, true)

  // 80 are nobody's by guess: a mailbox of two accounts, a number and a card of two people, a number or a person of two accounts, a shared name.
  for (const of of people(10, ['email'])) {
    add('ambiguous', of, { email: of.email })
    add('ambiguous', of, { email: of.email, given: 'Other' })
  }
  const others = people(20, ['card'])
  for (const [i, of] of people(20, []).entries()) add('ambiguous', of, { number: of.number, card: others[i]?.card })
  for (const of of people(10, ['card'])) {
    add('ambiguous', of, { number: of.number })
    add('ambiguous', of, twins ? { number: of.number, card: of.card } : { card: of.card })
  }
  const alike = human(900_000)
  for (const of of people(20, [], () => ({ given: alike.given, family: alike.family }))) add('ambiguous', of, {})

  // 60 are of people whom HR does not know.
  for (let i = 0; i < 10 * thousands; i += 1) add('untouchable', null, { isOperator: true })
  for (let i = 0; i < 30 * thousands; i += 1)
    add('none', null, { email: `guest${i}@example.net`, card: String(60_000 + i) })
  for (let i = 0; i < 20 * thousands; i += 1) add('none', null, { number: `9${i}`, given: '' })

  // A few have joined since, and have nothing there.
  const joined = people(4, [])
  return { rows, cases, joined: joined.map(({ number }) => number) }
}

// ---------------------------------------------------------------- the door systems

const plainCard = (card: string) => String(facility * 65_536 + Number(card))

async function connected(connector: typeof aeos | typeof biostar2, settings: unknown, close: () => Promise<void>) {
  const values = connector.settings.parse(settings) as never
  const address = connector.address(values)
  if (address === null) throw new Error('a door system has an address')
  const egress = openEgress({ ...address, concurrency: 8, requestsPerSecond: 10_000, requestTimeoutMs: 15_000 })
  const context = { http: egress.http, log: () => undefined, now: () => new Date() }
  const connection = await connector.connect(values, context, never)
  return {
    connection,
    recognisedBy: connector.recognisedBy ?? { employeeNumber: [], email: [], name: [] },
    async [Symbol.asyncDispose]() {
      await connection.close()
      await egress.close()
      await close()
    },
  }
}

async function aeosDoors(cases: readonly Case[]): Promise<Doors> {
  const simulator = await startAeosSimulator({
    templates: [{ name: level, entrances: ['Front Door'] }],
    latency: { fixedMs: 0 },
    quirks: { personnelNoUnique: false },
  })
  const carrier = ({ account: { given, family, number, email, card, entitled, isOperator } }: Case): SeedCarrier => ({
    ...{ lastName: family, firstName: given, arrival: '1999-12-01T00:00:00Z' },
    ...(number === undefined ? {} : { personnelNo: number }),
    ...(email === undefined ? {} : { email }),
    badges: card === undefined ? [] : [plainCard(card)],
    templates: entitled ? [level] : [],
    readOnly: isOperator ?? false,
  })
  const { carriers } = simulator.seed({ carriers: cases.map(carrier) })
  const numbers = new Set<string>()
  const ids = cases.map(({ account: { number } }, i) => {
    const isFirst = number !== undefined && !numbers.has(number)
    if (isFirst) numbers.add(number)
    return isFirst ? number : `#${carriers[i]}`
  })
  const idOf = new Map(carriers.map((carrier, i) => [carrier, ids[i] as string]))
  const settings = {
    url: new URL(simulator.url).origin,
    fingerprint256: simulator.fingerprint256,
    username: simulator.username,
    password: simulator.password,
    server_zone: 'Europe/Amsterdam',
    block_reasons: { carrier: '11', token: '12' },
    identifier_types: [{ id: '1', format: 'H10301' }],
    pins: false,
  }
  return Object.assign(await connected(aeos, settings, () => simulator.close()), {
    ids,
    all: () =>
      new Map(
        simulator.state
          .carriers()
          .map((each) => [idOf.get(each.id) ?? `new ${each.id}`, JSON.stringify(each)] as const),
      ),
    hasLevel: (id: string) =>
      simulator.state
        .carrier(carriers[ids.indexOf(id)] as number)
        ?.authorisations.some(({ name }) => name === level) === true,
    requests: () => simulator.requests.count,
    writes: () => simulator.requests.find({ writes: true }).length,
  })
}

async function biostarDoors(cases: readonly Case[]): Promise<Doors> {
  const simulator = await startBiostarSimulator({
    levels: [{ name: level, doors: ['Front door'] }],
    latency: { fixedMs: 0 },
    deviceDelayMs: 0,
  })
  simulator.changeSettings({ use_alphanumeric: true })
  const ids = cases.map(({ account: { number } }, i) => number ?? `by-hand-${i}`)
  const user = ({ account }: Case, i: number): SeedUser => ({
    ...{ id: ids[i] as string, name: `${account.given} ${account.family}`.trim() },
    ...(account.email === undefined ? {} : { email: account.email }),
    cards: account.card === undefined ? [] : [{ number: plainCard(account.card), wiegandFormat: 0 }],
    accessGroups: account.entitled ? [level] : [],
    // The last day that the server knows: none.
    expiry: '2037-12-31T23:59:00Z',
    ...(account.isOperator ? { operatorLevel: 2 } : {}),
  })
  simulator.seed({ users: cases.map(user) })
  const settings = {
    ...{ url: simulator.url, fingerprint256: simulator.fingerprint256 },
    ...{ login_id: simulator.username, password: simulator.password, user_id_format: 'alphanumeric' },
  }
  return Object.assign(await connected(biostar2, settings, () => simulator.close()), {
    ids,
    all: () => new Map(simulator.state.users().map((each) => [each.id, JSON.stringify(each)] as const)),
    hasLevel: (id: string) => simulator.state.user(id)?.groups.includes(level) === true,
    requests: () => simulator.requests.count,
    writes() {
      const asked = simulator.requests.find({ path: '^/api/(users|cards|access_groups)' })
      return asked.filter(({ method, path }) => method !== 'GET' && !/search|login/.test(path)).length
    },
  })
}

// ---------------------------------------------------------------- the tests

const engine = useEngine()
let doors: Doors
afterEach(() => doors[Symbol.asyncDispose]())

/** A gateway whose only target is this one. */
async function gatewayFor(door: Doors): Promise<Bench> {
  const bench = await engine.begin({ enabled: false, levels: [] })
  bench.policy([{ grant: [`doors/${level}`], to: 'true' }])
  const { recognisedBy, connection } = door
  Object.assign(bench.setup, {
    ...{ connection, concurrency: 8 },
    match: { ...recognisedBy, card: true, nameAndDate: true, leadingZeros: 'ignore' },
  })
  await bench.levels.discover(bench.setup, never)
  return bench
}

/** By account id: what the look says of it. */
async function judgedBy(
  bench: Bench,
  ids: readonly string[],
): Promise<Map<string, { is: string; person: PersonId | null }>> {
  const { vault } = bench.context
  const nameOf = new Map(ids.map((id) => [accountDigest(vault, 'doors', id).toString('hex'), id]))
  const rows = await bench.rows<{ digest: string; class: string; person_id: PersonId | null }>(
    `select encode(external_digest, 'hex') as digest, class, person_id from match_row`,
  )
  return new Map(
    rows.map((row) => [nameOf.get(row.digest) ?? `other ${row.digest}`, { is: row.class, person: row.person_id }]),
  )
}

/** By what HR calls them. */
async function peopleOf(bench: Bench, rows: readonly HrRow[]): Promise<Map<string, PersonId>> {
  const found = await bench.rows<{ digest: string; person_id: PersonId }>(
    `select encode(digest, 'hex') as digest, person_id from blind_index where purpose = 'employee-number'`,
  )
  const byDigest = new Map(found.map(({ digest, person_id }) => [digest, person_id]))
  return new Map(
    rows.map(({ number = '' }) => [
      number,
      byDigest.get(employeeNumberDigest(bench.context.vault, number)?.toString('hex') ?? '') as PersonId,
    ]),
  )
}

describe.each([
  { name: 'AEOS', thousands: 5, open: aeosDoors, twins: true, most: { match: 100, others: 0 } },
  { name: 'BioStar 2', thousands: 1, open: biostarDoors, twins: false, most: { match: 20, others: 1 } },
])('$name with $thousands,000 accounts', ({ name, thousands, open, twins, most }) => {
  test('links everybody who is certain to the right person, and changes nothing but what the released plan says', async () => {
    const { rows, cases, joined } = scene(thousands, twins)
    expect(cases).toHaveLength(thousands * 1_000)
    doors = await open(cases)
    const { ids } = doors
    const bench = await gatewayFor(doors)
    await bench.deliver(rows)
    const before = doors.all()
    const begun = performance.now()

    await askForMatch(bench.context, 'doors', bench.operator, 'first contact')
    await matchIfAsked(bench.context, bench.setup, 'aaaaaaaa-0000-4000-8000-000000000001', never)
    const looked = { ms: performance.now() - begun, requests: doors.requests() }
    const judged = await judgedBy(bench, ids)
    const wrong = cases.flatMap(({ is }, i) => {
      const said = judged.get(ids[i] as string)?.is
      return said === is ? [] : [`${ids[i]}: ${said}, not ${is}`]
    })
    expect(wrong).toEqual([])
    expect(judged.size).toBe(cases.length + most.others)

    expect(await adoptMatches(bench.context, 'doors', bench.operator, 'looked through', bench.brakes)).toEqual({
      linked: 860 * thousands,
      left: 0,
    })
    const adopted = { ms: performance.now() - begun, requests: doors.requests() }
    // Who is linked, and to whom: 0 wrong, 0 twice.
    const people = await peopleOf(bench, rows)
    const links = new Map([...(await judgedBy(bench, ids))].filter(([, { is }]) => is === 'linked'))
    const mistaken = cases.filter(({ is, owner }, i) => {
      const person = links.get(ids[i] as string)?.person ?? null
      return person !== (is === 'certain' && owner !== null ? people.get(owner) : null)
    })
    expect(mistaken).toEqual([])
    const linked = await bench.rows<{ person_id: string; external_digest: Buffer }>(
      `select person_id, external_digest from account where owned like '{"made":true%'`,
    )
    expect([linked.length, new Set(linked.map(({ person_id }) => person_id)).size]).toEqual([links.size, links.size])

    // Nothing before `enable`, nor by it.
    await bench.work()
    await enableTarget(bench.context, 'doors', bench.operator, 'accounts matched')
    await bench.work()
    expect(doors.writes()).toBe(0)
    expect(doors.all()).toEqual(before)

    const plan = await bench.heldPlan('target:doors')
    expect(plan).not.toBeNull()
    if (plan !== null) await bench.release(plan)
    await bench.work()
    const after = doors.all()
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
    const changed = ids.filter((id) => after.get(id) !== before.get(id))
    expect(changed.sort()).toEqual(ids.filter((_, i) => cases[i]?.differs).sort())
    expect(changed.filter((id) => !doors.hasLevel(id))).toEqual([])
    expect(doors.writes()).toBeGreaterThan(0)
    // Nor is anybody made a second account when the plan of the source is released as well: whoever may have one waits.
    const first = await bench.heldPlan()
    expect(first).not.toBeNull()
    if (first !== null) await bench.release(first)
    await bench.work()
    const last = doors.all()
    const made = [...last.keys()].filter((id) => !before.has(id))
    expect(made).toHaveLength(joined.length)
    expect(ids.filter((id) => last.get(id) !== after.get(id))).toEqual([])
    // A mailbox, a card beside the number of somebody else, and so on: of each 1,000 accounts that are nobody's by guess.
    const { pool } = bench.context.database
    const waiting = await countWaiting(pool, bench.context, await modesOf(pool, bench.context))
    expect(waiting.get('doors')).toBe(80 * thousands)
    const owned = await bench.rows<{ person_id: PersonId }>(
      `select person_id from account where owned like '{"made":true%'`,
    )
    expect([owned.length, new Set(owned.map(({ person_id }) => person_id)).size]).toEqual([
      links.size + joined.length,
      links.size + joined.length,
    ])
    const whole = { ms: performance.now() - begun, requests: doors.requests(), writes: doors.writes() }
    process.stdout.write(
      `${name}: ${cases.length} accounts; match ${figures(looked)}; adopted ${figures(adopted)}; released ${figures(whole)}, ${whole.writes} writes\n`,
    )
    // A few pages of lists, and no single read.
    expect(looked.requests).toBeLessThan(most.match)
  }, 120_000)
})

function figures({ ms, requests }: { readonly ms: number; readonly requests: number }): string {
  return `after ${(ms / 1_000).toFixed(1)} s, ${requests} requests`
}
