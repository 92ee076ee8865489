/** What the engine does with an order, in short: read, order, read back; after an answer that never came, wait and do it once more. */
import type { DesiredAccount } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import { isShut, openParts } from '../../src/sync/reconcile/compare.ts'
import { never, type Revoke, type Target } from './target.ts'

/** More than any test arms faults. */
const roundsMax = 12

/** Whether an order came to its end with an answer; without one, it may still be carried out. */
type Answer = 'answered' | 'unknown'

/** Brings an open or closed account about, and proves it by reading. */
export async function bringAbout(target: Target, desired: DesiredAccount, revoke: Revoke = {}): Promise<void> {
  const { facts } = desired
  const expectation = {
    desired,
    profile: target.accounts.render(facts),
    revoke: { levels: revoke.levels ?? [], cards: revoke.cards ?? [] },
    unblock: [],
  }
  await repeat(target, async () => {
    const actual = await target.read(facts)
    if (actual !== null && openParts(expectation, actual, new Date()).length === 0) return 'done'
    const externalId = target.accounts.identify(facts)
    const { parts } = await target.accounts.apply(
      { kind: 'put', externalId, desired, actual, revoke: expectation.revoke, lift: target.subject.cards },
      never,
    )
    return parts.some(({ failure }) => failure?.outcomeUnknown) ? 'unknown' : 'answered'
  })
}

/** Shuts an account out, and proves it by reading. */
export async function shutOut(target: Target, facts: PersonFacts): Promise<void> {
  const externalId = target.accounts.identify(facts)
  let proven = false
  await repeat(target, async () => {
    const actual = await target.read(facts)
    if (proven && (actual === null || isShut(actual))) return 'done'
    proven = true
    const { parts } = await target.accounts.apply({ kind: 'lock', externalId, known: actual, at: new Date() }, never)
    return parts.some(({ failure }) => failure?.outcomeUnknown) ? 'unknown' : 'answered'
  })
}

/** Repeats a round until it finds nothing more to do, and after silence once more when nothing can land any more. */
async function repeat(target: Target, round: () => Promise<Answer | 'done'>): Promise<void> {
  let silence = false
  for (let rounds = 0; rounds < roundsMax; rounds++) {
    const answer = await attempt(round)
    if (answer === 'unknown') silence = true
    if (answer !== 'done') continue
    if (!silence) return
    await target.simulator.landed()
    silence = false
  }
  throw new Error('the order did not come to its end')
}

async function attempt(round: () => Promise<Answer | 'done'>): Promise<Answer | 'done'> {
  try {
    return await round()
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    if (error.kind === 'throttled') await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs))
    return error.outcomeUnknown ? 'unknown' : 'answered'
  }
}
