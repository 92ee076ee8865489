/** Proves which access groups an account ends with. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitLevels, levelsMax } from './levels.ts'
import { connected, desiredAccount, never } from './testing.ts'

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: 24 })
const present = fc.uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: levelsMax })

test('whatever is asked, nothing of others goes, nothing exceeds the limit, and asking again changes nothing', () => {
  fc.assert(
    fc.property(present, ids, ids, ids, (now, inherited, desired, revoked) => {
      const fitted = fitLevels({ present: now, inherited, desired, revoked })
      expect(fitted.list.length).toBeLessThanOrEqual(levelsMax)
      expect(new Set(fitted.list).size).toBe(fitted.list.length)
      for (const level of now) {
        expect(fitted.list.includes(level)).toBe(desired.includes(level) || !revoked.includes(level))
      }
      for (const level of desired) {
        const reached = fitted.list.includes(level) || inherited.includes(level)
        expect(reached !== fitted.left.includes(level)).toBe(true)
      }
      if (fitted.left.length > 0) expect(fitted.list).toHaveLength(levelsMax)
      const again = fitLevels({ present: fitted.list, inherited, desired, revoked })
      expect(again).toMatchObject({ list: fitted.list, added: [], removed: [], left: fitted.left })
    }),
  )
})

test('the order in which levels are asked for makes no difference', () => {
  const desired = Array.from({ length: 20 }, (_, index) => String(index + 1))
  const input = { present: [], inherited: [], revoked: [] }
  expect(fitLevels({ ...input, desired })).toEqual(fitLevels({ ...input, desired: desired.toReversed() }))
})

const idsOf = async (server: Awaited<ReturnType<typeof connected>>) => {
  const byName = new Map((await server.accounts.discover(never)).map(({ name, externalId }) => [name, externalId]))
  return (name: string) => byName.get(name) ?? ''
}

test('levels that come through the user group are told, and not written twice', async () => {
  await using server = await connected({ levels: [{ name: 'Own', doors: ['a'] }] })
  server.simulator.seed({
    userGroups: [{ name: 'Staff' }],
    accessGroups: [
      { name: 'By staff', doors: ['b'], userGroups: ['Staff'] },
      { name: 'By group', doors: ['c'], userGroups: ['Staff'] },
    ],
    users: [{ id: '42', name: 'Ada Example', userGroup: 'Staff' }],
  })
  const id = await idsOf(server)
  expect([...(await server.mustRead('42')).inheritedLevels].sort()).toEqual([id('By group'), id('By staff')].sort())
  const desired = desiredAccount({ levels: [id('Own'), id('By staff')] })
  expect(await server.put('42', desired, { levels: [id('By group')] })).toMatchObject({
    [`level ${id('Own')}`]: 'applied',
    [`level ${id('By staff')}`]: 'unchanged',
    [`level ${id('By group')}`]: 'unchanged',
  })
  expect(server.simulator.state.user('42')?.groups).toEqual(['Own'])
})

test.each(['own', 'tree'] as const)(
  'a level of a group further up is granted to the person, who may not have it (%s)',
  async (userGroupRights) => {
    await using server = await connected({
      ...{ levels: [{ name: 'Own', doors: ['a'] }], deviceDelayMs: 0, quirks: { userGroupRights } },
    })
    server.simulator.seed({
      userGroups: [{ name: 'Site' }, { name: 'Staff', parent: 'Site' }],
      accessGroups: [{ name: 'By site', doors: ['b'], userGroups: ['Site'] }],
      users: [{ id: '42', name: 'Ada Example', userGroup: 'Staff', cards: ['501'] }],
    })
    const level = (await idsOf(server))('By site')
    expect(await server.put('42', desiredAccount({ levels: [level] }))).toMatchObject({ [`level ${level}`]: 'applied' })
    expect(server.simulator.swipe({ card_id: '501', door: 'b' }).code).toBe(4102)
  },
)

const three = [1, 2, 3].map((n) => ({ name: `L${n}`, doors: [`d${n}`] }))

test('access groups that are hidden from our login stay with the person when another one is refused', async () => {
  await using server = await connected({ levels: three, quirks: { accessGroupsHidden: ['L3'] } })
  server.simulator.seed({ users: [{ id: '42', name: 'Ada Example', accessGroups: ['L3'] }] })
  expect(await server.put('42', desiredAccount({ levels: ['1', '999'] }))).toMatchObject({
    'level 1': 'applied',
    'level 999': 'rejected biostar2.access-group-not-found',
  })
  expect(server.simulator.state.user('42')?.groups.toSorted()).toEqual(['L1', 'L3'])
})

test('access groups that the server counts and does not show are a failure, never levels that were deleted', async () => {
  await using server = await connected({ levels: three, quirks: { accessGroupsHidden: ['L3'] } })
  await expect(server.accounts.discover(never)).rejects.toMatchObject({
    kind: 'rejected',
    code: 'biostar2.view-limited',
  })
  server.simulator.seed({ users: [{ id: '42', name: 'Ada Example' }] })
  expect(await server.accounts.read('42', never)).toMatchObject({ externalId: '42' })
})
