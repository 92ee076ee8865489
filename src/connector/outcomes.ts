/** How connectors put together what became of each part, and wait for several steps at once. */
import type { PartRef } from '../model/account.ts'
import { cardKey } from '../model/card.ts'
import type { AccountChange, PartOutcome } from './contract.ts'
import { ConnectorError } from './errors.ts'

const weight = { unchanged: 0, applied: 1, failed: 2 } as const

/** One outcome per part: where several speak of the same part, a failure outweighs success, and that outweighs no change. */
export function combine(outcomes: readonly PartOutcome[]): PartOutcome[] {
  const byPart = new Map<string, PartOutcome>()
  for (const outcome of outcomes) {
    const key = partKey(outcome.part)
    const before = byPart.get(key)
    if (before === undefined || weight[before.outcome] < weight[outcome.outcome]) byPart.set(key, outcome)
  }
  return [...byPart.values()]
}

/** Every part of the order as `unchanged`, which any other outcome outweighs. */
export function unchanged({ desired, revoke }: Extract<AccountChange, { kind: 'put' }>): PartOutcome[] {
  const parts: PartRef[] = [
    { kind: 'lock' },
    { kind: 'validity' },
    { kind: 'profile' },
    ...(desired.pin === undefined ? [] : [{ kind: 'pin' as const }]),
    ...(desired.photo === undefined ? [] : [{ kind: 'photo' as const }]),
    ...[...desired.cards.map(({ card }) => card), ...revoke.cards].map((card) => ({ kind: 'card' as const, card })),
    ...[...desired.levels, ...revoke.levels].map((level) => ({ kind: 'level' as const, level })),
  ]
  return parts.map((part) => ({ part, outcome: 'unchanged' }))
}

function partKey(part: PartRef): string {
  if (part.kind === 'card') return `card:${cardKey(part.card)}`
  return part.kind === 'level' ? `level:${part.level}` : part.kind
}

/** Runs one step for one part; its failure becomes the outcome of that part. Cancelling is passed on. */
export async function attempt(part: PartRef, step: () => Promise<'applied' | 'unchanged'>): Promise<PartOutcome> {
  try {
    return { part, outcome: await step() }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return { part, outcome: 'failed', failure: error }
  }
}

/**
 * Waits for all steps, also when one fails, so that nothing goes on unseen; then throws the first failure. Of a part beside it nobody is told
 * any more: where nobody knows whether that was carried out, its failure is the one that is thrown, so that it is looked at once more.
 */
export async function allDone<const T extends readonly Promise<unknown>[]>(steps: T) {
  const ended = await Promise.allSettled(steps)
  const first = ended.find(({ status }) => status === 'rejected')
  if (first?.status === 'rejected' && first.reason instanceof ConnectorError) {
    const unknown = ended.map((each) => unknownIn(each.status === 'rejected' ? each.reason : each.value))
    throw unknown.find((failure) => failure !== undefined) ?? first.reason
  }
  return Promise.all(steps)
}

/** The first failure of which nobody knows whether it was carried out, of a step or of the parts that it tells of. */
function unknownIn(ended: unknown): ConnectorError | undefined {
  if (Array.isArray(ended)) return ended.map(unknownIn).find((failure) => failure !== undefined)
  if (ended instanceof ConnectorError) return ended.outcomeUnknown ? ended : undefined
  return typeof ended === 'object' && ended !== null && 'failure' in ended ? unknownIn(ended.failure) : undefined
}
