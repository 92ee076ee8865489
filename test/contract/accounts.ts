/** The contract of accounts, as tests: every connector that writes accounts passes them against its simulator. */
import { describe } from 'vitest'
import { answersThatNeverCame } from './accounts/answers-that-never-came.ts'
import { cancelling } from './accounts/cancelling.ts'
import { everyFailure } from './accounts/every-failure.ts'
import { killed } from './accounts/killed.ts'
import { lateWrites } from './accounts/late-writes.ts'
import { leavers } from './accounts/leavers.ts'
import { listing } from './accounts/listing.ts'
import { lockouts } from './accounts/lock-outs.ts'
import { oddNamesInAccounts } from './accounts/odd-names.ts'
import { photos } from './accounts/photos.ts'
import { randomOrders } from './accounts/random-orders.ts'
import { refusedParts } from './accounts/refused-parts.ts'
import { repeatedOrders } from './accounts/repeated-orders.ts'
import { sessions } from './accounts/sessions.ts'
import { silence } from './accounts/silence.ts'
import { whatIsNotOurs } from './accounts/what-is-not-ours.ts'
import type { AccountsSubject } from './accounts-subject.ts'
import { accountsTest } from './accounts-test.ts'

export function accountsContract(subject: AccountsSubject): void {
  describe(`accounts of ${subject.name}`, () => {
    const test = accountsTest(subject)
    describe('repeated orders', () => repeatedOrders(test))
    describe('refused parts', () => refusedParts(test))
    describe('answers that never came', () => answersThatNeverCame(test))
    describe('late writes', () => lateWrites(test))
    describe('killed', () => killed(test))
    describe('lock-outs', () => lockouts(test))
    describe('leavers', () => leavers(test))
    describe('what is not ours', () => whatIsNotOurs(test))
    describe('odd names', () => oddNamesInAccounts(test))
    describe('photos', () => photos(test))
    describe('listing', () => listing(test))
    describe('sessions', () => sessions(test))
    describe('every failure', () => everyFailure(test))
    describe('cancelling', () => cancelling(test))
    describe('silence', () => silence(test))
    describe('random orders', () => randomOrders(test))
  })
}
