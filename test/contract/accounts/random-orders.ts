/** Orders of any kind in any sequence under any faults: once the engine has read and repeated, the account is as last desired. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { DesiredAccount } from '../../../src/connector/contract.ts'
import { type AccountsSubject, type Fault, shows, type Where } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { bringAbout, shutOut } from '../engine.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import type { Target } from '../target.ts'

type Order =
  | {
      readonly kind: 'put'
      readonly lock: 'open' | 'closed'
      readonly levels: readonly number[]
      readonly cards: readonly (readonly [number, 'on' | 'blocked'])[]
      readonly family: string
    }
  | { readonly kind: 'lock' }

interface Step {
  readonly order: Order
  readonly faults: readonly Fault[]
  /** Whether the engine gets to repeat before the next order overtakes. */
  readonly settles: boolean
}

const faultKinds = [
  'cut-before',
  'cut-after',
  'late-write',
  'slow',
  'server-error',
  'session-lost',
  'throttled',
  'maintenance',
] as const

/** Faults that this system can have, on whatever an order sends. */
function faults({ impossible }: AccountsSubject): fc.Arbitrary<Fault[]> {
  const one = fc
    .record({
      kind: fc.constantFrom(...faultKinds.filter((kind) => impossible[kind] === undefined)),
      on: fc.constantFrom<Where>('create', 'change', 'block', 'write', 'write', 'read'),
      times: fc.integer({ min: 1, max: 2 }),
      skip: fc.integer({ min: 0, max: 2 }),
      delayMs: fc.constantFrom(5, 30, 80),
    })
    .map(({ kind, delayMs, ...where }) => faultOf(kind, where, delayMs))
  return fc.array(one, { maxLength: 2 })
}

function faultOf(
  kind: (typeof faultKinds)[number],
  where: Pick<Fault, 'on' | 'times' | 'skip'>,
  delayMs: number,
): Fault {
  if (kind === 'throttled') return { ...where, kind, retryAfterMs: 1 }
  return kind === 'late-write' || kind === 'slow' ? { ...where, kind, delayMs } : { ...where, kind }
}

const states = fc.constantFrom('on' as const, 'on' as const, 'blocked' as const)

const put: fc.Arbitrary<Order> = fc.record({
  kind: fc.constant('put' as const),
  lock: fc.constantFrom('open' as const, 'open' as const, 'closed' as const),
  levels: fc.subarray([0, 1, 2, 3]),
  cards: fc.subarray([0, 1, 2]).chain((cards) => fc.tuple(...cards.map((card) => fc.tuple(fc.constant(card), states)))),
  family: fc.constantFrom('Quillfeather', 'Thistledown'),
})

const order: fc.Arbitrary<Order> = fc.oneof(
  { weight: 3, arbitrary: put },
  { weight: 2, arbitrary: fc.constant({ kind: 'lock' as const }) },
)

/** Where in the list of levels the one lies that is given by hand before anything of ours, and must be there at the end. */
const foreignLevel = 5

export function randomOrders(test: AccountsTest): void {
  test('puts and lock-outs under random faults end as last desired, with what is foreign untouched', {
    testTimeoutMs: 60_000,
  }, async (target) => {
    let n = 0
    const step: fc.Arbitrary<Step> = fc.record({ order, faults: faults(target.subject), settles: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), fc.boolean(), async (steps, foreign) => {
        n += 1
        await history(target, n, steps, foreign)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  test('many accounts at once under faults end as ordered, each on its own', async (target) => {
    const { simulator, subject } = target
    const people = Array.from({ length: 24 }, (_, n) => {
      const cards = subject.cards.slice(n, n + 1).map((card) => ({ card, state: 'on' as const }))
      return openAccount(madeUpPerson(n), { cards, levels: simulator.levels.slice(n % 5, (n % 5) + 3) })
    })
    for (const round of [bringAbout, (_: Target, { facts }: DesiredAccount) => shutOut(target, facts)]) {
      for (const kind of faultKinds) {
        const where = { on: 'write', skip: 5, times: 4 } as const
        if (subject.impossible[kind] === undefined) simulator.arm(faultOf(kind, where, 40))
      }
      await Promise.all(people.map((desired) => round(target, desired)))
      simulator.disarm()
      await simulator.landed()
      await Promise.all(people.map((desired) => round(target, desired)))
      for (const [n, desired] of people.entries()) {
        const shut = round !== bringAbout
        const cards = subject.cards.slice(n, n + 1).map((card) => ({ number: subject.cardNumber(card), blocked: shut }))
        const lock = shut ? 'closed' : 'open'
        expect(target.inside(desired.facts)).toMatchObject({ lock, levels: desired.levels, cards })
      }
    }
    expect(people.map(({ facts }) => target.count(facts))).toEqual(people.map(() => 1))
  })
}

async function history(target: Target, n: number, steps: readonly Step[], foreign: boolean): Promise<void> {
  const { simulator, accounts, subject } = target
  const person = madeUpPerson(1000 + n)
  const externalId = accounts.identify(person)
  // Cards are few, so the account of the history before gives them back.
  for (const id of simulator.ids())
    if (id === accounts.identify(madeUpPerson(999 + n))) simulator.byHand({ act: 'delete', externalId: id })
  if (foreign) {
    await target.put(person)
    simulator.byHand({ act: 'grant', externalId, level: simulator.levels[foreignLevel] ?? '' })
    simulator.byHand({ act: 'add-card', externalId, number: n })
  }
  const foreignCards = target.inside(person)?.cards ?? []
  let desired: DesiredAccount | null = null
  for (const { order, faults, settles } of steps) {
    for (const one of faults) simulator.arm(one)
    if (order.kind === 'put') desired = desiredBy(target, person, order)
    const wanted = order.kind === 'put' ? desired : null
    const run = () =>
      wanted === null ? shutOut(target, person) : bringAbout(target, wanted, revokedBy(target, wanted))
    if (settles) await run()
    else await once(target, person, wanted)
    simulator.disarm()
  }
  // The engine looks once more when nothing can land any more.
  await simulator.landed()
  const last = steps.at(-1)?.order
  if (last?.kind === 'put' && desired !== null) {
    await bringAbout(target, desired, revokedBy(target, desired))
    const seen = target.inside(desired.facts)
    expect(seen?.lock).toBe(desired.lock)
    const levels = [...desired.levels, ...(foreign ? [simulator.levels[foreignLevel] ?? ''] : [])]
    expect([...(seen?.levels ?? [])].sort()).toEqual(levels.sort())
    const ours = desired.cards.map(({ card, state }) => ({
      number: subject.cardNumber(card),
      blocked: state === 'blocked',
    }))
    const others = seen?.cards.filter(({ number }) => foreignCards.some((card) => card.number === number)) ?? []
    expect(others).toHaveLength(foreignCards.length)
    expect([...(seen?.cards ?? [])].filter((card) => !others.includes(card)).sort(byNumber)).toEqual(
      ours.sort(byNumber),
    )
    expect(shows((await target.read(desired.facts))?.profile ?? {}, accounts.render(desired.facts))).toBe(true)
  } else {
    await shutOut(target, person)
    const seen = target.inside(person)
    if (seen !== null) expect(seen.lock).toBe('closed')
    expect(seen?.cards.every(({ blocked }) => blocked) ?? true).toBe(true)
    expect(foreignCards.every(({ number }) => seen?.cards.some((card) => card.number === number))).toBe(true)
  }
  expect(target.count(person)).toBeLessThanOrEqual(1)
}

/** One order without any second look, as when the next one overtakes it; whatever comes of it is looked at later. */
async function once(target: Target, facts: DesiredAccount['facts'], desired: DesiredAccount | null): Promise<void> {
  const run = async () => {
    if (desired === null) await target.lock(facts)
    else await target.put(desired.facts, desired, revokedBy(target, desired))
  }
  await run().catch(() => undefined)
}

function desiredBy(
  target: Target,
  person: DesiredAccount['facts'],
  order: Extract<Order, { kind: 'put' }>,
): DesiredAccount {
  const cards = order.cards.map(([at, state]) => ({ card: target.subject.cards[at] ?? target.subject.cards[0], state }))
  const levels = order.levels.map((at) => target.simulator.levels[at] ?? '')
  return openAccount({ ...person, familyName: order.family }, { lock: order.lock, cards, levels })
}

/** Everything that an order of ours may have given and this one does not want. */
function revokedBy(target: Target, desired: DesiredAccount) {
  const wanted = new Set(desired.cards.map(({ card }) => card))
  return {
    levels: target.simulator.levels.slice(0, 4).filter((level) => !desired.levels.includes(level)),
    cards: target.subject.cards.slice(0, 3).filter((card) => !wanted.has(card)),
  }
}

function byNumber(left: { readonly number: string }, right: { readonly number: string }): number {
  return left.number < right.number ? -1 : 1
}
