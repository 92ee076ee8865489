/** Versions of the configuration: guarded rows, each with its sealed text; what was changed from outside is left out and named. */
import type pg from 'pg'
import { type ConfigVersionId, newId } from '../model/id.ts'
import type { Vault } from '../vault/vault.ts'
import { VaultError } from '../vault/vault-error.ts'
import { type ConfigVersionRow, configVersionGuard } from './guards.ts'

type Client = pg.ClientBase | pg.Pool

export interface ConfigVersions {
  /** Newest first. */
  readonly genuine: readonly ConfigVersionRow[]
  readonly forged: readonly ConfigVersionId[]
}

const columns = 'id, number, state, digest, created_at, decided_at, decided_by, effect, guard'

/** One writer at a time, until the end of the transaction. */
export async function lockConfigVersions(client: pg.ClientBase): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.config'), 0)`)
}

export async function configVersions(client: Client, vault: Vault): Promise<ConfigVersions> {
  const { rows } = await client.query<ConfigVersionRow>(
    `select ${columns} from config_version order by number desc, id`,
  )
  return verified(vault, rows)
}

/** Those that were released, and not replaced since: one, unless somebody had a hand in it. */
export async function releasedVersions(client: Client, vault: Vault): Promise<ConfigVersions> {
  const { rows } = await client.query<ConfigVersionRow>(
    `select ${columns} from config_version where state = 'released' order by number desc, id`,
  )
  return verified(vault, rows)
}

function verified(vault: Vault, rows: readonly ConfigVersionRow[]): ConfigVersions {
  const isGenuine = (row: ConfigVersionRow) => vault.verifyGuard('config_version', configVersionGuard(row), row.guard)
  return { genuine: rows.filter(isGenuine), forged: rows.filter((row) => !isGenuine(row)).map(({ id }) => id) }
}

/** The text of a genuine row; null when it is not the one that the row was made for. */
export async function configText(client: Client, vault: Vault, row: ConfigVersionRow): Promise<string | null> {
  const { rows } = await client.query<{ config: Buffer }>('select config from config_version where id = $1', [row.id])
  const [found] = rows
  if (found === undefined) return null
  try {
    const text = vault.openSystem(placeOf(row.id), found.config)
    return configDigest(vault, text).equals(row.digest) ? text : null
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    return null
  }
}

/** Names a text: bound to the keyring, so that nobody else can tell two configurations apart, or make one that is named like another. */
export function configDigest(vault: Vault, text: string): Buffer {
  return vault.digest('config-version', [text])
}

export async function insertConfigVersion(
  client: pg.ClientBase,
  vault: Vault,
  version: Pick<ConfigVersionRow, 'number' | 'state' | 'created_at' | 'decided_at' | 'decided_by'> & {
    readonly text: string
  },
): Promise<ConfigVersionRow> {
  const { text, ...fields } = version
  const row = { ...fields, id: newId<ConfigVersionId>(), digest: configDigest(vault, text), effect: null }
  const guard = vault.guard('config_version', configVersionGuard(row))
  await client.query(
    `insert into config_version (id, number, state, digest, config, created_at, decided_at, decided_by, guard)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      row.id,
      row.number,
      row.state,
      row.digest,
      vault.sealSystem(placeOf(row.id), text),
      row.created_at,
      row.decided_at,
      row.decided_by,
      guard,
    ],
  )
  return { ...row, guard }
}

/** Writes the state, the decision or the effect of a row that was read under the lock. */
export async function changeConfigVersion(
  client: pg.ClientBase,
  vault: Vault,
  row: ConfigVersionRow,
  change: Partial<Pick<ConfigVersionRow, 'state' | 'decided_at' | 'decided_by' | 'effect'>>,
): Promise<ConfigVersionRow> {
  const changed = { ...row, ...change }
  const guard = vault.guard('config_version', configVersionGuard(changed))
  await client.query(
    'update config_version set state = $2, decided_at = $3, decided_by = $4, effect = $5, guard = $6 where id = $1',
    [row.id, changed.state, changed.decided_at, changed.decided_by, changed.effect, guard],
  )
  return { ...changed, guard }
}

export async function deleteConfigVersions(client: pg.ClientBase, ids: readonly ConfigVersionId[]): Promise<void> {
  await client.query('delete from config_version where id = any($1::uuid[])', [ids])
}

/** Whether everybody was resolved under this version, with these names of levels: a keyed digest, which nobody else can make. */
export async function isResolvedUnder(client: Client, id: ConfigVersionId, digest: Buffer): Promise<boolean> {
  const { rowCount } = await client.query('select 1 from config_version where id = $1 and resolved = $2', [id, digest])
  return rowCount === 1
}

export async function noteResolved(client: Client, id: ConfigVersionId, digest: Buffer): Promise<void> {
  await client.query('update config_version set resolved = $2 where id = $1', [id, digest])
}

/**
 * Whether anybody is, or was, known here, or a configuration was released once: then an empty list of versions is no beginning. The audit
 * trail outlives what somebody deletes beside it.
 */
export async function isAnybodyKnown(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    `select exists (select 1 from person) or exists (select 1 from source_record) or exists (select 1 from account)
         or exists (select 1 from plan) or exists (select 1 from lockout) or exists (select 1 from config_version)
         or exists (select 1 from audit_pending where action = 'config.released')
         or exists (select 1 from audit where action = 'config.released') as known`,
  )
  return rows[0]?.known ?? true
}

function placeOf(id: ConfigVersionId) {
  return { table: 'config_version', column: 'config', row: id, version: 1 } as const
}
