/** Opens and closes a carrier by its block, which has a reason: only one of ours is lifted. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { Carrier, Put, Writing } from './put.ts'
import { isNotFound, ownFailure } from './soap/errors.ts'

const part = { kind: 'lock' } as const

/** @throws ConnectorError whatever is not a refusal of this part alone. */
export async function closeCarrier({ desired }: Put, carrier: Carrier, writing: Writing, signal: AbortSignal) {
  if (desired.lock === 'open' || carrier.actual?.lock === 'closed') return []
  return told(() => writing.client.blockCarrier(carrier.id, writing.settings.block_reasons.carrier, signal))
}

/**
 * Not where a card is on, or may be, that shall not be (`inTheWay`). What others blocked meanwhile stays so: AEOS keeps one reason, and lifting theirs would leave nothing of it.
 * @throws ConnectorError whatever is not a refusal of this part alone.
 */
export async function openCarrier(
  { desired }: Put,
  carrier: Carrier,
  inTheWay: ConnectorError | null,
  writing: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  if (desired.lock === 'closed' || carrier.actual?.lock !== 'closed') return []
  if (inTheWay !== null) return [{ part, outcome: 'failed', failure: inTheWay }]
  const { client, settings } = writing
  return told(async () => {
    const { Blocked, BlockReason } = await client.states(carrier.id, signal)
    if (!Blocked) return
    // Ours always has one.
    if (BlockReason !== settings.block_reasons.carrier) throw blockedByOthers()
    await client.unblockCarrier(carrier.id, signal)
  })
}

async function told(step: () => Promise<void>): Promise<PartOutcome[]> {
  try {
    await step()
    return [{ part, outcome: 'applied' }]
  } catch (error) {
    const isRefusal = error instanceof ConnectorError && (error.kind === 'rejected' || error.kind === 'conflict')
    if (!isRefusal || isNotFound(error)) throw error
    return [{ part, outcome: 'failed', failure: error }]
  }
}

function blockedByOthers(): ConnectorError {
  const hint = 'Somebody blocked the carrier at AEOS for a reason that is not ours: lift it there if they may come in.'
  return ownFailure('conflict', 'aeos.blocked-by-others', hint)
}
