/** Shuts one account out at once: one request for the user and one for each card, side by side, none of which stops another. */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { Cards } from './cards.ts'
import type { Client } from './client.ts'
import { pastValidity } from './mapping.ts'
import { allDone, attempt, combine } from './parts.ts'

export type Lock = Extract<AccountChange, { kind: 'lock' }>
type ActualCards = ActualAccount['cards']

/**
 * Writes nothing but `disabled` and dates, so that it works where a name or the number of levels is refused. Without `known` the
 * cards are read while the user is being disabled. A user that the server does not know is out already.
 */
export async function lock(
  change: Lock,
  cards: Cards,
  client: Client,
  readCards: () => Promise<ActualCards | null>,
  signal: AbortSignal,
): Promise<Applied> {
  const [user, blocked] = await allDone([
    shut(change, client, signal),
    blockAll(change.known?.cards ?? null, readCards, cards, signal),
  ])
  return { parts: combine([...user, ...blocked]) }
}

async function shut({ externalId, known, at }: Lock, client: Client, signal: AbortSignal): Promise<PartOutcome[]> {
  const disabled = { disabled: 'true' }
  try {
    await client.updateUser(externalId, { ...disabled, ...pastValidity(known?.validity ?? null, at) }, signal)
    return [applied('lock'), applied('validity')]
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    if (error.code === 'biostar2.user-not-found') return [{ part: { kind: 'lock' }, outcome: 'unchanged' }]
    if (error.kind !== 'rejected') return [failed('lock', error), failed('validity', error)]
    // Refused dates must not keep the account open.
    const retried = await attempt({ kind: 'lock' }, async () => {
      await client.updateUser(externalId, disabled, signal)
      return 'applied'
    })
    return [retried, failed('validity', error)]
  }
}

async function blockAll(
  known: ActualCards | null,
  readCards: () => Promise<ActualCards | null>,
  cards: Cards,
  signal: AbortSignal,
) {
  const read: { cards: ActualCards; outcomes: PartOutcome[] } = { cards: known ?? [], outcomes: [] }
  if (known === null) {
    read.outcomes.push(
      await attempt({ kind: 'lock' }, async () => {
        read.cards = (await readCards()) ?? []
        return 'unchanged'
      }),
    )
  }
  const blocked = read.cards.map(({ card, ref, state }) =>
    // A card of unknown format has no name as a part: when it can't be blocked, the lock-out as a whole is not done.
    attempt(card === null ? { kind: 'lock' } : { kind: 'card', card }, () =>
      cards.setState(ref, state, 'blocked', signal),
    ),
  )
  return [...read.outcomes, ...(await allDone(blocked))]
}

function applied(kind: 'lock' | 'validity'): PartOutcome {
  return { part: { kind }, outcome: 'applied' }
}

function failed(kind: 'lock' | 'validity', failure: ConnectorError): PartOutcome {
  return { part: { kind }, outcome: 'failed', failure }
}
