import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cardKey, h10301 } from '../../model/card.ts'
import type { DriftChoice } from '../../model/drift.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from '../fixtures/hr-file.fixture.ts'
import type { TargetUser } from '../fixtures/memory-target.fixture.ts'
import { sweepIfDue } from './sweep-target.ts'

const engine = useEngine()

const people = 12
const row = (who: number, more: Partial<HrRow> = {}) => hrRow(who, { card: `${100 + who}`, ...more })
const many = (more: Partial<HrRow> = {}) => Array.from({ length: people }, (_, who) => row(who, more))
const own = (who: number) => cardKey(h10301(7, 100 + who))
const strange = (who: number) => h10301(9, 200 + who)

/** What a user comes to, in words that a door would understand. */
interface Shown {
  lock: string
  vault: boolean
  lab: boolean
  card: 'on' | 'blocked' | 'none'
  strange: boolean
}
const asDesired: Shown = { lock: 'open', vault: false, lab: true, card: 'on', strange: false }

const hands = {
  level_added: { by: (of: TargetUser) => of.levels.add('id of Vault'), is: { vault: true } },
  level_removed: { by: (of: TargetUser) => of.levels.delete('id of Lab'), is: { lab: false } },
  blocked: { by: (of: TargetUser) => Object.assign(of, { lock: 'closed' }), is: { lock: 'closed' } },
  card_added: {
    by: (of: TargetUser, who: number) => of.cards.set(cardKey(strange(who)), { card: strange(who), state: 'on' }),
    is: { strange: true },
  },
  card_removed: { by: (of: TargetUser, who: number) => of.cards.delete(own(who)), is: { card: 'none' } },
} as const
type Hand = keyof typeof hands
/** What any write of the account mends, whatever was only reported. */
const mendedByWrites: readonly Hand[] = ['level_removed', 'card_removed']

const choice = fc.constantFrom<DriftChoice>('report', 'revert', 'accept')
const policies = fc.record({
  ...{ level_added: choice, level_removed: choice, blocked: choice },
  ...{ card_added: choice, card_removed: choice },
})
/** Few enough for the brake, and for a target that did not forget. */
const changes = fc.array(fc.subarray(Object.keys(hands) as Hand[]), { minLength: 4, maxLength: 4 })

function shown(bench: Bench, who: number): Shown {
  const of = bench.target.users.get(`n${who}`) as TargetUser
  return {
    lock: of.lock,
    vault: of.levels.has('id of Vault'),
    lab: of.levels.has('id of Lab'),
    card: of.cards.get(own(who))?.state ?? 'none',
    strange: of.cards.has(cardKey(strange(who))),
  }
}

test('whatever is changed by hand, and whatever the configuration says: it ends as that says, before and after the next write', async () => {
  await fc.assert(
    fc.asyncProperty(policies, changes, async (chosen, made) => {
      const bench = await engine.begin()
      Object.assign(bench.setup, { drift: { ...bench.setup.drift, ...chosen }, authoritative: ['Vault'] })
      await bench.deliver(many())
      await bench.rest()
      for (const [who, kinds] of made.entries())
        for (const kind of kinds) hands[kind].by(bench.target.users.get(`n${who}`) as TargetUser, who)
      const sweep = async () => {
        await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
        await bench.rest()
      }
      const expected = (left: (kind: Hand) => boolean) =>
        made.map((kinds): Shown => Object.assign({ ...asDesired }, ...kinds.filter(left).map((kind) => hands[kind].is)))
      const all = () => made.map((_, who) => shown(bench, who))
      // The worker mends with a revert what any write mends as well.
      const isWritten = made.map((kinds) => kinds.some((kind) => chosen[kind] === 'revert'))
      const mended = (who: number) => (kind: Hand) =>
        chosen[kind] === 'revert' ||
        (isWritten[who] === true && chosen[kind] === 'report' && mendedByWrites.includes(kind))
      await sweep()
      await sweep()
      expect(all()).toEqual(made.map((_, who) => expected((kind) => !mended(who)(kind))[who]))
      // Nobody else was touched, and what is accepted is no news.
      for (let who = made.length; who < people; who++) expect(shown(bench, who)).toEqual(asDesired)
      await bench.deliver(many().map((each, who) => (who < made.length ? { ...each, family: 'Other' } : each)))
      await bench.rest()
      await sweep()
      const stays = (kind: Hand) =>
        chosen[kind] === 'accept' || (chosen[kind] === 'report' && !mendedByWrites.includes(kind))
      expect(all()).toEqual(expected(stays))
      const left = await bench.rows<{ accepted: boolean }>('select accepted_at is not null as accepted from drift')
      const count = (of: DriftChoice) => made.flat().filter((kind) => stays(kind) && chosen[kind] === of).length
      expect([left.filter(({ accepted }) => accepted).length, left.filter(({ accepted }) => !accepted).length]).toEqual(
        [count('accept'), count('report')],
      )
    }),
    { numRuns: 6 },
  )
}, 120_000)
