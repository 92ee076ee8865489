/** The list of all accounts goes to its end: nobody is lost, nobody comes twice, also while others change it; or it fails. */
import { expect } from 'vitest'
import type { ActualAccount, ListedAccount } from '../../../src/connector/contract.ts'
import type { PersonFacts } from '../../../src/model/person.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson } from '../made-up.ts'
import { never, type Target } from '../target.ts'

async function listed(target: Target, afterFirstPage: () => void = () => undefined): Promise<string[]> {
  const ids: string[] = []
  let pages = 0
  for await (const page of target.accounts.list(never)) {
    ids.push(...page.map(({ externalId }) => externalId))
    pages += 1
    if (pages === 1) afterFirstPage()
  }
  return ids
}

export function listing(test: AccountsTest): void {
  test('everybody is listed exactly once, over more than two pages', async (target) => {
    target.simulator.fill(target.subject.manyAccounts)
    const ids = await listed(target)
    expect(ids.sort()).toEqual([...target.simulator.ids()].sort())
    expect(ids.length).toBeGreaterThan(target.subject.manyAccounts)
  })

  test('an empty page is no page, and nobody but the built-in accounts is listed when there is nobody', async (target) => {
    for await (const page of target.accounts.list(never)) expect(page.length).toBeGreaterThan(0)
    expect((await listed(target)).sort()).toEqual([...target.simulator.ids()].sort())
  })

  test('what the list shows of an account is what a single read shows', async (target) => {
    const person = madeUpPerson(1)
    await target.put(person, { lock: 'closed', validity: { from: null, until: '2030-06-30T22:00:00.000Z' } })
    const single = await target.read(person)
    for await (const page of target.accounts.list(never)) {
      const [row] = page.filter(({ externalId }) => externalId === single?.externalId)
      if (row === undefined) continue
      const { validity, profile, untouchable } = row
      // A list that does not tell blocks knows only whom the dates keep out.
      const lock = row.told?.lock === false ? single?.lock : row.lock
      expect({ lock, validity, profile, untouchable }).toEqual({
        lock: single?.lock,
        validity: single?.validity,
        profile: single?.profile,
        untouchable: single?.untouchable,
      })
    }
  })

  test('the cards and levels that the list tells of are those that a single read shows; of others it says nothing', async (target) => {
    const { subject, simulator, accounts } = target
    const [first, second, third, fourth] = subject.cards
    const [own, other, untold] = simulator.levels as [string, string, string]
    const asked = [own, other, subject.missingLevel]
    const people = [1, 2, 3].map((n) => madeUpPerson(n))
    const [one, two, three] = people as [PersonFacts, PersonFacts, PersonFacts]
    const cards = [first, second].map((card) => ({ card, state: 'on' as const }))
    await target.put(one, { cards, levels: [own, untold] })
    await target.put(two, { cards: [{ card: third, state: 'blocked' }], levels: [other] })
    await target.put(three, { levels: [untold] })
    simulator.byHand({ act: 'block', card: second })
    simulator.byHand({ act: 'add-card', externalId: accounts.identify(one), number: 1 })
    simulator.byHand({ act: 'create', externalId: accounts.identify(madeUpPerson(4)), cards: [fourth] })
    const rows = new Map<string, ListedAccount>()
    for await (const page of accounts.list(never, asked)) for (const row of page) rows.set(row.externalId, row)
    for (const facts of [...people, madeUpPerson(4)]) {
      const single = await target.read(facts)
      const row = rows.get(accounts.identify(facts))
      const told = row?.told ?? { lock: true, cards: true, levels: new Set(simulator.levels) }
      const isTold = (level: string) => told.levels.has(level)
      expect(sortedCards(row)).toEqual(told.cards ? sortedCards(single) : [])
      expect(row?.levels.filter(isTold)).toEqual(single?.levels.filter(isTold))
      expect(row?.inheritedLevels.filter(isTold)).toEqual(single?.inheritedLevels.filter(isTold))
      expect({ cards: told.cards, levels: [own, other].every(isTold) }).toEqual(subject.listTells)
    }
  })

  const changes: readonly (readonly [string, (target: Target, early: readonly string[]) => void])[] = [
    ['one early account is deleted', ({ simulator }, [, first]) => remove(simulator, [first ?? ''])],
    ['many early accounts are deleted', ({ simulator }, early) => remove(simulator, early.slice(1, 200))],
    [
      'one early account is deleted and another is made',
      ({ simulator, accounts }, [, first]) => {
        remove(simulator, [first ?? ''])
        simulator.byHand({ act: 'create', externalId: accounts.identify(madeUpPerson(1)) })
      },
    ],
    [
      'early accounts are made',
      ({ simulator, accounts }) => {
        for (const n of [1, 2, 3])
          simulator.byHand({
            act: 'create',
            externalId: accounts.identify(madeUpPerson(n, { employeeNumber: `${n + 1}` })),
          })
      },
    ],
    ['the last account of the first page is deleted', ({ simulator }, early) => remove(simulator, early.slice(-1))],
  ]
  for (const [what, change] of changes) {
    test(`nobody who was there all the time is lost or comes twice while ${what}`, async (target) => {
      target.simulator.fill(target.subject.manyAccounts)
      const before = target.simulator.ids()
      const ids: string[] = []
      let pages = 0
      for await (const page of target.accounts.list(never)) {
        ids.push(...page.map(({ externalId }) => externalId))
        pages += 1
        if (pages === 1)
          change(
            target,
            ids.filter((id) => !target.simulator.untouchable.includes(id)),
          )
      }
      const after = new Set(target.simulator.ids())
      const stayed = before.filter((id) => after.has(id))
      const seen = new Set(ids)
      expect(stayed.filter((id) => !seen.has(id))).toEqual([])
      expect(ids).toHaveLength(seen.size)
      expect(pages).toBeGreaterThan(1)
    })
  }

  test('a list that breaks off fails, and never looks complete', { needs: ['cut-before'] }, async (target) => {
    target.simulator.fill(target.subject.manyAccounts)
    const walk = listed(target, () => target.simulator.arm({ kind: 'cut-before', on: 'list', times: 9 }))
    await expect(walk).rejects.toMatchObject({ kind: 'transient' })
  })

  test('every level that can be granted is told, with its name', async (target) => {
    const levels = await target.accounts.discover(never)
    expect(levels.map(({ externalId }) => externalId).sort()).toEqual([...target.simulator.levels].sort())
    expect(levels.every(({ name }) => name !== '')).toBe(true)
  })
}

function remove(simulator: Target['simulator'], ids: readonly string[]): void {
  for (const externalId of ids) simulator.byHand({ act: 'delete', externalId })
}

function sortedCards(account: ListedAccount | ActualAccount | null | undefined): string[] {
  return (account?.cards ?? []).map((card) => JSON.stringify(card)).sort()
}
