/** Whatever a server may be like where no document says so: a whole history ends right, or the connector says why not, and nobody who left gets in. */
import { expect, test } from 'vitest'
import { failures, first, history, type Simulated, type Step, second, simulated } from './simulated-for-tests.ts'
import { type Quirks, type SimulatorOptions, snapshots } from './simulator/index.ts'
import { defaultQuirks } from './simulator/quirks.ts'

const both = ['Front Door', 'Back Door']

/** What is true inside after each step, whatever was told of it. */
const truth: Readonly<Record<Step, (target: Simulated) => void>> = {
  create(target) {
    expect(target.inside()).toMatchObject([
      { lastName: 'Quillfeather', blocked: false, leave: '2031-06-30T15:30:00.000Z', opens: both },
    ])
    expect(target.swipe(first)).toBe(true)
  },
  change(target) {
    const authorisations = [{ name: 'Warehouse', rule: null, enabled: true, until: null }]
    expect(target.inside()).toMatchObject([{ lastName: 'Thistledown', authorisations, opens: ['Loading Dock'] }])
    expect(target.inside()[0]?.leave ?? '9').toMatch(/^(?:9|2098-12-31)/)
  },
  lock(target) {
    expect(target.inside()).toMatchObject([{ blocked: true, badges: [{ blocked: true }], opens: [] }])
    expect(target.swipe(first, 'Loading Dock')).toBe(false)
    expect(Date.parse(target.inside()[0]?.leave ?? '')).toBeLessThanOrEqual(Date.now())
  },
  unlock: (target) =>
    expect(target.inside()).toMatchObject([{ blocked: false, badges: [{ status: 1 }], opens: ['Loading Dock'] }]),
  lose(target) {
    expect(target.inside()).toMatchObject([{ blocked: false, badges: [{ blocked: true }], opens: [] }])
    expect(target.swipe(first, 'Loading Dock')).toBe(false)
  },
  replace(target) {
    expect(target.inside()).toMatchObject([{ blocked: false, badges: [{ status: 1 }], opens: ['Loading Dock'] }])
    // Taken from its owner, and blocked for good.
    expect(target.badge(first)).toMatchObject({ status: 2, carrier: null })
    expect(target.swipe(first, 'Loading Dock')).toBe(false)
    expect(target.swipe(second, 'Loading Dock')).toBe(true)
  },
  leave(target) {
    expect(target.inside()).toMatchObject([{ blocked: true, badges: [{ blocked: true }], opens: [] }])
    expect(target.swipe(second, 'Loading Dock')).toBe(false)
  },
  remove(target) {
    expect(target.inside()).toEqual([])
    for (const card of [first, second]) {
      expect(target.badge(card)).toMatchObject({ status: 2, carrier: null })
      expect(target.swipe(card, 'Loading Dock')).toBe(false)
    }
  },
}

async function runs(options: SimulatorOptions): Promise<void> {
  await using target = await simulated(options)
  await history(target, async (step, told, desired) => {
    expect(failures(told), step).toEqual({})
    truth[step](target)
    if (desired === undefined) return
    // Read back, so that the engine has nothing more to do.
    const shown = await target.mustRead()
    expect(shown, step).toMatchObject({ lock: 'open', validity: desired.validity, cards: desired.cards })
    expect(shown.levels).toEqual(desired.levels)
    expect(shown.profile).toMatchObject(target.accounts.render(desired.facts))
  })
}

test.each(snapshots)('the history ends right on the interface of %s', (snapshot) => runs({ snapshot }))

/** The other side of every switch, all of which bear the whole history. */
const borne: Readonly<{ [name in keyof Quirks]: readonly Quirks[name][] }> = {
  schemaChecked: [false],
  schemaFaults: ['status-info'],
  newerFields: ['ignored'],
  caseSensitive: [true],
  likeWildcards: [false],
  findCap: [1],
  pageMax: [1],
  pageOrder: ['unstable'],
  leaveDateClearable: [false],
  emptyTexts: ['ignored'],
  freeFields: ['merged'],
  modifiedBy: ['everything'],
  modifiedSearched: [false],
  changesLogged: [false],
  personDatesCut: [true],
  ambiguousTime: ['later'],
  mandatoryFields: [['LastName', 'FirstName', 'PersonnelNo']],
  refusedSigns: ['<>'],
  arrivalDefaulted: [false],
  referencesChecked: [false],
  personnelNoUnique: [true],
  removeWithBadges: ['freed', 'blocked'],
  takenBadge: ['moved'],
  deadBadge: ['taken'],
  rangeChecked: [false],
  reasonsChecked: [false],
  blockTwice: ['taken'],
  unblockTwice: ['taken'],
  withdrawBlocked: ['taken'],
  replacementsBlockable: [false],
  blockAnswers: ['identifier'],
  removeMissing: ['ignored'],
  removeAmbiguous: ['all', 'refused'],
  emptyBlocks: ['present'],
  carrierByTokenTyped: [false],
  eventOrder: ['newest-first'],
  eventsKept: [1],
  pictureBytesMax: [1],
  pictures: ['made-anew'],
  wsdlNeedsLogin: [false],
  wsdlHost: ['elsewhere.example.org'],
  unlicensed: [['addCarriersAuthorization']],
  certificateNames: [['aeos.example.org']],
}

const rows = Object.entries(borne).flatMap(([name, values]) =>
  values.map((value) => [`${name}: ${JSON.stringify(value)}`, { [name]: value } as Partial<Quirks>] as const),
)

test.each(rows)('the history ends right with %s', (_name, quirks) => runs({ quirks }))

test('no switch is left out, and each row is its other side', () => {
  expect(Object.keys(borne).sort()).toEqual(Object.keys(defaultQuirks).sort())
  for (const [name, values] of Object.entries(borne))
    for (const value of values) expect(value).not.toEqual(defaultQuirks[name as keyof Quirks])
})

test('dates are asked for in another way only where no time of day is seen, and looked for once', async () => {
  const midnight = { lastName: 'Midnight', arrival: '2025-12-31T23:00:00Z', leave: '2031-06-30T22:00:00Z' }
  for (const personDatesCut of [false, true]) {
    await using target = await simulated({ quirks: { personDatesCut } })
    // The second of them leaves in the middle of a day.
    target.simulator.seed({
      carriers: [
        { ...midnight, personnelNo: '1' },
        { ...midnight, personnelNo: '2', leave: '2031-06-30T12:00:00Z' },
      ],
    })
    for (const number of ['1', '2', '1', '2']) {
      const { validity } = await target.mustRead(number)
      expect(validity.until).toBe(number === '1' ? '2031-06-30T22:00:00.000Z' : '2031-06-30T12:00:00.000Z')
    }
    const asked = (operation: string) => target.simulator.requests.find({ operation }).length
    expect([asked('^findPerson$'), asked('^findEmployee$')]).toEqual(personDatesCut ? [5, 4] : [5, 0])
  }
})
