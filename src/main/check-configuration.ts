/** Tells, for `gatehouse check`, whether the file says what is in force; where the database can be asked without starting it. */
import type { Config } from '../../config/config.ts'
import { encodeDeciding } from '../../config/deciding.ts'
import { configDigest, releasedVersions } from '../store/config-versions.ts'
import { openDatabase } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import { openConfiguredVault } from './open-vault.ts'

/** Null when it can't be told: what keeps keys or database from being used is told by those who check them. */
export async function compareWithReleased(
  config: Config,
  log: Log,
): Promise<{ readonly version: number; readonly same: boolean } | null> {
  if (config.databaseUrl === null) return null
  const database = openDatabase({ connectionString: config.databaseUrl, connectionTimeoutMillis: 5_000 }, 1)
  try {
    const { vault } = openConfiguredVault(config, log, true)
    const { genuine } = await releasedVersions(database.pool, vault)
    const [released] = genuine
    if (released === undefined) return null
    const digest = configDigest(vault, encodeDeciding(config.deciding))
    return { version: released.number, same: digest.equals(released.digest) }
  } catch {
    return null
  } finally {
    await database.close()
  }
}
