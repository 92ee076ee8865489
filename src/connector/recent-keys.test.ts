import { expect, test } from 'vitest'
import { RecentKeys } from './recent-keys.ts'

test('what was told of late is known, and what was told long before is not', () => {
  const keys = new RecentKeys(4)
  const told = (...names: string[]) => names.map((name) => keys.add(name))
  expect(told('a', 'b', 'a', 'b')).toEqual([true, true, false, false])
  expect(told('c', 'd', 'a', 'd')).toEqual([true, true, false, false])
  expect(told('e', 'c', 'd')).toEqual([true, false, false])
  expect(told('a')).toEqual([true])
})
