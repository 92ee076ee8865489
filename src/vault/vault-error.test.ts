import { expect, test } from 'vitest'
import { unlessRowFault, VaultError } from './vault-error.ts'

test('what a wrong row keeps from being read is null; a keyring that can not be read is no such answer', () => {
  const failing = (error: Error) => () => {
    throw error
  }
  expect(unlessRowFault(() => 'read')).toBe('read')
  expect(unlessRowFault(failing(new VaultError('vault.open-failed')))).toBeNull()
  for (const error of [new VaultError('vault.keyring-damaged'), new TypeError('a bug')])
    expect(() => unlessRowFault(failing(error))).toThrow(error)
})
