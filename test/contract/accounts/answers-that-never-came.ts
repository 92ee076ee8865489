/** An answer that never came says nothing: the order may have been done. Reading and ordering again ends in one account, as ordered. */
import { expect } from 'vitest'
import type { AccountsTest } from '../accounts-test.ts'
import { bringAbout, shutOut } from '../engine.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import type { Target } from '../target.ts'

const person = madeUpPerson(1)
const silences = ['cut-before', 'cut-after', 'hang'] as const

/** Everything that one account can have. */
function everything(target: Target) {
  const [first, second] = target.subject.cards
  const cards = [
    { card: first, state: 'on' },
    { card: second, state: 'blocked' },
  ] as const
  return openAccount(person, { cards, levels: target.simulator.levels.slice(0, 3) })
}

function expectEverything(target: Target): void {
  const [first, second] = target.subject.cards
  expect(target.count(person)).toBe(1)
  expect(target.inside(person)).toMatchObject({ lock: 'open', levels: target.simulator.levels.slice(0, 3) })
  expect([...(target.inside(person)?.cards ?? [])].sort(byNumber)).toEqual(
    [
      { number: target.subject.cardNumber(first), blocked: false },
      { number: target.subject.cardNumber(second), blocked: true },
    ].sort(byNumber),
  )
}

function byNumber(left: { readonly number: string }, right: { readonly number: string }): number {
  return left.number < right.number ? -1 : 1
}

export function answersThatNeverCame(test: AccountsTest): void {
  for (const kind of silences) {
    // Short only where nothing else ends the waiting.
    const options = { needs: [kind], timeoutMs: kind === 'hang' ? 500 : 2000 } as const

    test(
      `a create without an answer (${kind}) says that it may have been done, and ends in exactly one account`,
      options,
      async (target) => {
        target.simulator.arm({ kind, on: 'create' })
        const put = target.put(person, everything(target))
        await expect(put).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
        await bringAbout(target, everything(target))
        expectEverything(target)
      },
    )

    test(
      `a change without an answer (${kind}) says that it may have been done, and ends as ordered`,
      options,
      async (target) => {
        await target.put(person)
        target.simulator.arm({ kind, on: 'change' })
        const put = target.put(person, everything(target))
        await expect(put).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
        await bringAbout(target, everything(target))
        expectEverything(target)
      },
    )

    test(
      `a removal without an answer (${kind}) says that it may have been done, and ends without the account`,
      options,
      async (target) => {
        await target.put(person, everything(target))
        target.simulator.arm({ kind, on: 'remove' })
        await expect(target.remove(person)).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
        await target.remove(person)
        expect(target.count(person)).toBe(0)
      },
    )

    test(`a lock-out without an answer (${kind}) ends shut`, options, async (target) => {
      await target.put(person, everything(target))
      target.simulator.arm({ kind, on: 'change' })
      target.simulator.arm({ kind, on: 'block' })
      await shutOut(target, person)
      expect(target.inside(person)?.lock).toBe('closed')
      expect(target.inside(person)?.cards.map(({ blocked }) => blocked)).toEqual([true, true])
    })

    test(`one lost block (${kind}) is told for that card alone`, options, async (target) => {
      await target.put(person, everything(target))
      target.simulator.arm({ kind, on: 'block' })
      const told = await target.lock(person)
      expect(Object.values(told).filter((outcome) => outcome === 'transient')).toHaveLength(1)
      expect(told).toMatchObject({ lock: 'applied' })
      await shutOut(target, person)
      expect(target.inside(person)?.cards.map(({ blocked }) => blocked)).toEqual([true, true])
    })

    test(`a read without an answer (${kind}) says nothing about the account`, options, async (target) => {
      await target.put(person)
      target.simulator.arm({ kind, on: 'read' })
      await expect(target.read(person)).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: false })
      expect(await target.read(person)).not.toBeNull()
    })
  }

  const faults = [...silences.slice(0, 2), 'late-write', 'server-error', 'session-lost'] as const
  for (const kind of faults) {
    test(`whichever single request of an order meets a fault (${kind}), the end is the same`, {
      needs: [kind],
    }, async (target) => {
      // More than any order here makes; the last rounds meet no fault at all.
      for (let skip = 0; skip < 8; skip++) {
        const arm = () => {
          const where = { on: 'write', skip } as const
          if (kind === 'late-write') target.simulator.arm({ kind, delayMs: 30, ...where })
          else target.simulator.arm({ kind, ...where })
        }
        arm()
        await settled(target, () => bringAbout(target, everything(target)))
        expectEverything(target)
        arm()
        await settled(target, () => shutOut(target, person))
        expect(target.inside(person)?.lock).toBe('closed')
        expect(target.inside(person)?.cards.map(({ blocked }) => blocked)).toEqual([true, true])
        arm()
        await settled(target, () => bringAbout(target, everything(target)))
        expectEverything(target)
        await target.remove(person)
      }
    })
  }
}

/** An order, and the look that the engine takes when nothing can land any more. */
async function settled(target: Target, order: () => Promise<void>): Promise<void> {
  await order()
  target.simulator.disarm()
  await target.simulator.landed()
  await order()
}
