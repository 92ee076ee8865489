/** Brings the schema up to date, forward only; starting processes settle by advisory lock who does it. */
import { type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
import pg from 'pg'
import type { Vault } from '../vault/vault.ts'
import { signOlderAlarms } from './alarms.ts'
import { kyselyOn, openDatabase, schemaName } from './database.ts'
import { signOlderDiscards } from './failures.ts'
import * as spine from './migrations/0001-spine.ts'
import * as brakes from './migrations/0002-brakes.ts'
import * as configVersions from './migrations/0003-config-versions.ts'
import * as firstContact from './migrations/0004-first-contact.ts'
import * as operators from './migrations/0005-operators.ts'
import * as cards from './migrations/0006-cards.ts'
import * as keys from './migrations/0007-keys.ts'
import * as telemetry from './migrations/0008-telemetry.ts'
import * as backup from './migrations/0009-backup.ts'
import * as shield from './migrations/0011-shield.ts'
import * as replacedKeys from './migrations/0012-replaced-keys.ts'
import * as seenRows from './migrations/0013-seen-rows.ts'
import * as releasedVersions from './migrations/0014-released-versions.ts'
import * as holdings from './migrations/0015-holdings.ts'
import * as signedDiscards from './migrations/0016-signed-discards.ts'
import * as matchProgress from './migrations/0019-match-progress.ts'
import * as driftPolicies from './migrations/0020-drift-policies.ts'
import * as sourceCursor from './migrations/0022-source-cursor.ts'
import * as matchLeads from './migrations/0023-match-leads.ts'
import * as signedSweeps from './migrations/0024-signed-sweeps.ts'
import * as sidesTaken from './migrations/0025-sides-taken.ts'
import * as sidesWithdrawn from './migrations/0026-sides-withdrawn.ts'
import * as events from './migrations/0027-events.ts'
import * as subscriptions from './migrations/0028-subscriptions.ts'
import * as punches from './migrations/0029-punches.ts'
import * as guard from './migrations/0030-guard.ts'
import * as eventClasses from './migrations/0031-event-classes.ts'
import * as eventMonths from './migrations/0032-event-months.ts'
import * as subscriptionFeeds from './migrations/0034-subscription-feeds.ts'
import * as signedAlarms from './migrations/0035-signed-alarms.ts'
import * as eventLookups from './migrations/0036-event-lookups.ts'
import { signOlderStandings } from './standings.ts'
import { signOlderModes } from './target-modes.ts'

/** Before it, nothing signed what is paused. */
const signedStandings = '0005-operators'
/** Before it, nothing signed a target about which nobody had decided. */
const signedModes = '0011-shield'

/** Before it, nothing signed what somebody had discarded. */
const signedDiscardsFrom = '0016-signed-discards'
/** Before it, nothing signed that an alarm is on. */
const signedAlarmsFrom = '0035-signed-alarms'

const migrations: Record<string, Migration> = {
  '0001-spine': spine,
  '0002-brakes': brakes,
  '0003-config-versions': configVersions,
  '0004-first-contact': firstContact,
  [signedStandings]: operators,
  '0006-cards': cards,
  '0007-keys': keys,
  '0008-telemetry': telemetry,
  '0009-backup': backup,
  [signedModes]: shield,
  '0012-replaced-keys': replacedKeys,
  '0013-seen-rows': seenRows,
  '0014-released-versions': releasedVersions,
  '0015-holdings': holdings,
  [signedDiscardsFrom]: signedDiscards,
  '0019-match-progress': matchProgress,
  '0020-drift-policies': driftPolicies,
  '0022-source-cursor': sourceCursor,
  '0023-match-leads': matchLeads,
  '0024-signed-sweeps': signedSweeps,
  '0025-sides-taken': sidesTaken,
  '0026-sides-withdrawn': sidesWithdrawn,
  '0027-events': events,
  '0028-subscriptions': subscriptions,
  '0029-punches': punches,
  '0030-guard': guard,
  '0031-event-classes': eventClasses,
  '0032-event-months': eventMonths,
  '0034-subscription-feeds': subscriptionFeeds,
  [signedAlarmsFrom]: signedAlarms,
  '0036-event-lookups': eventLookups,
}
const provider = { getMigrations: async () => migrations }

export function isKnownMigration(name: string): boolean {
  return Object.hasOwn(migrations, name)
}

/**
 * Runs what is missing, up to `last` where one is named, as part of the transaction that `client` is in: what fails is rolled back
 * with it. Returns what was run. @throws Error as `migrate`.
 */
export async function migrateInTransaction(client: pg.Client, last?: string): Promise<readonly string[]> {
  const migrator = new Migrator({
    db: kyselyOn(client),
    provider,
    migrationTableSchema: schemaName,
    disableTransactions: true,
  })
  return ran(await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last)))
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
    return ran(await new Migrator({ db: database.db, provider, migrationTableSchema: schemaName }).migrateToLatest())
  } finally {
    await database.close()
  }
}

function ran({ error, results }: MigrationResultSet): readonly string[] {
  if (error !== undefined) {
    throw new Error('the schema could not be brought up to date: is the database newer than this program?', {
      cause: error,
    })
  }
  return (results ?? []).map((result) => result.migrationName)
}

/** Signs what the schema before these migrations did not sign yet: it is taken as it is, once. */
export async function signOlderRows(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  migrated: readonly string[],
): Promise<void> {
  if (migrated.includes(signedStandings)) await signOlderStandings(client, vault)
  if (migrated.includes(signedModes)) await signOlderModes(client, vault)
  if (migrated.includes(signedDiscardsFrom)) await signOlderDiscards(client, vault)
  if (migrated.includes(signedAlarmsFrom)) await signOlderAlarms(client, vault)
}
