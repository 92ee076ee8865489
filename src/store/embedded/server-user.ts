/** Who PostgreSQL runs as: ourselves, or when we are root an unprivileged user that the system already has. */
import { execFileSync } from 'node:child_process'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, EmbeddedPostgresError, orDatabaseUrl } from './errors.ts'

/** Empty: as ourselves. Node drops all further groups when it changes the user. */
export type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>

/**
 * The user for the server. An existing cluster's owner stays its owner, even if a better user has appeared since.
 * @throws EmbeddedPostgresError `embedded.server-user` when root has no one to hand the server to, or the cluster is another's.
 */
export async function serverUser(cluster: string): Promise<RunAs> {
  const self = process.getuid?.()
  const owner = await ownerOf(cluster)
  if (self !== 0) {
    if (owner !== undefined && owner.uid !== self) {
      throw new EmbeddedPostgresError(
        'embedded.server-user',
        `${cluster} belongs to user id ${owner.uid}: start Gatehouse as the user who started it first`,
      )
    }
    return {}
  }
  if (owner?.uid === 0) {
    throw new EmbeddedPostgresError(
      'embedded.server-user',
      `${cluster} belongs to root, and PostgreSQL refuses to run as root: chown -R it to an unprivileged user, such as postgres`,
    )
  }
  const user = owner ?? lookUp('postgres') ?? lookUp('nobody')
  if (user === undefined) {
    throw new EmbeddedPostgresError(
      'embedded.server-user',
      `PostgreSQL refuses to run as root and the system has neither a user postgres nor nobody: start Gatehouse as an unprivileged user, ${orDatabaseUrl}`,
    )
  }
  return user
}

/** Whether that user can reach what lies in `directory`, by the permission bits of every directory on the way. */
export async function canReach(directory: string, as: RunAs): Promise<boolean> {
  if (as.uid === undefined) return true
  for (let at = await realpath(directory); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === as.uid ? 0o100 : gid === as.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}

async function ownerOf(cluster: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(cluster)
    return { uid, gid }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Asks `id`, which knows the users of LDAP and macOS too. */
function lookUp(name: string): { uid: number; gid: number } | undefined {
  const ask = (which: '-u' | '-g') =>
    Number(execFileSync('id', [which, name], { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: ask('-u'), gid: ask('-g') }
  } catch {
    // `id` ends with 1 for a user that does not exist, which is the answer.
    return undefined
  }
}
