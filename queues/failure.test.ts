import { expect, test } from 'vitest'
import { failureCode, QueueFailure, reportOnce, within } from './failure.ts'

const withCode = (code: string, message: string) => Object.assign(new Error(message), { code })

test.each([
  [withCode('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379'), 'queue.store-unreachable'],
  [withCode('57P01', 'terminating connection due to administrator command'), 'queue.store-unreachable'],
  [new Error('Connection is closed.'), 'queue.store-unreachable'],
  [new Error("Stream isn't writeable and enableOfflineQueue options is false"), 'queue.store-unreachable'],
  [new Error('WRONGPASS invalid username-password pair'), 'queue.store-refused'],
  [withCode('28P01', 'password authentication failed for user "x"'), 'queue.store-refused'],
  [new Error("OOM command not allowed when used memory > 'maxmemory'"), 'queue.store-full'],
  [withCode('53300', 'sorry, too many clients already'), 'queue.store-full'],
  [new Error('could not renew lock for job 7'), 'queue.lock-lost'],
  [new Error('Missing lock for job 7. moveToFinished'), 'queue.lock-lost'],
  [new Error('anything else'), 'queue.store-failed'],
  ['not even an error', 'queue.store-failed'],
])('%s is reported as %s', (error, code) => {
  expect(failureCode(error)).toBe(code)
})

test('a failure that leaves this folder carries nothing but its code', async () => {
  const secret = Object.assign(new Error('row (Ann Example)'), {
    detail: 'Ann Example',
    command: { args: ['pass-word'] },
  })
  const failure = await within(100, Promise.reject(secret)).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(QueueFailure)
  const { name, code, message, stack, ...rest } = failure as QueueFailure
  expect({ name, code, message, stack, rest, cause: (failure as Error).cause }).toEqual({
    name: 'QueueFailure',
    code: 'queue.store-failed',
    message: 'queue.store-failed',
    stack: '',
    rest: {},
    cause: undefined,
  })
})

test('work without an answer is given up after the limit', async () => {
  const started = performance.now()
  await expect(within(50, new Promise(() => undefined))).rejects.toThrow('queue.store-unreachable')
  expect(performance.now() - started).toBeLessThan(500)
})

test('forty workers that see one store go away make one report', () => {
  const codes: string[] = []
  const report = reportOnce((code) => codes.push(code))
  for (let i = 0; i < 40; i++) report(withCode('ECONNREFUSED', 'connect'))
  report(new QueueFailure('queue.pump-failed'))
  expect(codes).toEqual(['queue.store-unreachable', 'queue.pump-failed'])
})
