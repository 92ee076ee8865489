/** Brings the schema up to date, forward only; starting processes settle by advisory lock who does it. */
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { openDatabase, schemaName } from './database.ts'
import * as spine from './migrations/0001-spine.ts'
import * as firstContact from './migrations/0004-first-contact.ts'
import * as operators from './migrations/0005-operators.ts'
import * as cards from './migrations/0006-cards.ts'
import * as keys from './migrations/0007-keys.ts'
import * as telemetry from './migrations/0008-telemetry.ts'

/** Before it, nothing signed what is paused. */
export const signedStandings = '0005-operators'

const migrations: Record<string, Migration> = {
  '0001-spine': spine,
  '0004-first-contact': firstContact,
  [signedStandings]: operators,
  '0006-cards': cards,
  '0007-keys': keys,
  '0008-telemetry': telemetry,
}

/**
 * Runs what is missing, as the owner role.
 * @throws Error when the database is newer than this program: an older gateway never touches it.
 */
export async function migrate(owner: pg.PoolConfig): Promise<readonly string[]> {
  const setup = new pg.Client(owner)
  await setup.connect()
  try {
    await setup.query(`create schema if not exists ${schemaName}`)
  } finally {
    await setup.end()
  }
  const database = openDatabase(owner, 2)
  try {
    const migrator = new Migrator({
      db: database.db,
      provider: { getMigrations: async () => migrations },
      migrationTableSchema: schemaName,
    })
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) {
      throw new Error('the schema could not be brought up to date: is the database newer than this program?', {
        cause: error,
      })
    }
    return (results ?? []).map((result) => result.migrationName)
  } finally {
    await database.close()
  }
}
