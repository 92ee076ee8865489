/** A real PostgreSQL with its real migrations, for the tests of one file. */
import { afterAll, beforeAll } from 'vitest'
import { startPostgres, type TestPostgres } from '../../test/support/servers.ts'
import { type Database, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'

/** The database of a whole test file, opened as who owns its tables: started before its tests, stopped after them. */
export function useDatabase(poolSize = 2): Omit<Database, 'close'> {
  let postgres: TestPostgres | null = null
  let opened: Database | null = null
  const database = (): Database => {
    if (opened === null) throw new Error('the database starts before the tests, not while the file is read')
    return opened
  }
  beforeAll(async () => {
    postgres = await startPostgres()
    await migrate(postgres.admin)
    opened = openDatabase(postgres.admin, poolSize)
  }, 60_000)
  afterAll(async () => {
    await opened?.close()
    await postgres?.[Symbol.asyncDispose]()
  })
  return {
    get db() {
      return database().db
    },
    get pool() {
      return database().pool
    },
  }
}
