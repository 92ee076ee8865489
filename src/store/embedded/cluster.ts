/** Makes the cluster at the first start, complete or not at all, and refuses one of another PostgreSQL version. */
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { codeOf, EmbeddedPostgresError } from './errors.ts'
import type { OnLog } from './log.ts'
import { giveTo, type Place, syncDirectory } from './place.ts'
import { names } from './roles.ts'
import { run } from './run.ts'

const draftPrefix = 'cluster.part-'
const draftAgeMs = 10 * 60_000

/** @throws EmbeddedPostgresError `embedded.version` or `embedded.initialise`. */
export async function openCluster(place: Place, binaries: Binaries, onLog: OnLog): Promise<void> {
  const found = await readVersion(place.cluster)
  if (found === binaries.major) return
  if (found !== undefined) {
    throw new EmbeddedPostgresError(
      'embedded.version',
      `${place.cluster} was written by PostgreSQL ${found}, this release of Gatehouse brings ${binaries.major}: start the release that wrote it and make a \`gatehouse backup\`, ` +
        'then move this directory away and `gatehouse restore` the backup with this release (docs/backup.md)',
    )
  }
  const begun = performance.now()
  await dropOldDrafts(place.directory)
  const draft = await mkdtemp(join(place.directory, draftPrefix))
  try {
    await giveTo(draft, place.as)
    await initialise(draft, place, binaries)
    await rename(draft, place.cluster)
    await syncDirectory(place.directory)
  } catch (error) {
    // Of two that start at once, the slower one finds the place taken by a cluster with the same passwords.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  onLog({ event: 'postgres.initialised', directory: place.cluster, tookMs: Math.round(performance.now() - begun) })
}

/**
 * The superuser's password goes in by the single-user mode's standard input: `initdb` would take it from a file only, which
 * the server's user had to be able to read. Until then nobody is let in (`reject`).
 */
async function initialise(directory: string, place: Place, binaries: Binaries): Promise<void> {
  const made = await run(
    join(binaries.binDir, 'initdb'),
    [
      ...['--pgdata', directory, '--username', names.superuser, '--auth', 'reject', '--data-checksums'],
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...['--text-search-config', 'simple', '--no-instructions'],
    ],
    place.as,
  )
  if (made.exitCode !== 0) throw failed('initdb', made.exitCode, made.stderr)
  const set = await run(
    join(binaries.binDir, 'postgres'),
    ['--single', '-D', directory, '-c', 'log_min_error_statement=panic', 'postgres'],
    place.as,
    { input: `alter role ${names.superuser} password '${place.passwords.superuser}'\n` },
  )
  // The single-user mode ends with 0 even after an error.
  if (set.exitCode !== 0 || /\b(ERROR|FATAL|PANIC):/.test(set.stderr))
    throw failed('postgres --single', set.exitCode, '')
}

function failed(program: string, exitCode: number | null, stderr: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'embedded.initialise',
    `${program} ended with ${exitCode} while the database was made. ${stderr.trim().slice(-1_000)}`.trim(),
  )
}

async function readVersion(cluster: string): Promise<string | undefined> {
  try {
    return (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim().slice(0, 20)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What a start that was killed left behind; young ones may belong to one that is still at it, and vanish now. */
async function dropOldDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(draftPrefix)) continue
    const draft = join(directory, name)
    const found = await stat(draft).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > draftAgeMs)
      await rm(draft, { recursive: true, force: true })
  }
}
