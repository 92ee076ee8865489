/** Which configuration is in force: the newest that a person, or an empty gateway itself, released; a forged one never is. */
import type pg from 'pg'
import { type Deciding, decodeDeciding } from '../../../config/deciding.ts'
import { type LastRelease, lastRelease } from '../../audit/last-release.ts'
import { Refusal } from '../../model/refusal.ts'
import { type ConfigVersions, configText, releasedVersions } from '../../store/config-versions.ts'
import type { ConfigVersionRow } from '../../store/guards.ts'
import { inSnapshot } from '../../store/transaction.ts'
import type { Vault } from '../../vault/vault.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'

/** What deciding about configurations needs: there is one before there is anything to sync. */
export type Ground = Pick<SyncContext, 'database' | 'vault' | 'log' | 'now'>

/** A released configuration, opened and verified. */
export interface InForce {
  readonly row: ConfigVersionRow
  readonly deciding: Deciding
}

/** @throws Refusal `config.none-released` when there is none that can be trusted, `config.put-back` when a newer one was released. */
export async function versionInForce(ground: Ground): Promise<InForce> {
  const { pool } = ground.database
  const { genuine, forged, last } = await releasedAndTold(ground)
  const [newest, ...replayed] = genuine
  // There is one at a time: a second one was put back by hand.
  await tellForged(pool, ground, ...forged, ...replayed.map(({ id }) => id))
  const opened = newest === undefined || replayed.some(({ number }) => number === newest.number) ? null : newest
  const text = opened === null ? null : await configText(pool, ground.vault, opened)
  if (opened === null || text === null) {
    if (opened !== null) await tellForged(pool, ground, opened.id)
    throw new Refusal('config.none-released')
  }
  if (last?.version !== opened.id) {
    await tellForged(pool, ground, opened.id)
    throw new Refusal('config.put-back')
  }
  return { row: opened, deciding: decodeDeciding(text) }
}

/** The released rows, and beside them what the audit trail tells: an old row of ours is as genuine as ever, the trail goes on. */
function releasedAndTold({ database, vault }: Ground): Promise<ConfigVersions & { readonly last: LastRelease | null }> {
  return inSnapshot(database.pool, async (client) => ({
    ...(await releasedVersions(client, vault)),
    last: await lastRelease(client, vault),
  }))
}

/**
 * The version that was released after `mine`, or null while mine is the newest. Whatever else was done to the rows, what runs
 * goes on: deleting them must not stop a lock-out.
 */
export async function versionAfter(ground: Ground, mine: ConfigVersionRow): Promise<InForce | null> {
  const { pool } = ground.database
  const { genuine, forged, last } = await releasedAndTold(ground)
  const newer = genuine.find(({ number }) => number > mine.number)
  if (newer === undefined && !genuine.some(({ id }) => id === mine.id)) await tellForged(pool, ground, mine.id)
  await tellForged(pool, ground, ...forged)
  if (newer === undefined) return null
  const text = await configText(pool, ground.vault, newer)
  if (text !== null && last?.version === newer.id) return { row: newer, deciding: decodeDeciding(text) }
  await tellForged(pool, ground, newer.id)
  return null
}

/**
 * To be called by whoever decides about people, in the deciding transaction and after their rows were locked: a process that has
 * not heard yet must not decide by what was replaced. @throws Refusal `config.superseded`.
 */
export async function refuseSuperseded(client: pg.ClientBase, vault: Vault, number: number): Promise<void> {
  // With a number of its own, this transaction can be waited for by whoever resolves everybody under the next version.
  await client.query('select pg_current_xact_id()')
  const { genuine } = await releasedVersions(client, vault)
  if (genuine.some((row) => row.number > number)) throw new Refusal('config.superseded')
}

/** What ended so is no failure: this process goes over within moments, and begins anew. */
export function isSuperseded(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'config.superseded'
}
