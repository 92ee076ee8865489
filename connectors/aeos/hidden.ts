/** Tells a carrier that is hidden from our user from one that is gone: a badge that was seen on it is still its own. */
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { badgeRef, isSameBadge } from './badges.ts'
import type { Carrier, Locking } from './lock.ts'
import type { BadgeKey, Client } from './soap/client.ts'
import { hiddenCarrier } from './soap/errors.ts'
import { walk } from './soap/pages.ts'

/** For a carrier that is not found. Null when no badge that was seen on it is still its own; else why it can't be held gone. */
export async function whatHides(
  { id, badges }: Carrier,
  { client }: Pick<Locking, 'client'>,
  signal: AbortSignal,
): Promise<ConnectorError | null> {
  try {
    const owners = await allDone((badges ?? []).map(({ key }) => ownerOf(key, client, signal)))
    return owners.includes(id) ? hiddenCarrier() : null
  } catch (failure) {
    if (!(failure instanceof ConnectorError)) throw failure
    return failure
  }
}

/** The server finds numbers by how they begin: only the very badge counts. */
async function ownerOf(key: BadgeKey, client: Client, signal: AbortSignal): Promise<string | undefined> {
  const load = (start: number) => client.findTokens(key, start, signal)
  for await (const rows of walk(load, ({ Identifier }) => badgeRef(Identifier))) {
    const row = rows.find(({ Identifier }) => isSameBadge(Identifier, key))
    if (row !== undefined) return row.CarrierId
  }
  return undefined
}
