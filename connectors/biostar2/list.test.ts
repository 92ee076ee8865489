import { expect, test } from 'vitest'
import type { ListedAccount } from '../../src/connector/contract.ts'
import { h10301 } from '../../src/model/card.ts'
import { connected, never } from './testing.ts'

type Server = Awaited<ReturnType<typeof connected>>

/** The account 4711, which has a card and an access group, as the list shows it. */
async function listedIn(server: Server, groups: readonly string[] = []): Promise<ListedAccount | undefined> {
  const rows = (await Array.fromAsync(server.accounts.list(never, groups))).flat()
  return rows.find(({ externalId }) => externalId === '4711')
}

const user = {
  id: '4711',
  name: 'Ada Example',
  cards: [{ number: '1320720', wiegandFormat: 0 }],
  accessGroups: ['Main'],
}
const levels = ['Main', 'Lab', 'Vault'].map((name) => ({ name, doors: [name] }))

async function withUser(quirks: NonNullable<Parameters<typeof connected>[0]>['quirks'] = {}) {
  const server = await connected({ levels, quirks })
  server.simulator.seed({ users: [user] })
  const groups = server.simulator.state.groups().map(({ id }) => String(id))
  return { server, groups: groups as [string, string, string] }
}

test.each([
  ['in pages', {}],
  ['in smaller pages than asked', { cardPageMax: 70 }],
])('the cards of everybody come with the list, %s', async (_title, quirks) => {
  const { server } = await withUser(quirks)
  await using _ = server
  const more = Array.from({ length: 600 }, (_, n) => ({
    id: String(5000 + n),
    name: 'Ada Example',
    cards: [`${9000 + n}`],
  }))
  server.simulator.seed({ users: more })
  server.simulator.hand({ action: 'block', card: '9599' })
  const rows = (await Array.fromAsync(server.accounts.list(never))).flat()
  expect(rows.every(({ told }) => told?.cards)).toBe(true)
  expect(rows.flatMap(({ cards }) => cards)).toHaveLength(601)
  expect(rows.find(({ externalId }) => externalId === '4711')?.cards.map(({ card }) => card)).toEqual([
    h10301(20, 10_000),
  ])
  expect(rows.find(({ externalId }) => externalId === '5599')?.cards[0]?.state).toBe('blocked')
  expect(server.simulator.requests.find({ path: '/api/cards/assigned' }).length).toBeLessThan(20)
})

test.each<[string, (server: Server) => unknown]>([
  ['Wiegand cards are listed without their format', ({ simulator }) => (simulator.quirks.wiegandFormatMissing = true)],
  [
    'our login may not see cards',
    ({ simulator }) =>
      simulator.faults.add({ kind: 'http', path: '^/api/cards/assigned$', status: 403, code: '20', times: 1 }),
  ],
])('cards are not told where %s', async (_title, spoil) => {
  const { server } = await withUser()
  await using _ = server
  spoil(server)
  expect(await listedIn(server)).toMatchObject({ cards: [], told: { lock: true, cards: false } })
})

test('who has an access group comes with the list for those that are asked about, with what user groups bring along', async () => {
  const { server, groups } = await withUser()
  await using _ = server
  const [main, lab, vault] = groups
  server.simulator.seed({
    userGroups: [{ name: 'Staff' }],
    accessGroups: [{ name: 'By group', doors: ['Back Door'], userGroups: ['Staff'] }],
  })
  server.simulator.hand({ action: 'move', user: '4711', userGroup: 'Staff' })
  const inherited = String(server.simulator.state.groups().find(({ name }) => name === 'By group')?.id)
  const row = await listedIn(server, [main, lab, inherited, inherited])
  expect(row).toMatchObject({ levels: [main], inheritedLevels: [inherited] })
  expect(row?.told?.levels).toEqual(new Set([main, lab, inherited]))
  expect(row?.told?.levels.has(vault)).toBe(false)
  expect(server.simulator.requests.find({ path: `/api/access_groups/${main}/users` })).toHaveLength(1)
})

test('a group whose users can not be read is not told, and keeps nothing else from being told', async () => {
  const { server, groups } = await withUser()
  await using _ = server
  const [main, lab] = groups
  server.simulator.faults.add({
    kind: 'http',
    path: `^/api/access_groups/${main}/users$`,
    status: 403,
    code: '20',
    times: 1,
  })
  expect((await listedIn(server, [main, lab]))?.told).toEqual({ lock: true, cards: true, levels: new Set([lab]) })
})
