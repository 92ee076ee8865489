/** The keyring as an admin sees it: ids, ages, and what lies under each epoch. */
import type { KeysView } from '../api/acts/keys.ts'
import { countByEpoch } from '../store/wrapped-keys.ts'
import type { SyncContext } from '../sync/context.ts'

export async function keysView({ database, keyring, backupHorizonMs }: SyncContext): Promise<KeysView> {
  keyring.refresh()
  const counts = new Map((await countByEpoch(database.pool)).map((count) => [count.epoch, count]))
  const { gatewayId, stamp, createdAt, generation, epochs, index, keys } = keyring.current
  return {
    gateway: gatewayId,
    stamp,
    createdAt,
    generation,
    epochs: epochs.map(({ id, createdAt: since, state, emptyAt }) => ({
      id,
      createdAt: since,
      state,
      emptyAt,
      destroyedAt: emptyAt === null ? null : new Date(Date.parse(emptyAt) + backupHorizonMs).toISOString(),
      people: counts.get(id)?.people ?? 0,
      archives: counts.get(id)?.archives ?? 0,
    })),
    keys: [
      ...Object.entries(keys).map(([purpose, { id }]) => ({ purpose, id })),
      ...Object.entries(index).map(([purpose, { id }]) => ({ purpose: `index ${purpose}`, id })),
    ],
  }
}
