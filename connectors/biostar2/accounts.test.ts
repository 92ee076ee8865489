/** Proves what becomes of accounts at a server: created, changed, read, listed, removed, and what is left alone. */
import { expect, test } from 'vitest'
import { csn, h10301 } from '../../src/model/card.ts'
import { connected, desiredAccount, facts, never } from './testing.ts'

const wiegand = h10301(20, 10_000)
const chip = csn('04A1B2C3')
const levels = Array.from({ length: 20 }, (_, index) => ({ name: `Level ${index + 1}`, doors: [`door ${index + 1}`] }))

test.each(['biostar2', 'biostarx'] as const)(
  'an account is created on %s with everything in one request for the user',
  async (product) => {
    await using server = await connected({ product, levels })
    const desired = desiredAccount({
      validity: { from: '2026-01-05T06:00:00.000Z', until: '2030-06-30T22:00:00.000Z' },
      facts: facts({
        givenName: 'Ada',
        familyName: "O'Example",
        email: 'ada@example.org',
        department: 'Research',
        title: 'Engineer',
      }),
      cards: [
        { card: wiegand, state: 'on' },
        { card: chip, state: 'on' },
      ],
      levels: ['2', '5'],
      pin: '4711',
    })
    const requests = await server.requestsOf(async () => {
      const change = {
        kind: 'put',
        externalId: '42',
        desired,
        actual: null,
        revoke: { levels: [], cards: [] },
      } as const
      const { parts } = await server.accounts.apply(change, never)
      expect(new Set(parts.map(({ outcome }) => outcome))).toEqual(new Set(['applied']))
      expect(parts).toHaveLength(8)
    })
    expect(requests.sort()).toEqual([
      'GET /api/cards',
      'GET /api/cards',
      'POST /api/cards',
      'POST /api/cards',
      'POST /api/users',
    ])
    expect(await server.mustRead('42')).toEqual({
      externalId: '42',
      lock: 'open',
      validity: desired.validity,
      profile: { name: 'Ada O Example', email: 'ada@example.org', department: 'Research', user_title: 'Engineer' },
      cards: expect.toSatisfy((cards: { card: unknown }[]) => cards.length === 2),
      levels: ['2', '5'],
      inheritedLevels: [],
      pin: true,
      untouchable: false,
      marks: { fingers: 0, faces: 0, mobiles: 0, revision: expect.any(String) },
    })
    const cards = (await server.mustRead('42')).cards
    expect(cards.map(({ card, state }) => ({ card, state }))).toEqual(
      expect.arrayContaining([
        { card: wiegand, state: 'on' },
        { card: chip, state: 'on' },
      ]),
    )
  },
)

test.each(['array', 'string', 'absent'] as const)(
  'an account without cards and levels is read where empty lists are written as %s',
  async (emptyLists) => {
    await using server = await connected({ quirks: { emptyLists }, levels: [] })
    await server.put('42', desiredAccount())
    expect(await server.mustRead('42')).toMatchObject({ cards: [], levels: [], inheritedLevels: [], lock: 'open' })
    expect(await server.accounts.discover(never)).toEqual([])
  },
)

test('putting the same twice changes nothing and sends nothing', async () => {
  await using server = await connected({ levels })
  const desired = desiredAccount({
    validity: { from: null, until: '2030-06-30T22:00:00.500Z' },
    cards: [
      { card: wiegand, state: 'on' },
      { card: chip, state: 'blocked' },
    ],
    levels: ['1', '3'],
  })
  await server.put('42', desired)
  const actual = await server.mustRead('42')
  const change = { kind: 'put', externalId: '42', desired, actual, revoke: { levels: [], cards: [] } } as const
  const requests = await server.requestsOf(async () => {
    const { parts } = await server.accounts.apply(change, never)
    expect(parts.every(({ outcome }) => outcome === 'unchanged')).toBe(true)
  })
  expect(requests).toEqual([])
})

test('an update is one request with only what differs', async () => {
  await using server = await connected({ levels })
  await server.put('42', desiredAccount({ levels: ['1'], cards: [{ card: wiegand, state: 'on' }] }))
  const actual = await server.mustRead('42')
  const desired = desiredAccount({
    levels: ['1', '2'],
    cards: [{ card: wiegand, state: 'on' }],
    facts: facts({ givenName: 'Ada', familyName: 'Other' }),
  })
  const requests = await server.requestsOf(async () => {
    await server.accounts.apply(
      { kind: 'put', externalId: '42', desired, actual, revoke: { levels: [], cards: [] } },
      never,
    )
  })
  expect(requests).toEqual(['PUT /api/users/42'])
  expect(server.simulator.state.user('42')).toMatchObject({
    name: 'Ada Other',
    groups: ['Level 1', 'Level 2'],
    expiry: '2037-12-31T23:59:00.000Z',
  })
})

test('cards and levels that belong to others stay, and only what is revoked goes', async () => {
  await using server = await connected({ levels })
  await server.put('42', desiredAccount({ levels: ['1', '2'], cards: [{ card: wiegand, state: 'on' }] }))
  server.simulator.hand({ action: 'grant', user: '42', group: 'Level 7' })
  server.simulator.hand({ action: 'assign', user: '42', card: '99887766' })
  const outcome = await server.put('42', desiredAccount({ levels: ['2', '4'], cards: [{ card: chip, state: 'on' }] }), {
    levels: ['1', '9'],
    cards: [wiegand],
  })
  expect(outcome).toMatchObject({
    'level 1': 'applied',
    'level 9': 'unchanged',
    'level 4': 'applied',
    'level 2': 'unchanged',
  })
  expect(outcome).toMatchObject({ [`card ${wiegand.raw}`]: 'applied', [`card ${chip.raw}`]: 'applied' })
  const seen = server.simulator.state.user('42')
  expect(seen?.groups.sort()).toEqual(['Level 2', 'Level 4', 'Level 7'])
  expect(seen?.cards.map(({ number }) => number).sort()).toEqual(['77705923', '99887766'])
})

test('a card is blocked and unblocked on the account, also when somebody did it just before', async () => {
  await using server = await connected()
  const blocked = desiredAccount({ cards: [{ card: chip, state: 'blocked' }] })
  await server.put('42', desiredAccount({ cards: [{ card: chip, state: 'on' }] }))
  const actual = await server.mustRead('42')
  expect(await server.put('42', blocked)).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
  expect(server.simulator.state.card('77705923')).toMatchObject({ blocked: true, owner: '42' })
  // `actual` is from before: the server answers that the card is blocked already.
  const late = await server.accounts.apply(
    { kind: 'put', externalId: '42', desired: blocked, actual, revoke: { levels: [], cards: [] } },
    never,
  )
  expect(late.parts.every(({ outcome }) => outcome === 'unchanged')).toBe(true)
  expect(await server.put('42', desiredAccount({ cards: [{ card: chip, state: 'on' }] }))).toMatchObject({
    [`card ${chip.raw}`]: 'applied',
  })
  expect(server.simulator.state.card('77705923')).toMatchObject({ blocked: false, owner: '42' })
})

test('a new card that shall be blocked ends on the account, and blocked', async () => {
  await using server = await connected()
  expect(await server.put('42', desiredAccount({ cards: [{ card: chip, state: 'blocked' }] }))).toMatchObject({
    [`card ${chip.raw}`]: 'applied',
  })
  expect(server.simulator.state.card('77705923')).toMatchObject({ blocked: true, owner: '42' })
  // A further card goes beside the blocked one.
  expect(await server.put('42', desiredAccount({ cards: [{ card: wiegand, state: 'on' }] }))).toMatchObject({
    [`card ${wiegand.raw}`]: 'applied',
  })
  expect(server.simulator.state.card('77705923')).toMatchObject({ blocked: true, owner: '42' })
})

test('a card that an earlier try left behind is taken up, and found among longer numbers that hold its own', async () => {
  await using server = await connected({ quirks: { cardQuery: 'contains' } })
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: ['1777059234'] }] })
  server.simulator.faults.add({ kind: 'drop', method: 'POST', path: '^/api/users$', times: 1 })
  const desired = desiredAccount({ cards: [{ card: chip, state: 'on' }] })
  await expect(server.put('42', desired)).rejects.toMatchObject({
    kind: 'transient',
    code: 'http.connection',
    outcomeUnknown: true,
  })
  expect(server.simulator.state.orphanCards()).toEqual(['77705923'])
  expect(await server.put('42', desired)).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
  expect(server.simulator.state.orphanCards()).toEqual([])
})

test('a card that somebody registers between our look and our order is taken up, not told as taken', async () => {
  await using server = await connected()
  server.simulator.faults.add({ kind: 'slow', method: 'POST', path: '^/api/cards$', delayMs: 150 })
  const putting = server.put('42', desiredAccount({ cards: [{ card: chip, state: 'on' }] }))
  await expect.poll(() => server.simulator.requests.find({ method: 'POST', path: '^/api/cards$' })).toHaveLength(1)
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: ['77705923'] }] })
  server.simulator.hand({ action: 'delete', user: '7' })
  expect(await putting).toMatchObject({ [`card ${chip.raw}`]: 'applied' })
  expect(server.simulator.state.card('77705923')?.owner).toBe('42')
})

test('a card that somebody else has fails alone, and the rest of the account is created', async () => {
  await using server = await connected({ levels })
  server.simulator.seed({ users: [{ id: '7', name: 'Other', cards: ['77705923'] }] })
  const desired = desiredAccount({
    levels: ['1'],
    cards: [
      { card: chip, state: 'on' },
      { card: wiegand, state: 'on' },
    ],
  })
  expect(await server.put('42', desired)).toEqual({
    lock: 'applied',
    validity: 'applied',
    profile: 'applied',
    [`card ${chip.raw}`]: 'conflict biostar2.card-taken',
    [`card ${wiegand.raw}`]: 'applied',
    'level 1': 'applied',
  })
  expect(server.simulator.state.card('77705923')?.owner).toBe('7')
})

test('of more than 16 levels the first fit, always the same ones, and the rest of the account is written', async () => {
  await using server = await connected({ levels })
  const wanted = Array.from({ length: 18 }, (_, index) => String(18 - index))
  const desired = desiredAccount({ levels: wanted, cards: [{ card: chip, state: 'on' }] })
  for (const expected of ['applied', 'unchanged']) {
    const outcome = await server.put('42', desired)
    expect(outcome).toMatchObject({ lock: expected, 'level 16': expected, [`card ${chip.raw}`]: expected })
    expect(outcome).toMatchObject({
      'level 17': 'rejected biostar2.too-many-groups',
      'level 18': 'rejected biostar2.too-many-groups',
    })
  }
  expect(server.simulator.state.user('42')?.groups).toHaveLength(16)
})

test('a level that was deleted at the server does not keep the person out of the others', async () => {
  await using server = await connected({ levels: levels.slice(0, 3) })
  await server.put('42', desiredAccount())
  expect(
    await server.put('42', desiredAccount({ levels: ['1', '999'], facts: facts({ givenName: 'New' }) })),
  ).toMatchObject({
    profile: 'applied',
    'level 1': 'applied',
    'level 999': 'rejected biostar2.access-group-not-found',
  })
  expect(server.simulator.state.user('42')).toMatchObject({ name: 'New', groups: ['Level 1'] })
})

test('a name that the server refuses stops no other part of an update', async () => {
  // This server takes no full stop in a name.
  await using server = await connected({ levels, quirks: { nameSpecials: '-' } })
  await server.put('42', desiredAccount())
  const desired = desiredAccount({
    facts: facts({ givenName: 'A.', familyName: 'Example', email: 'ada@example.org' }),
    levels: ['1'],
    lock: 'closed',
  })
  expect(await server.put('42', desired)).toEqual({
    lock: 'applied',
    validity: 'unchanged',
    profile: 'rejected biostar2.field-refused',
    'level 1': 'applied',
  })
  expect(server.simulator.state.user('42')).toMatchObject({
    name: 'Ada Example',
    email: 'ada@example.org',
    disabled: true,
    groups: ['Level 1'],
  })
})

test('a person whose name is refused is not created, and every part says why', async () => {
  await using server = await connected({ levels, quirks: { nameSpecials: '-' } })
  const outcome = await server.put(
    '42',
    desiredAccount({ facts: facts({ givenName: 'A.' }), levels: ['1'], cards: [{ card: chip, state: 'on' }] }),
  )
  expect(new Set(Object.values(outcome))).toEqual(new Set(['rejected biostar2.field-refused']))
  expect(await server.accounts.read('42', never)).toBeNull()
})

test.each([
  ['department', { department: 'R-D' }],
  ['title', { title: 'Dr. rer. nat.' }],
])('a %s that the server refuses, and does not blame, costs the profile, not the account', async (_field, details) => {
  // Since 2.8.16 symbols are refused there (release notes), with a code that says no more than 'bad parameters'.
  await using server = await connected({ levels, quirks: { nameSpecials: '' } })
  const person = facts({ givenName: 'Ada', familyName: 'Example', email: 'ada@example.org', ...details })
  const desired = desiredAccount({ facts: person, levels: ['1'], cards: [{ card: chip, state: 'on' }] })
  for (const expected of ['applied', 'unchanged']) {
    expect(await server.put('42', desired)).toEqual({
      lock: expected,
      validity: expected,
      profile: 'rejected biostar2.bad-request',
      [`card ${chip.raw}`]: expected,
      'level 1': expected,
    })
  }
  expect(server.simulator.state.user('42')).toMatchObject({
    name: 'Ada Example',
    email: 'ada@example.org',
    department: '',
    title: '',
    groups: ['Level 1'],
  })
})

test('a field code that names no field keeps nobody from being created', async () => {
  await using server = await connected({ levels })
  // Any code of the range but that of the name: here the server dislikes the e-mail.
  server.simulator.faults.add({
    kind: 'http',
    status: 400,
    code: '131079',
    method: 'POST',
    path: '^/api/users$',
    times: 1,
  })
  server.simulator.faults.add({
    kind: 'http',
    status: 400,
    code: '131079',
    method: 'PUT',
    path: '^/api/users/42$',
    times: 1,
  })
  const desired = desiredAccount({ facts: facts({ givenName: 'Ada', email: 'ada@example' }), levels: ['1'] })
  expect(await server.put('42', desired)).toEqual({
    lock: 'applied',
    validity: 'applied',
    profile: 'rejected biostar2.field-refused',
    'level 1': 'applied',
  })
  expect(server.simulator.state.user('42')).toMatchObject({ name: 'Ada', email: '', groups: ['Level 1'] })
})

test('an e-mail that somebody else has costs the profile, not the account', async () => {
  await using server = await connected({ levels })
  server.simulator.seed({ users: [{ id: '7', name: 'Other', email: 'ada@example.org' }] })
  const desired = desiredAccount({ facts: facts({ givenName: 'Ada', email: 'ada@example.org' }), levels: ['1'] })
  for (const expected of ['applied', 'unchanged']) {
    expect(await server.put('42', desired)).toEqual({
      lock: expected,
      validity: expected,
      profile: 'conflict biostar2.email-exists',
      'level 1': expected,
    })
  }
  expect(server.simulator.state.user('42')).toMatchObject({ name: 'Ada', email: '' })
})

test('a user id that exists already is a conflict, never an adoption', async () => {
  await using server = await connected()
  server.simulator.seed({ users: [{ id: '42', name: 'Other' }] })
  const change = {
    kind: 'put',
    externalId: '42',
    desired: desiredAccount(),
    actual: null,
    revoke: { levels: [], cards: [] },
  } as const
  await expect(server.accounts.apply(change, never)).rejects.toMatchObject({
    kind: 'conflict',
    code: 'biostar2.user-exists',
  })
  expect(server.simulator.state.user('42')?.name).toBe('Other')
})

test.each([
  ['in pages', {}],
  ['in smaller pages than asked', { userPageMax: 70 }],
  ['although the server ignores the offset', { ignoreUserOffset: true }],
])('everybody is listed once, %s', async (_title, quirks) => {
  await using server = await connected({ quirks })
  server.simulator.seed({ count: 1210 })
  const ids: string[] = []
  for await (const page of server.accounts.list(never)) ids.push(...page.map(({ externalId }) => externalId))
  expect(ids).toHaveLength(server.simulator.state.userCount)
  expect(new Set(ids).size).toBe(ids.length)
})

test.each([
  ['without a single page that joins', {}, 600],
  ['in smaller pages than asked', { userPageMax: 70 }, 60],
  ['although the server ignores the offset', { ignoreUserOffset: true }, 100],
])('nobody is lost when early users are deleted on the way, %s', async (_title, quirks, deleted) => {
  await using server = await connected({ quirks })
  server.simulator.seed({ count: 1210 })
  const ids: string[] = []
  let pages = 0
  for await (const page of server.accounts.list(never)) {
    ids.push(...page.map(({ externalId }) => externalId))
    pages += 1
    if (pages !== 2) continue
    for (let n = 0; n < deleted; n++) server.simulator.hand({ action: 'delete', user: String(100_001 + n) })
  }
  expect(new Set(ids).size).toBe(ids.length)
  expect(server.simulator.state.users().filter(({ id }) => !ids.includes(id))).toEqual([])
})

test.each(['no-collection', 'no-rows'] as const)(
  'a success that lists nobody (%s) is no list',
  async (emptyUserList) => {
    await using server = await connected({ quirks: { emptyUserList } })
    server.simulator.seed({ count: 3 })
    await expect(Array.fromAsync(server.accounts.list(never))).rejects.toMatchObject({
      kind: 'transient',
      code: 'biostar2.list-incomplete',
    })
  },
)

test('a list that ends too early is a failure, never proof that somebody is gone', async () => {
  await using server = await connected({ quirks: { ignoreUserOffset: true, userPageMax: 70 } })
  server.simulator.seed({ count: 100 })
  const walk = async () => {
    for await (const page of server.accounts.list(never)) expect(page.length).toBeGreaterThan(0)
  }
  await expect(walk()).rejects.toMatchObject({ kind: 'transient', code: 'biostar2.list-incomplete' })
})

test('the first administrator and our own account are untouchable, and every order on them is refused', async () => {
  await using server = await connected()
  const account = await server.mustRead('1')
  expect(account.untouchable).toBe(true)
  const before = server.simulator.state.user('1')
  const revoke = { levels: [], cards: [] }
  for (const change of [
    { kind: 'put', externalId: '1', desired: desiredAccount(), actual: account, revoke },
    { kind: 'put', externalId: '1', desired: desiredAccount(), actual: null, revoke },
    { kind: 'lock', externalId: '1', known: null, at: new Date() },
    { kind: 'remove', externalId: '1' },
  ] as const) {
    await expect(server.accounts.apply(change, never)).rejects.toMatchObject({
      kind: 'rejected',
      code: 'biostar2.protected-account',
    })
  }
  expect(server.simulator.state.user('1')).toEqual(before)
})

test('removing takes the user away, and doing it again is harmless', async () => {
  await using server = await connected()
  await server.put('42', desiredAccount())
  const remove = async () => (await server.accounts.apply({ kind: 'remove', externalId: '42' }, never)).parts
  expect(await remove()).toEqual([{ part: { kind: 'lock' }, outcome: 'applied' }])
  expect(await server.accounts.read('42', never)).toBeNull()
  expect(await remove()).toEqual([{ part: { kind: 'lock' }, outcome: 'unchanged' }])
})

test('an unanswered create says that it may have been done', async () => {
  await using server = await connected()
  server.simulator.faults.add({ kind: 'drop-after', method: 'POST', path: '^/api/users$', times: 1 })
  await expect(server.put('42', desiredAccount())).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
  expect((await server.mustRead('42')).profile).toEqual({ name: 'Ada Example' })
})

test.each([
  [{ kind: 'full' }, { kind: 'rejected', code: 'biostar2.licence-or-capacity' }],
  [{ kind: 'licence' }, { kind: 'rejected', code: 'biostar2.licence-or-capacity' }],
  [
    { kind: 'throttle', retryAfterSeconds: 7 },
    { kind: 'throttled', code: 'biostar2.throttled', retryAfterMs: 7000 },
  ],
  [{ kind: 'maintenance' }, { kind: 'transient' }],
  [
    { kind: 'http', status: 500 },
    { kind: 'transient', code: 'biostar2.server-fault' },
  ],
] as const)('the fault %j becomes %j', async (fault, failure) => {
  await using server = await connected()
  server.simulator.faults.add({ ...fault, method: 'POST', path: '^/api/users$' })
  await expect(server.put('42', desiredAccount())).rejects.toMatchObject(failure)
})

test('cancelling ends a call with the reason of the signal', async () => {
  await using server = await connected()
  server.simulator.faults.add({ kind: 'hang', path: '^/api/users/42' })
  const cancel = new AbortController()
  const reading = server.accounts.read('42', cancel.signal)
  setTimeout(() => cancel.abort(new Error('enough')), 50)
  await expect(reading).rejects.toThrow('enough')
})

test('no biometric field is ever sent, and the PIN only when it is set', async () => {
  await using server = await connected({ levels })
  await server.put('42', desiredAccount({ levels: ['1'] }))
  await server.lock('42')
  expect(
    server.simulator.requests.find().filter(({ pinSent, biometricsSent }) => pinSent || biometricsSent.length > 0),
  ).toEqual([])
  await server.put('42', desiredAccount({ pin: '4711' }))
  expect(server.simulator.requests.find().filter(({ pinSent }) => pinSent)).toHaveLength(1)
})
