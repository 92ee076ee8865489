/** How the embedded server is set: for one small gateway, reachable through one socket, with a log that holds no values. */
import { randomBytes } from 'node:crypto'
import { chmod, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Place, socketPort } from './place.ts'
import { names } from './roles.ts'

export interface SettingsFiles {
  readonly configFile: string
}

/**
 * Writes both files anew, as this release wants them; what an operator sets by ALTER SYSTEM wins over them. They lie beside
 * the cluster and belong to the gateway, so that the server's user can't change who is let in.
 */
export async function writeSettings(place: Place, socketDir: string): Promise<SettingsFiles> {
  const hbaFile = join(place.directory, 'pg_hba.conf')
  const configFile = join(place.directory, 'postgresql.conf')
  await replace(hbaFile, access)
  await replace(configFile, settings({ unix_socket_directories: socketDir, hba_file: hbaFile }))
  return { configFile }
}

/** Nobody else and no replication: what no line lets in is refused. */
const access = `# Written by Gatehouse at each start.
local ${names.database} ${names.runtime},${names.owner} scram-sha-256
local all ${names.superuser} scram-sha-256
`

function settings(places: Record<string, string>): string {
  const all: Record<string, string | number> = { ...fixed, ...places }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quote(value)}`)
  return `# Written by Gatehouse at each start: change settings by ALTER SYSTEM as role ${names.superuser}.\n${lines.join('\n')}\n`
}

function quote(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** https://www.postgresql.org/docs/18/runtime-config.html */
const fixed = {
  listen_addresses: '',
  port: socketPort,
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  // One pool of 10, the queue's 5, jobs, a lock and a person with psql.
  max_connections: 40,
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  maintenance_work_mem: '64MB',
  wal_level: 'replica',
  synchronous_commit: 'on',
  // A first import writes some 100 MB by COPY: fewer checkpoints, each spread out.
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: 0.9,
  random_page_cost: 1.1,
  // Compiling costs more than these small queries take. Parallel ones need /dev/shm, of which containers have 64 MB.
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  max_parallel_maintenance_workers: 0,
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // Statements, their values, and error details quote rows: only FATAL and PANIC are written, and of them one line.
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%e ',
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_duration: 'off',
  log_min_duration_statement: -1,
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
  log_checkpoints: 'off',
} as const

/** Whole or not at all, and readable for the server's user whatever our umask is. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, text, { flag: 'wx' })
  await chmod(draft, 0o644)
  await rename(draft, file)
}
