/** The contract of people, as tests: every connector that reads people passes them against its source. */
import { describe, expect, test as vitestTest } from 'vitest'
import { cancelledReads } from './people/cancelled-reads.ts'
import { cursors } from './people/cursors.ts'
import { oddCells } from './people/odd-cells.ts'
import { settling } from './people/settling.ts'
import { watching } from './people/watching.ts'
import { wholeReads } from './people/whole-reads.ts'
import { wrongDeliveries } from './people/wrong-deliveries.ts'
import type { PeopleSubject, SourceProvocation } from './people-subject.ts'
import { type Source, startSource } from './source.ts'

type Body = (source: Source) => Promise<void>

/** Declares a test on a source of its own, with an ear on whatever is said; one that the source can't have says why. */
export interface PeopleTest {
  (title: string, body: Body): void
  (title: string, needs: readonly SourceProvocation[], body: Body): void
}

export function peopleContract(subject: PeopleSubject): void {
  describe(`people of ${subject.name}`, () => {
    const test: PeopleTest = (title: string, ...rest: [Body] | [readonly SourceProvocation[], Body]) => {
      const [needs, body] = rest.length === 1 ? [[], rest[0]] : rest
      const reasons = needs.flatMap((need) => subject.impossible[need] ?? [])
      const why = reasons.length === 0 ? '' : ` (not here: ${reasons.join('; ')})`
      vitestTest.skipIf(reasons.length > 0)(`${title}${why}`, async () => {
        await using source = await startSource(subject)
        await body(source)
        expect(source.listener.leaks()).toEqual([])
      })
    }
    describe('whole reads', () => wholeReads(test))
    describe('settling', () => settling(test))
    describe('wrong deliveries', () => wrongDeliveries(test))
    describe('odd cells', () => oddCells(test))
    describe('cancelled reads', () => cancelledReads(test))
    describe('cursors', () => cursors(test))
    describe('watching', () => watching(test))
  })
}
