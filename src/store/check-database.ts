/** Looks at a given PostgreSQL before a gateway trusts it with the truth, and changes nothing there. */
import pg from 'pg'
import { schemaName, sqlState } from './database.ts'

export interface DatabaseCheck {
  /** Each is a reason not to start. */
  readonly problems: readonly string[]
  /** Each is worth an operator's thought. */
  readonly hints: readonly string[]
  /** As the server says it; null when it could not be asked. */
  readonly version: string | null
}

interface Role {
  readonly version: string
  readonly superuser: boolean
  readonly reads_files: boolean
  readonly has_room: boolean
  readonly standby: boolean
}

/** Takes 5 s or so at most. Rejects never: whatever fails is a problem in the answer. */
export async function checkDatabase(url: string): Promise<DatabaseCheck> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 })
  // A connection that dies between two questions fails the next one.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<Role>(
      `select current_setting('server_version') as version, rolsuper as superuser,
              pg_has_role(current_user, 'pg_read_server_files', 'usage')
                or pg_has_role(current_user, 'pg_execute_server_program', 'usage') as reads_files,
              to_regnamespace($1) is not null or has_database_privilege(current_database(), 'create') as has_room,
              pg_is_in_recovery() as standby
         from pg_roles where rolname = current_user`,
      [schemaName],
    )
    const [role] = rows
    return role === undefined ? { problems: [], hints: [], version: null } : { ...judge(role), version: role.version }
  } catch (error) {
    return { problems: [meaningOf(error)], hints: [], version: null }
  } finally {
    await client.end().catch(() => undefined)
  }
}

function judge(role: Role): { problems: string[]; hints: string[] } {
  const problems: string[] = []
  const hints: string[] = []
  if (role.standby) problems.push('this server is a standby and takes no writes: name its primary')
  if (!role.has_room) {
    problems.push(`the role may not make the schema ${schemaName} in this database: let it own the database`)
  }
  if (role.superuser || role.reads_files) {
    hints.push(
      'the role may read files and run programs on the server, so a mistake in SQL reaches further than this database: give it one database and nothing else',
    )
  }
  return { problems, hints }
}

/** The classes of SQLSTATE: https://www.postgresql.org/docs/18/errcodes-appendix.html. */
function meaningOf(error: unknown): string {
  const state = sqlState(error)
  if (state === undefined) return 'it does not answer: check address, port and firewall'
  if (state.startsWith('28')) return `it refuses the login: check user and password (SQLSTATE ${state})`
  if (state === '3D000') return 'there is no database of that name'
  return `it answered with SQLSTATE ${state}`
}
