/** No secret and nothing about a person is in any error or log line, not even when the system itself quotes it back to us. */
import { expect } from 'vitest'
import type { Where } from '../accounts-subject.ts'
import type { AccountsTest } from '../accounts-test.ts'
import { madeUpPerson, openAccount } from '../made-up.ts'
import { never } from '../target.ts'

const person = madeUpPerson(1)

export function silence(test: AccountsTest): void {
  // Every test of this suite listens; here the system does its worst to be quoted.
  test('what the system quotes of a person, a card or a password is not passed on', {
    needs: ['server-error'],
  }, async (target) => {
    const { subject, simulator, accounts, listener } = target
    const [card] = subject.cards
    const pin = '837264'
    const says = [Object.values(person).join(' '), subject.cardNumber(card), pin, ...simulator.secrets].join('; ')
    const externalId = accounts.identify(person)
    const cards = [{ card, state: 'on' as const }]
    const desired = openAccount(person, { cards, levels: simulator.levels.slice(0, 1), pin })
    const revoke = { levels: [], cards: [] }
    await target.put(person, { cards })
    const actual = await target.read(person)
    const attempts: readonly (readonly [Where, () => Promise<unknown>])[] = [
      ['create', () => accounts.apply({ kind: 'put', externalId: '4100077', desired, actual: null, revoke }, never)],
      ['change', () => accounts.apply({ kind: 'put', externalId, desired, actual, revoke }, never)],
      ['block', () => accounts.apply({ kind: 'lock', externalId, known: actual, at: new Date() }, never)],
      ['change', () => accounts.apply({ kind: 'lock', externalId, known: null, at: new Date() }, never)],
      ['remove', () => accounts.apply({ kind: 'remove', externalId }, never)],
      ['read', () => accounts.read(externalId, never)],
      ['list', () => Array.fromAsync(accounts.list(never))],
      ['discover', () => accounts.discover(never)],
    ]
    for (const [on, attempt] of attempts) {
      const { errors } = listener
      simulator.arm({ kind: 'server-error', on, says })
      await attempt().catch(() => undefined)
      simulator.disarm()
      expect(listener.errors, on).toBeGreaterThan(errors)
    }
    expect(listener.leaks()).toEqual([])
  })

  test('what is refused before any call names no value', async (target) => {
    const { subject, accounts, listener } = target
    for (const employeeNumber of subject.refusedNumbers) {
      expect(() => accounts.identify({ ...person, employeeNumber })).toThrow(
        expect.objectContaining({ kind: 'rejected' }),
      )
    }
    expect(listener.errors).toBe(subject.refusedNumbers.length)
  })

  test('settings that are wrong are told without their secrets', async ({ subject, simulator }) => {
    const settings = { ...(simulator.settings() as Record<string, unknown>), unheard_of: true }
    const parsed = subject.connector.settings.safeParse(settings)
    expect(parsed.success).toBe(false)
    for (const secret of simulator.secrets) expect(JSON.stringify(parsed.error?.issues)).not.toContain(secret)
  })
}
