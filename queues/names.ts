/** Names what the queue store may hold: a queue per target and lane, and a deduplication id that never outlives its purpose. */
import type { Lane } from '../src/model/lane.ts'

/** Urgent first: whoever goes through the lanes in order serves lock-outs first. */
export const lanes = ['urgent', 'bulk'] as const satisfies readonly Lane[]

/** What a stored message holds, all of it. */
export interface WakeUpData {
  readonly target: string
}

/** The longest delay in ms, about 24 days: what the outbox column (a four-byte integer) and a timer hold. */
export const delayMsMax = 2_147_483_647

const targetId = /^[a-z0-9-]{1,32}$/

/** Whether `value` may name a target: lower-case letters, digits and hyphens, 1 to 32 of them. */
export function isTargetId(value: string): boolean {
  return targetId.test(value)
}

/**
 * The queue of one target's lane. The lane ends the name, so that two targets never share a queue.
 * @throws RangeError when `target` is no target id; the value is not repeated, for it may be anything.
 */
export function queueName(target: string, lane: Lane): string {
  if (!isTargetId(target)) throw new RangeError('not a target id: expected 1 to 32 of a-z, 0-9 and hyphen')
  if (!lanes.includes(lane)) throw new RangeError('not a lane: expected urgent or bulk')
  return `gh-${target}-${lane}`
}

export interface Slot {
  /** Wake-ups of one queue with the same id become one message. */
  readonly id: string
  /** How long the message waits, in ms; never shorter than what was asked for. */
  readonly delayMs: number
}

/**
 * Says with which others a wake-up may be merged. All immediate ones share one id. Delayed ones have ids of their own, so that
 * they can't swallow an immediate one, and share it with those due in the same stretch of time, whose end all of them await:
 * a sixteenth of the delay at most (50 ms at least), so that a lane never holds more than some 200 delayed messages, however
 * many accounts back off. A message that fires early would find nothing due and be lost, so only later is allowed.
 * @throws RangeError when `delayMs` is no whole number from 0 to {@link delayMsMax}.
 */
export function slotOf(delayMs: number, nowMs: number): Slot {
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > delayMsMax) {
    throw new RangeError(`delayMs must be a whole number from 0 to ${delayMsMax}`)
  }
  if (delayMs === 0) return { id: 'now', delayMs: 0 }
  const stretchMs = Math.max(50, 2 ** Math.floor(Math.log2(delayMs / 16)))
  const index = Math.ceil((nowMs + delayMs) / stretchMs)
  return { id: `at-${stretchMs}-${index}`, delayMs: index * stretchMs - nowMs }
}
