import { expect, test } from 'vitest'
import { openMemo } from './memo.ts'

test('what was made is made once, until there are too many or the keys are others', () => {
  const vault = { keySet: 'first' }
  const memo = openMemo<number>(vault, 2)
  let made = 0
  const make = () => ++made
  const [a, b, c] = [['a', 1], ['a', 2], ['c']] as const
  expect([memo(a, make), memo(b, make), memo(['a', 1], make), memo(b, make)]).toEqual([1, 2, 1, 2])
  expect([memo(c, make), memo(a, make), memo(c, make)]).toEqual([3, 4, 3])
  vault.keySet = 'second'
  expect([memo(a, make), memo(a, make)]).toEqual([5, 5])
})
