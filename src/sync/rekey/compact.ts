/** Takes what the old rows were out of the database's files: they lie there, under keys that somebody else may have, until they are overwritten. */
import type pg from 'pg'
import { sqlState } from '../../store/database.ts'
import { registry } from './registry.ts'

/** The owner's connection, outside of a transaction. False when it could not be done for all: nothing depends on it. */
export async function compactStore(client: pg.ClientBase): Promise<boolean> {
  let all = true
  for (const table of [...Object.keys(registry), 'plan_change', 'match_run', 'match_row', 'audit_pending'])
    try {
      await client.query(`vacuum (full, analyze) ${table}`)
    } catch (error) {
      if (sqlState(error) === undefined) throw error
      all = false
    }
  return all
}
