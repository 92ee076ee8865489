import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AeosSimulator, startAeosSimulator } from '../connectors/aeos/simulator/index.ts'
import { type BiostarSimulator, startBiostarSimulator } from '../connectors/biostar2/simulator/index.ts'
import { aeosDoors } from './aeos-doors.ts'
import { biostar2Doors } from './biostar2-doors.ts'
import { changesBetween, compare, type DoorSystem, type Planted } from './door-system.ts'
import type { Expectation } from './expectation.ts'
import { doorNamed } from './site.ts'

const doors = ['Main entrance', 'Lab']

/** What somebody does at the console of a door system, in its own words. */
interface Console {
  revoke(user: string): void
  block(card: string): void
  assign(user: string, card: string): void
  unassign(user: string, card: string): void
  close(user: string): void
  /** The same person once more, as far as this door system can have that. */
  makeTwin(user: string): void
}

interface Site {
  readonly system: DoorSystem
  readonly console: Console
}

let biostar2: BiostarSimulator
let aeos: AeosSimulator
const sites = new Map<string, Site>()

beforeAll(async () => {
  biostar2 = await startBiostarSimulator({
    levels: doors.map((name) => ({ name, doors: [doorNamed(name)] })),
    deviceDelayMs: 0,
  })
  aeos = await startAeosSimulator({ templates: doors.map((name) => ({ name, entrances: [doorNamed(name)] })) })
  const idOf = (number: string): number => aeos.state.withPersonnelNo(number)[0]?.id ?? Number.NaN
  sites.set('BioStar 2', {
    system: biostar2Doors(biostar2, 'hq'),
    console: {
      revoke: (user) => biostar2.hand({ action: 'revoke', user, group: 'Main entrance' }),
      block: (card) => biostar2.hand({ action: 'block', card }),
      assign: (user, card) => biostar2.hand({ action: 'assign', user, card }),
      unassign: (user, card) => biostar2.hand({ action: 'unassign', user, card }),
      close: (user) => biostar2.hand({ action: 'disable', user }),
      makeTwin(user) {
        const email = `ada.${user}@people.example`
        biostar2.seed({ users: [{ id: `${user}8`, name: 'Ada', email, cards: [] }] })
        biostar2.seed({ users: [{ id: `${user}9`, name: 'Ada', email: email.toUpperCase(), cards: [] }] })
      },
    },
  })
  sites.set('AEOS', {
    system: aeosDoors(aeos, 'plant'),
    console: {
      revoke: (user) => void aeos.hand({ action: 'revoke', carrier: idOf(user), template: 'Main entrance' }),
      block: (badge) => void aeos.hand({ action: 'block-badge', badge }),
      assign: (user, badge) => void aeos.hand({ action: 'assign', carrier: idOf(user), badge }),
      unassign: (user, badge) => void aeos.hand({ action: 'withdraw', carrier: idOf(user), badge }),
      close: (user) => void aeos.hand({ action: 'block', carrier: idOf(user) }),
      makeTwin: (user) => void aeos.seed({ carriers: [{ lastName: 'Sample', personnelNo: user }] }),
    },
  })
})
afterAll(() => Promise.all([biostar2?.close(), aeos?.close()]))

describe.each(['BioStar 2', 'AEOS'])('at %s', (name) => {
  let next = 100
  let ada: string
  let card: string
  let system: DoorSystem
  let hand: Console
  beforeEach(() => {
    next += 1
    ada = String(next)
    card = String(next * 1000)
    const site = sites.get(name) as Site
    system = site.system
    hand = site.console
    const planted: Planted = {
      ...{ id: ada, kind: 'employee', givenName: 'Ada', familyName: 'Sample' },
      ...{ card, levels: ['Main entrance'] },
    }
    system.plant([planted])
  })

  function wanted(some: Partial<{ groups: string[]; blocked: boolean }> = {}): Expectation {
    const { groups = ['Main entrance'], blocked = false } = some
    return { accounts: new Map([[ada, { id: ada, groups, card: { number: card, blocked } }]]), without: new Map() }
  }
  /** Only what this test made, so that what the tests before made does not count. */
  const accounts = () =>
    new Map(
      [...system.accounts()].filter(
        ([id, { identifiers }]) => id.startsWith(ada) || identifiers.includes(`number ${ada}`),
      ),
    )

  test('an account as expected is right, and its card opens', () => {
    expect(compare(accounts(), wanted())).toMatchObject({ right: 1, missing: [], wrong: [], open: [], twice: 0 })
    expect(system.account(ada)).toMatchObject({ id: ada, name: 'Ada Sample', closed: false })
    expect([system.opens(card, 'Main entrance'), system.opens(card, 'Lab')]).toEqual([true, false])
  })

  test.each([
    ['a level more', () => system.grantByHand({ user: ada, level: 'Lab' })],
    ['a level less', () => hand.revoke(ada)],
    ['a blocked card', () => hand.block(card)],
    ['another card', () => hand.assign(ada, `${next}77`)],
    ['no card', () => hand.unassign(ada, card)],
    ['closed', () => hand.close(ada)],
  ])('%s is wrong', (_, change) => {
    change()
    expect(compare(accounts(), wanted())).toMatchObject({ right: 0, wrong: [ada] })
  })

  test('a level that was given by hand must be there, and is no fault', () => {
    expect(compare(accounts(), wanted(), new Map([[ada, ['Lab']]])).wrong).toEqual([ada])
    system.grantByHand({ user: ada, level: 'Lab' })
    expect(compare(accounts(), wanted(), new Map([[ada, ['Lab']]])).wrong).toEqual([])
  })

  test('who should have no account is open until closed with every card blocked', () => {
    const nobody: Expectation = { accounts: new Map(), without: new Map() }
    expect(compare(accounts(), nobody).open).toEqual([ada])
    hand.close(ada)
    expect(compare(accounts(), nobody).open).toEqual([ada])
    hand.block(card)
    expect(compare(accounts(), nobody)).toMatchObject({ open: [], shut: 1 })
    expect(system.opens(card, 'Main entrance')).toBe(false)
  })

  test('two accounts of one person are seen', () => {
    hand.makeTwin(ada)
    expect(compare(accounts(), wanted()).twice).toBe(1)
  })

  test('a finger that is swapped is another one, and there are as many as before', () => {
    const { fingers } = system
    if (fingers === null) return expect(name).toBe('AEOS')
    const before = fingers.count(ada)
    expect(fingers.opens(ada, 'Main entrance')).toBe(false)
    fingers.enrol(ada)
    const written = () => biostar2.state.user(ada)?.fingerprintVersion
    const enrolled = written() ?? Number.NaN
    fingers.swap(ada)
    expect([fingers.count(ada), written()]).toEqual([before + 1, enrolled + 1])
    expect([fingers.opens(ada, 'Main entrance'), fingers.opens(ada, 'Lab')]).toEqual([true, false])
  })

  test('changes between two looks are told account by account and part by part', () => {
    const before = accounts()
    hand.close(ada)
    hand.block(card)
    system.plant([{ id: `${ada}5`, kind: 'visitor', givenName: 'New', familyName: 'Sample', card: null, levels: [] }])
    const after = new Map([...system.accounts()].filter(([id]) => id.startsWith(ada)))
    expect(changesBetween(before, after)).toEqual([
      { id: ada, parts: ['cards', 'closed'] },
      { id: `${ada}5`, parts: ['created'] },
    ])
    expect(changesBetween(before, before)).toEqual([])
  })
})
