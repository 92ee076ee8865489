/** A group of entrances is a level like any other: found, granted, read back, and taken away, at every interface. */
import { expect, test } from 'vitest'
import { failures, first, simulated } from './simulated-for-tests.ts'
import { snapshots } from './simulator/index.ts'
import { desiredAccount, never } from './testing.ts'

const settings = { entrance_schedule: '1' }
/** Named as a template of the site is, and with an entrance of its own. */
const entranceGroups = [{ name: 'Main Entrance', entrances: ['Back Door', 'Bicycle Shed'] }]

test.each(snapshots)('at the interface of %s a group opens its entrances, and nothing else', async (snapshot) => {
  await using target = await simulated({ snapshot }, settings)
  target.simulator.seed({ entranceGroups })
  const offered = await target.accounts.discover(never)
  expect(offered.filter(({ name }) => name === 'Main Entrance')).toHaveLength(1)
  const group = offered.find(({ name }) => name === 'Main Entrance (entrance group)')?.externalId ?? ''
  const template = target.levelOf('Main Entrance')
  const cards = [{ card: first, state: 'on' as const }]

  const granted = desiredAccount({ cards, levels: [group] })
  expect(failures(await target.put(granted))).toEqual({})
  expect(target.opens()).toEqual(['Back Door', 'Bicycle Shed'])
  expect((await target.mustRead()).levels).toEqual([group])
  expect(await target.put(granted)).toMatchObject({ [`level ${group}`]: 'unchanged' })

  // The template of the same number and name goes its own way.
  expect(failures(await target.put(desiredAccount({ cards, levels: [group, template] })))).toEqual({})
  expect(target.opens()).toEqual(['Front Door', 'Back Door', 'Bicycle Shed'])
  await target.put(desiredAccount({ cards, levels: [template] }), { revoke: { levels: [group], cards: [] } })
  expect(target.opens()).toEqual(['Front Door', 'Back Door'])
  expect((await target.mustRead()).levels).toEqual([template])
})

test('a group with another schedule than ours stays when ours is taken, and is held as a level of its own', async () => {
  await using target = await simulated({}, settings)
  target.simulator.seed({ entranceGroups })
  const other = await target.connect({ entrance_schedule: '2' })
  const cards = [{ card: first, state: 'on' as const }]
  await target.put(desiredAccount({ cards, levels: ['group:1'] }))
  expect((await other.mustRead()).levels).toEqual(['group:1@1'])
  await other.put(desiredAccount({ cards }), { revoke: { levels: ['group:1'], cards: [] } })
  expect(target.opens()).toEqual(['Back Door', 'Bicycle Shed'])
})

test('a group that was removed at AEOS costs itself alone', async () => {
  await using target = await simulated({}, settings)
  const template = target.levelOf('Warehouse')
  expect(failures(await target.put(desiredAccount({ levels: ['group:77', template] })))).toEqual({
    'level group:77': 'rejected aeos.authorisation-refused',
  })
  expect((await target.mustRead()).levels).toEqual([template])
})
