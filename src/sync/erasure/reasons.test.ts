import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { openAuditPage } from '../../audit/page.ts'
import { h10301 } from '../../model/card.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { inTransaction } from '../../store/transaction.ts'
import { clearByHand } from '../alarms/clear-alarm.ts'
import { issueCard, loseCard, resumeCard, returnCard, suspendCard } from '../cards.ts'
import { sweepIfDue } from '../drift/sweep-target.ts'
import { acceptByHand, revertByHand, withdrawByHand } from '../drift/take-side.ts'
import { discardByHand, retryFailure, signOffByHand } from '../failures.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { addGrant, revokeGrant } from '../grants.ts'
import { linkByHand } from '../match/adopt.ts'
import { existing, match } from '../match/match.fixture.ts'
import { lockPerson, unlockPerson } from '../operator.ts'
import { issuePin } from '../pins.ts'
import { protectPerson, unprotectPerson } from '../protect.ts'
import { thawPerson } from '../thaw/thaw-person.ts'
import { continueErasures } from './continue.ts'
import { erasePerson } from './erase.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([hrRow(1, { card: '101' }), hrRow(2)])
  await bench.rest()
  person = await bench.personOf('n1')
})

const { signal } = new AbortController()
/** What an operator should never write, and will. */
const reason = 'Ada Test asked for it'
const card = { card: h10301(7, 101), person: null }
const refuse = () => {
  bench.target.fault = ({ verb }) => (verb === 'lock' || verb === 'put' ? { is: 'failure', kind: 'rejected' } : null)
}
const account = async () =>
  (await bench.rows<{ id: AccountId }>('select id from account where person_id = $1', [person]))[0]?.id as AccountId
const by = () => ({ subject: bench.operator, isAdmin: false, reason, brakes: bench.brakes })

/** Each act that somebody gives a reason for and that is about one person, and the actions that it is in the trail as. */
const acts: Readonly<Record<string, readonly [actions: readonly string[], act: () => Promise<unknown>]>> = {
  'person lock and unlock': [
    ['person.locked', 'person.unlocked'],
    async () => {
      await lockPerson(bench.context, person, bench.operator, reason)
      await unlockPerson(bench.context, person, bench.operator, reason, 1)
    },
  ],
  'person protect and unprotect': [
    ['person.protected', 'person.unprotected'],
    async () => {
      await protectPerson(bench.context, person, by())
      await unprotectPerson(bench.context, person, by())
    },
  ],
  'all that is done to a card': [
    ['credential.blocked', 'credential.unblocked', 'credential.blocked', 'credential.returned', 'credential.issued'],
    async () => {
      for (const act of [suspendCard, resumeCard, loseCard, returnCard])
        await act(bench.context, card, bench.operator, reason)
      await issueCard(bench.context, person, card.card, bench.operator, reason)
    },
  ],
  'pin issue': [['pin.issued'], () => issuePin(bench.context, person, bench.operator, { target: null, reason })],
  'grant add and revoke': [
    ['grant.given', 'grant.revoked'],
    async () => {
      const asked = { level: 'doors/Vault', until: null, reason }
      const grant = await addGrant(bench.context, person, bench.operator, asked)
      await revokeGrant(bench.context, grant, bench.operator, reason)
    },
  ],
  thaw: [
    ['person.thawed'],
    async () => {
      await engine.tamper('update person set protected = true where id = $1', [person])
      await thawPerson(bench.context, person, bench.operator, reason)
    },
  ],
  'failures retry and discard': [
    ['account.retried', 'account.discarded'],
    async () => {
      refuse()
      await bench.deliver([hrRow(1, { card: '101', family: 'Other' }), hrRow(2)])
      await bench.work()
      await retryFailure(bench.context, await account(), bench.operator, reason)
      await bench.work()
      await discardByHand(bench.context, await account(), bench.operator, reason)
    },
  ],
  'a lock-out that is signed off': [
    ['lockout.signed-off'],
    async () => {
      refuse()
      const [lockout] = await lockPerson(bench.context, person, bench.operator, '')
      await bench.work()
      await signOffByHand(bench.context, lockout as string, bench.operator, reason)
    },
  ],
  'an alarm about a row of theirs': [
    ['alarm.cleared', 'alarm.cleared'],
    async () => {
      for (const scope of [person, await account()]) {
        await inTransaction(bench.context.database.pool, (client) =>
          raiseAlarm(client, bench.context.vault, 'guard.failed', scope),
        )
        await clearByHand(bench.context, 'guard.failed', scope, bench.operator, reason)
      }
    },
  ],
  'drift that is accepted, withdrawn and undone by hand': [
    ['drift.accepted', 'drift.withdrawn', 'drift.reverted'],
    async () => {
      bench.target.users.get('n1')?.cards.clear()
      await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, signal)
      for (const decide of [acceptByHand, withdrawByHand, revertByHand])
        await decide(bench.context, 'doors', { class: 'card-removed' }, by())
    },
  ],
  'an account that is linked by hand': [
    ['account.linked'],
    async () => {
      bench.target.users.set('x9', existing({ name: 'Somebody' }))
      await match(bench)
      await linkByHand(bench.context, 'doors', 'x9', person, bench.operator, reason, bench.brakes)
    },
  ],
}

const trail = async () => {
  const { pool } = bench.context.database
  await appendOnce(pool, bench.context.vault)
  return openAuditPage(pool, bench.context.vault, 0, 2000)
}
const reasoned = async () =>
  (await trail()).filter(({ details }) => JSON.stringify(details).includes('Ada Test')).map(({ action }) => action)

describe('a reason that somebody gave', () => {
  test.each(Object.entries(acts))(
    'for %s is read by an operator, until the person is erased',
    async (_name, [actions, act]) => {
      await act()
      expect(await reasoned()).toEqual(actions)
      bench.target.fault = () => null
      await erasePerson(bench.context, person, bench.operator, 'by law')
      for (let round = 0; round < 3; round++) {
        await continueErasures(bench.context)
        await bench.rest()
      }
      expect(await bench.rows('select 1 from person where id = $1', [person])).toEqual([])
      expect(await reasoned()).toEqual([])
      // That it was done, and by whom, is told as before.
      const told = (await trail()).filter(({ actor, details }) => actor === bench.operator && details === null)
      expect(told.map(({ action }) => action)).toEqual(expect.arrayContaining([...actions]))
    },
  )
})
