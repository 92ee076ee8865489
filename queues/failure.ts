/** Turns whatever a queue store throws into a fixed code: no address, command, argument or row ever leaves this file. */

/** Every code that this folder reports, with what it means for an operator. */
export const queueFailures = {
  'queue.store-unreachable':
    'The queue store does not answer; wake-ups stay in the outbox and are sent when it is back.',
  'queue.store-refused': 'The queue store refused the login or a command; check user, password and access rules.',
  'queue.store-full': 'The queue store takes no more writes: memory, disk or connections are used up.',
  'queue.store-failed': 'The queue store answered with an error.',
  'queue.lock-lost':
    'A lane was looked at for so long without contact to the store that another worker may have begun too.',
  'queue.pump-failed': 'Looking at a lane ended with an error; it is looked at again in a second.',
  'queue.close-timed-out': 'Work was still running when a consumer had to end; it was told to stop.',
  'queue.outbox-failed': 'The outbox could not be drained; its rows stay and it is tried again.',
  'queue.outbox-row-refused': 'An outbox row named no target or delay that can exist; it was dropped.',
} as const

export type QueueFailureCode = keyof typeof queueFailures

/** An error that says only its code: safe in a log, in the queue store and in its event stream. */
export class QueueFailure extends Error {
  override readonly name = 'QueueFailure'
  readonly code: QueueFailureCode

  constructor(code: QueueFailureCode) {
    super(code)
    this.code = code
    // BullMQ stores the stack of a failed job, and a stack tells paths.
    this.stack = ''
  }
}

// By error code (Node, PostgreSQL SQLSTATE) or by the first word of a Redis error (https://redis.io/docs/latest/develop/reference/protocol-spec/).
const codeByWord: Readonly<Record<string, QueueFailureCode>> = {
  NOAUTH: 'queue.store-refused',
  WRONGPASS: 'queue.store-refused',
  NOPERM: 'queue.store-refused',
  '28000': 'queue.store-refused',
  '28P01': 'queue.store-refused',
  '42501': 'queue.store-refused',
  OOM: 'queue.store-full',
  MISCONF: 'queue.store-full',
  '53100': 'queue.store-full',
  '53200': 'queue.store-full',
  '53300': 'queue.store-full',
  LOADING: 'queue.store-unreachable',
  MASTERDOWN: 'queue.store-unreachable',
  READONLY: 'queue.store-unreachable',
  ECONNREFUSED: 'queue.store-unreachable',
  ECONNRESET: 'queue.store-unreachable',
  ENOENT: 'queue.store-unreachable',
  ENOTFOUND: 'queue.store-unreachable',
  EAI_AGAIN: 'queue.store-unreachable',
  EHOSTUNREACH: 'queue.store-unreachable',
  EPIPE: 'queue.store-unreachable',
  ETIMEDOUT: 'queue.store-unreachable',
  '57P01': 'queue.store-unreachable',
  '57P02': 'queue.store-unreachable',
  '57P03': 'queue.store-unreachable',
}

// The drivers give these no code, only words.
const unreachable = /closed|terminated|timeout|timed out|Stream isn't writeable|not queryable/i

/** The code for an error of ioredis, pg or BullMQ. */
export function failureCode(error: unknown): QueueFailureCode {
  if (error instanceof QueueFailure) return error.code
  if (!(error instanceof Error)) return 'queue.store-failed'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const firstWord = error.message.split(' ', 1)[0] ?? ''
  const known = codeByWord[code] ?? codeByWord[firstWord]
  if (known !== undefined) return known
  if (/lock for job|renew lock|not in the active|Missing (key|lock)/i.test(error.message)) return 'queue.lock-lost'
  return unreachable.test(error.message) ? 'queue.store-unreachable' : 'queue.store-failed'
}

/** Passes each code on at once, then holds the same code back for `quietMs`: forty workers see one store go away. */
export function reportOnce(onError: (code: string) => void, quietMs = 10_000): (error: unknown) => void {
  const quietUntil = new Map<QueueFailureCode, number>()
  return (error) => {
    const code = failureCode(error)
    const now = performance.now()
    if (now < (quietUntil.get(code) ?? 0)) return
    quietUntil.set(code, now + quietMs)
    onError(code)
  }
}

/**
 * Waits for `work`, at most `limitMs`.
 * @throws QueueFailure `queue.store-unreachable` when the limit passes, else with the code of what `work` threw.
 */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new QueueFailure('queue.store-unreachable')), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } catch (error) {
    throw error instanceof RangeError ? error : new QueueFailure(failureCode(error))
  } finally {
    clearTimeout(timer)
  }
}
