/** The steps by which the keys of a keyring are turned over; each gives a new keyring and leaves the old one as it was. */
import { type Keyring, newEpoch } from './keyring.ts'

/** Data keys are wrapped under a new key from now on. */
export function withNewEpoch(keyring: Keyring, now: Date): Keyring {
  const retired = keyring.epochs.map((epoch) => ({ ...epoch, state: 'retired' as const }))
  return { ...keyring, epochs: [...retired, newEpoch(now.toISOString())] }
}

/** Notes since when nothing living is wrapped under these epochs; null takes that back. */
export function withEmptyEpochs(keyring: Keyring, ids: readonly string[], at: Date | null): Keyring {
  const emptyAt = at?.toISOString() ?? null
  return { ...keyring, epochs: keyring.epochs.map((epoch) => (ids.includes(epoch.id) ? { ...epoch, emptyAt } : epoch)) }
}

/**
 * Destroys an epoch key: whatever is wrapped under it, in any backup of the database, stays closed for ever.
 * @throws RangeError for the one in use: new people could not be sealed.
 */
export function withoutEpoch(keyring: Keyring, id: string): Keyring {
  if (keyring.epochs.some((epoch) => epoch.id === id && epoch.state === 'current'))
    throw new RangeError('the epoch in use is not destroyed')
  return { ...keyring, epochs: keyring.epochs.filter((epoch) => epoch.id !== id) }
}
