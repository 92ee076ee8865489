/** Shuts one account out at once: one request for the user and one for each card, side by side, none of which stops another. */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt, combine } from '../../src/connector/outcomes.ts'
import { cardKey } from '../../src/model/card.ts'
import type { Cards } from './cards.ts'
import type { Client } from './client.ts'
import { protectedAccount } from './errors.ts'
import { pastValidity } from './validity.ts'
import { isMissing } from './view.ts'

export type Lock = Extract<AccountChange, { kind: 'lock' }>

/** What of the account can be seen. Both throw ConnectorError where the server does not show us everybody. */
export interface Sight {
  readonly read: () => Promise<ActualAccount | null>
  /** Settles when a user whom the server says it does not know is really not there. */
  readonly provenMissing: () => Promise<'unchanged'>
}

/**
 * Writes nothing but `disabled` and dates, so that it works where a name or the number of levels is refused. An account that we
 * never saw is read first: it might be an operator's. When it can't be read, it is shut all the same, and the lock-out stays open.
 * Of single cards, nothing but their block is written.
 * @throws ConnectorError `rejected` (`biostar2.protected-account`) for an operator's account.
 */
export async function lock(
  change: Lock,
  cards: Cards,
  client: Client,
  sight: Sight,
  signal: AbortSignal,
): Promise<Applied> {
  const { account, failures } = change.known === null ? await look(sight) : { account: change.known, failures: [] }
  if (account?.untouchable) throw protectedAccount()
  // A user that the server does not know is out already.
  if (account === null && failures.length === 0) return { parts: [unchangedLock] }
  if (change.cards !== undefined) {
    const wanted = new Set(change.cards.map(cardKey))
    const held = (account?.cards ?? []).filter(({ card }) => card !== null && wanted.has(cardKey(card)))
    const seen = new Set(held.flatMap(({ card }) => (card === null ? [] : [cardKey(card)])))
    const untold = account?.cards.some(({ card }) => card === null)
      ? change.cards.filter((card) => card.format !== 'CSN' && !seen.has(cardKey(card)))
      : []
    const unseen = untold.map((card) =>
      attempt({ kind: 'card', card }, () => cards.blockUntold(card, change.externalId, signal)),
    )
    const [blocked, others] = await allDone([blockAll(held, cards, signal), allDone(unseen)])
    return { parts: combine([...failures, ...blocked, ...others]) }
  }
  const held = account?.cards ?? []
  const [user, blocked] = await allDone([shut(change, account, client, sight, signal), blockAll(held, cards, signal)])
  const refs = held.flatMap(({ ref }, index) => (blocked[index]?.outcome === 'applied' ? [ref] : []))
  return { parts: combine([...failures, ...user, ...blocked]), blocked: refs }
}

async function look({ read }: Sight): Promise<{ account: ActualAccount | null; failures: PartOutcome[] }> {
  try {
    return { account: await read(), failures: [] }
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    return { account: null, failures: [failed('lock', error)] }
  }
}

async function shut(
  { externalId, at }: Lock,
  account: ActualAccount | null,
  client: Client,
  { provenMissing }: Sight,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const disabled = { disabled: 'true' }
  try {
    await client.updateUser(externalId, { ...disabled, ...pastValidity(account?.validity ?? null, at) }, signal)
    return [applied('lock'), applied('validity')]
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    if (isMissing(error)) return [await attempt({ kind: 'lock' }, provenMissing)]
    if (error.kind !== 'rejected') return [failed('lock', error), failed('validity', error)]
    // Refused dates must not keep the account open.
    const retried = await attempt({ kind: 'lock' }, async () => {
      await client.updateUser(externalId, disabled, signal)
      return 'applied'
    })
    return [retried, failed('validity', error)]
  }
}

/** Outcomes in the order of the cards. */
function blockAll(held: ActualAccount['cards'], cards: Cards, signal: AbortSignal): Promise<PartOutcome[]> {
  const steps = held.map(({ card, ref, state }) =>
    // A card of unknown format has no name as a part: when it can't be blocked, the lock-out as a whole is not done.
    attempt(card === null ? { kind: 'lock' } : { kind: 'card', card }, () =>
      cards.setState(ref, state, 'blocked', signal),
    ),
  )
  return allDone(steps)
}

const unchangedLock: PartOutcome = { part: { kind: 'lock' }, outcome: 'unchanged' }

function applied(kind: 'lock' | 'validity'): PartOutcome {
  return { part: { kind }, outcome: 'applied' }
}

function failed(kind: 'lock' | 'validity', failure: ConnectorError): PartOutcome {
  return { part: { kind }, outcome: 'failed', failure }
}
