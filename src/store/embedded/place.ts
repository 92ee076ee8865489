/** Where everything of one embedded server lies and with which passwords, decided at the first start and kept. */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, link, mkdir, mkdtemp, open, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../model/parse-json.ts'
import { codeOf, EmbeddedPostgresError, orDatabaseUrl } from './errors.ts'
import type { OnLog } from './log.ts'
import { canReach, type RunAs, serverUser } from './server-user.ts'

/** Where root keeps what the server's user can't reach in the directory that was asked for. */
export const defaultSystemDir = '/var/lib/gatehouse'

/** In the name of the socket; nothing listens on a network. */
export const socketPort = 5432

const stateSchema = z.strictObject({
  /** Only when it is not the directory of this file itself, so that this one can be moved. */
  directory: z.string().optional(),
  passwords: z.strictObject({ superuser: z.string(), owner: z.string(), runtime: z.string() }),
})
type State = z.output<typeof stateSchema>

export interface Place {
  /** Owned by the gateway; below it only `cluster` and the socket's directory belong to the server's user. */
  readonly directory: string
  readonly cluster: string
  readonly as: RunAs
  readonly passwords: State['passwords']
}

/**
 * Opens or makes the directory. `server.json` in it holds the passwords, for the gateway's user alone (0600).
 * @throws EmbeddedPostgresError `embedded.place`, `embedded.passwords` or `embedded.server-user`.
 */
export async function openPlace(dataDir: string, systemDir: string, onLog: OnLog): Promise<Place> {
  const root = process.getuid?.() === 0
  // The mode holds for parents that are made on the way too, and root's must let the server's user pass.
  await mkdir(dataDir, { recursive: true, mode: root ? 0o711 : 0o700 })
  const asked = await realpath(dataDir)
  const file = join(asked, 'server.json')
  let state = await readState(file)
  if (state === undefined) {
    const elsewhere = root ? await findElsewhere(asked, systemDir) : undefined
    const directory = elsewhere ?? asked
    if (await exists(join(directory, 'cluster'))) {
      throw new EmbeddedPostgresError(
        'embedded.passwords',
        `${directory} holds a database, but its passwords in ${file} are gone: put that file back, or remove ${directory} to begin empty`,
      )
    }
    const random = () => randomBytes(24).toString('base64url')
    const passwords = { superuser: random(), owner: random(), runtime: random() }
    state = await createState(file, { ...(elsewhere === undefined ? {} : { directory }), passwords })
  }
  const directory = state.directory ?? asked
  const cluster = join(directory, 'cluster')
  const as = await serverUser(cluster)
  if (root) await letThrough(directory, as)
  if (directory !== asked) onLog({ event: 'postgres.placed-elsewhere', directory })
  return { directory, cluster, as, passwords: state.passwords }
}

/**
 * A directory for the socket that only the server's user (and root) can enter. A path of a socket ends at 104 bytes on
 * macOS, 108 on Linux, and PostgreSQL adds a name to it; where the own directory is too deep, a fresh one in /tmp is made.
 */
export async function openSocketDir(place: Place, last?: string): Promise<string> {
  const near = join(place.directory, 'run')
  const short = Buffer.byteLength(join(near, `.s.PGSQL.${socketPort}`)) < 100
  const directory = short ? near : (last ?? (await mkdtemp('/tmp/gatehouse-')))
  await mkdir(directory, { recursive: true })
  await giveTo(directory, place.as)
  return directory
}

/** Makes a directory the server's user's own, closed to all others. */
export async function giveTo(directory: string, as: RunAs): Promise<void> {
  await chmod(directory, 0o700)
  if (as.uid !== undefined && as.gid !== undefined) await chown(directory, as.uid, as.gid)
}

/**
 * Removes the socket that a dead server left, and its lock file. The name can come from a file that the server's user wrote,
 * so nothing but these two is touched, and only in the two places where a socket of ours can be.
 */
export async function clearSocket(place: Place, socketDir: string): Promise<void> {
  if (!isInTmp(socketDir) && socketDir !== join(place.directory, 'run')) return
  for (const suffix of ['', '.lock']) await rm(join(socketDir, `.s.PGSQL.${socketPort}${suffix}`), { force: true })
}

/** Removes a directory in /tmp, which one server alone has used. */
export async function closeSocketDir(place: Place, socketDir: string): Promise<void> {
  if (!isInTmp(socketDir)) return
  await clearSocket(place, socketDir)
  // What is not ours keeps it there, and an empty directory does no harm.
  await rmdir(socketDir).catch(() => undefined)
}

function isInTmp(socketDir: string): boolean {
  return /^\/tmp\/gatehouse-\w{6}$/.test(socketDir)
}

/** For root: the place in the system's directory when a parent of the asked one is closed, such as a 0700 home. */
async function findElsewhere(asked: string, systemDir: string): Promise<string | undefined> {
  const as = await serverUser(join(asked, 'cluster'))
  if (await canReach(join(asked, '..'), as)) return undefined
  const name = createHash('sha256').update(asked).digest('hex').slice(0, 16)
  try {
    await mkdir(systemDir, { recursive: true, mode: 0o755 })
    await chmod(systemDir, 0o755)
    const directory = join(await realpath(systemDir), name)
    await mkdir(directory, { recursive: true, mode: 0o711 })
    return directory
  } catch (error) {
    throw new EmbeddedPostgresError(
      'embedded.place',
      `${asked} lies below a directory that PostgreSQL's user can't enter, and ${systemDir} can't be made: choose another data directory, start Gatehouse as an unprivileged user, ${orDatabaseUrl}`,
      { cause: error },
    )
  }
}

/** Lets the server's user pass through the directory to its cluster; it may not list it. */
async function letThrough(directory: string, as: RunAs): Promise<void> {
  const { mode, uid } = await stat(directory)
  if (uid === 0) await chmod(directory, (mode & 0o777) | 0o111)
  if (await canReach(directory, as)) return
  throw new EmbeddedPostgresError(
    'embedded.place',
    `PostgreSQL's user (id ${as.uid}) can no longer enter ${directory}: a directory on the way lost its permission to pass (chmod o+x)`,
  )
}

async function readState(file: string): Promise<State | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new EmbeddedPostgresError(
      'embedded.passwords',
      `${file} can't be read: start Gatehouse as the user who started it first`,
      { cause: error },
    )
  }
  const state = stateSchema.safeParse(parseJson(text))
  if (state.success) return state.data
  throw new EmbeddedPostgresError('embedded.passwords', `${file} is damaged: put it back from a backup`)
}

/** Written whole and to the disk before it gets its name; of two that start at once, one wins and both use its file. */
async function createState(file: string, state: State): Promise<State> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  await syncDirectory(dirname(file))
  const kept = await readState(file)
  if (kept === undefined) throw new EmbeddedPostgresError('embedded.passwords', `${file} vanished while starting`)
  return kept
}

/** Makes a new name in a directory outlast a power cut; a database without its passwords would be lost. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
