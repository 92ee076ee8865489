import { expect, test } from 'vitest'
import { adviceOn } from './failure.ts'

test('what the engine itself names has an advice of its own, and anything else that of its kind', () => {
  const ofKind = adviceOn({ kind: 'rejected', code: 'aeos.refused' })
  expect(ofKind).toMatch(/^The door system will not take it/)
  for (const code of ['account.kept-by-rule', 'account.still-needed', 'engine.not-removed'])
    expect(adviceOn({ kind: 'rejected', code })).not.toBe(ofKind)
  expect(adviceOn({ kind: 'rejected', code: 'account.kept-by-rule' })).toMatch(/rule of the door system/)
  expect(adviceOn({ kind: 'odd', code: 'constructor' })).toBeNull()
})
