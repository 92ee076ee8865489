import { expect, test } from 'vitest'
import type { PartOutcome } from './contract.ts'
import { ConnectorError } from './errors.ts'
import { allDone, attempt } from './outcomes.ts'

const refused = new ConnectorError({ kind: 'throttled', code: 'x.slow' })
const unanswered = new ConnectorError({ kind: 'transient', code: 'http.timeout', outcomeUnknown: true })
const failing = async (error: Error): Promise<never> => {
  throw error
}
const part = (error: Error): Promise<PartOutcome> => attempt({ kind: 'lock' }, () => failing(error))

test('what all steps gave, in their order', async () => {
  expect(await allDone([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two'])
  const [lock] = await allDone([part(unanswered)])
  expect(lock).toMatchObject({ outcome: 'failed', failure: unanswered })
})

test('the first failure, once every step has ended', async () => {
  let ended = false
  const slow = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
    ended = true
  })
  await expect(allDone([slow, failing(refused), failing(new Error('later'))])).rejects.toBe(refused)
  expect(ended).toBe(true)
})

test('of several failures, one of which nobody knows whether it was carried out', async () => {
  await expect(allDone([failing(refused), failing(unanswered)])).rejects.toBe(unanswered)
  await expect(allDone([failing(refused), part(unanswered)])).rejects.toBe(unanswered)
  await expect(allDone([failing(refused), allDone([part(refused), part(unanswered)])])).rejects.toBe(unanswered)
  await expect(allDone([failing(refused), part(refused)])).rejects.toBe(refused)
})

test('that somebody stops is passed on as it is', async () => {
  const stopped = new DOMException('stopping', 'AbortError')
  await expect(allDone([failing(stopped), part(unanswered)])).rejects.toBe(stopped)
})
