/** The contract of events, as tests: every connector that follows events passes them against its system. */
import { describe, expect, test as vitestTest } from 'vitest'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { EventsFault, EventsProvocation, EventsSubject } from './events-subject.ts'
import { never, type Site, startSite } from './site.ts'

type Body = (site: Site) => Promise<void>

/** Six digits, which turn up nowhere by chance. */
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => String(734_100 + from + n))

export function eventsContract(subject: EventsSubject): void {
  describe(`events of ${subject.name}`, () => {
    const test = (title: string, needs: readonly EventsProvocation[], body: Body) => {
      const reasons = needs.flatMap((need) => subject.impossible[need] ?? [])
      const why = reasons.length === 0 ? '' : ` (not here: ${reasons.join('; ')})`
      vitestTest.skipIf(reasons.length > 0)(`${title}${why}`, async () => {
        await using site = await startSite(subject)
        for (const number of numbers(0, 99)) site.listener.forbid('card', number)
        await body(site)
        expect(site.listener.leaks()).toEqual([])
      })
    }

    test('from now on: nothing of before, and everything since, each once, in order', [], async (site) => {
      site.simulator.tryCards(numbers(0, 3))
      await site.began()
      site.simulator.tryCards(numbers(3, 5))
      await site.followUntil(() => site.cards.length >= 5)
      expect(site.cards).toEqual(numbers(3, 5))
    })

    test('a quiet system is heard, and a cursor comes with that', [], async (site) => {
      await site.followUntil(({ batches }) => batches.filter(({ events }) => events.length === 0).length >= 2)
      expect(site.kept.cursor).not.toBeNull()
      expect(site.kept.events.size).toBe(0)
    })

    test('what happens while it is followed comes by itself, and says who came in', [], async (site) => {
      await site.began()
      const came = { account: '' }
      await site.followUntil(({ events }) => {
        if (came.account === '') {
          const { account, personal } = site.simulator.comeIn()
          for (const text of personal) site.listener.forbid('person', text)
          came.account = account
        }
        return [...events.values()].some((event) => event.account === came.account)
      })
      const event = [...site.kept.events.values()].find(({ account }) => account === came.account)
      expect(event).toMatchObject({ type: 'access.granted', door: { id: expect.any(String) } })
    })

    for (const kind of ['cut-before', 'cut-after'] as const)
      test(
        `a connection that is ${kind === 'cut-before' ? 'cut' : 'cut after the work'} at any request loses nothing`,
        [],
        async (site) => {
          await site.began()
          for (let skip = 0; skip < 12; skip += 1) await goesOn(site, { kind, skip })
          expect(site.cards).toEqual(numbers(0, 24))
          // The engine began again, so the faults did strike.
          expect(site.listener.errors).toBeGreaterThan(2)
        },
      )

    test(
      'what one process was told is told another by the same key, from any cursor that there was',
      [],
      async (site) => {
        await site.began()
        site.simulator.tryCards(numbers(0, 4))
        await site.followUntil(() => site.cards.length >= 4)
        const cursors = new Set(site.kept.batches.map(({ cursor }) => cursor).filter((cursor) => cursor !== undefined))
        site.simulator.tryCards(numbers(4, 1))
        for (const cursor of cursors) {
          site.kept.cursor = cursor
          // Throws where one key stands for two events.
          await site.followUntil(() => site.cards.includes(numbers(4, 1)[0] ?? ''))
        }
        expect(site.cards.toSorted()).toEqual(numbers(0, 5))
      },
    )

    test('what a device kept for days comes as well, with the time of its clock', ['late'], async (site) => {
      await site.began()
      site.simulator.tryCards(numbers(0, 1))
      await site.followUntil(() => site.cards.length >= 1)
      site.simulator.tryCardsLate(numbers(1, 2))
      await site.followUntil(() => site.cards.length >= 3)
      const [, late] = [...site.kept.events.values()].filter(({ cardNumber }) => cardNumber !== null)
      expect(Date.parse(late?.at ?? '')).toBeLessThan(Date.now() - 86_400_000)
    })

    test('what the system tells twice has one key', ['twice'], async (site) => {
      await site.began()
      site.simulator.tellTwice()
      site.simulator.tryCards(numbers(0, 5))
      await site.followUntil(() => site.cards.length >= 5)
      expect(site.cards).toEqual(numbers(0, 5))
    })

    test('a session that ends is renewed unseen', ['session-lost'], async (site) => {
      await site.began()
      site.simulator.endSessions()
      site.simulator.tryCards(numbers(0, 2))
      await site.followUntil(() => site.cards.length >= 2)
    })

    test('giving up ends it at once, with the reason, whatever it waits for', [], async (site) => {
      for (const fault of [null, { kind: 'hang', skip: 0 }, { kind: 'hang', skip: 2 }] as const) {
        if (fault !== null) site.simulator.arm(fault)
        const abort = new AbortController()
        const reason = new Error('another process leads')
        const events = await site.connect()
        const ended = (async () => {
          for await (const _ of events.follow(null, abort.signal))
            if (fault === null) setImmediate(() => abort.abort(reason))
        })().catch((error: unknown) => error)
        if (fault !== null) setTimeout(() => abort.abort(reason), 200)
        const asked = performance.now()
        expect([reason, undefined]).toContain(await ended)
        expect(performance.now() - asked).toBeLessThan(2000)
        site.simulator.disarm()
      }
    })

    test('whoever stops asking is asked nothing more of', [], async (site) => {
      const events = await site.connect()
      for await (const _ of events.follow(null, never)) break
      const before = site.simulator.requests
      site.simulator.tryCards(numbers(0, 1))
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(site.simulator.requests).toBe(before)
    })

    test('a refused login, a wrong certificate and a system that is away are told apart', [], async (site) => {
      expect(await failure(site, 'password')).toMatchObject({ kind: 'unauthenticated' })
      expect(await failure(site, 'certificate')).toMatchObject({ kind: 'unauthenticated', code: 'http.certificate' })
      site.simulator.setDown(true)
      expect(await failure(site)).toMatchObject({ kind: 'transient' })
      site.simulator.setDown(false)
    })
  })
}

/** Two cards are tried, and told whatever the fault hits; then the next round goes on from what was kept. */
async function goesOn(site: Site, fault: EventsFault): Promise<void> {
  const known = site.cards.length
  site.simulator.arm(fault)
  site.simulator.tryCards(numbers(known, 2))
  await site.followUntil(() => site.cards.length >= known + 2)
  site.simulator.disarm()
}

async function failure(site: Site, wrong?: 'password' | 'certificate'): Promise<ConnectorError> {
  const events = await site.connect(wrong)
  try {
    for await (const _ of events.follow(null, never)) break
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
  throw new Error('it did not fail')
}
