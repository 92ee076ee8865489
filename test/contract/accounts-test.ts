/** How every test of accounts runs: on a simulator of its own, and with an ear on whatever is said meanwhile. */
import { expect, test } from 'vitest'
import type { AccountsSubject, Provocation } from './accounts-subject.ts'
import { type ConnectOptions, startTarget, type Target } from './target.ts'

export interface AccountsTestOptions extends ConnectOptions {
  readonly needs?: readonly Provocation[]
  readonly testTimeoutMs?: number
}

type Body = (target: Target) => Promise<void>

export interface AccountsTest {
  (title: string, body: Body): void
  (title: string, options: AccountsTestOptions, body: Body): void
}

/** Declares tests for one subject. One that needs what the system can't have is left out, and its title says why. */
export function accountsTest(subject: AccountsSubject): AccountsTest {
  return (title: string, ...rest: [Body] | [AccountsTestOptions, Body]) => {
    const [given, body] = rest.length === 1 ? [{}, rest[0]] : rest
    const { needs = [], testTimeoutMs = 30_000, ...options }: AccountsTestOptions = given
    const reasons = needs.flatMap((need) => subject.impossible[need] ?? [])
    const why = reasons.length === 0 ? '' : ` (not here: ${reasons.join('; ')})`
    test.skipIf(reasons.length > 0)(`${title}${why}`, { timeout: testTimeoutMs }, async () => {
      await using target = await startTarget(subject, options)
      await body(target)
      expect(target.listener.leaks()).toEqual([])
    })
  }
}
