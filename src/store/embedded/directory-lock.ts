/** Decides which one gateway uses a directory's database: who holds a lock that ends with its connection. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { EmbeddedPostgresError } from './errors.ts'
import { connect } from './roles.ts'

export interface DirectoryLock {
  /** Resolves when the connection, and with it the lock, was lost; never after `release`. */
  readonly lost: Promise<void>
  /** Idempotent; never rejects. */
  release(): Promise<void>
}

/** 'gate' and a number, as advisory locks go; this program uses no other of this class. */
const lockClass = 0x67617465
const lockObject = 1
/** Tells this process from others at the server; process ids repeat between containers. */
const holderName = `gatehouse ${randomUUID()}`

/**
 * Takes the lock, waiting 2 s at most for the connection of a gateway that has just died.
 * @throws EmbeddedPostgresError `embedded.directory-taken`; then leave the server to the other gateway.
 */
export async function holdDirectoryLock(config: pg.ClientConfig, waitMs = 2_000): Promise<DirectoryLock> {
  const { client } = await connect({ ...config, application_name: holderName })
  try {
    await take(client, waitMs)
  } catch (error) {
    await client.end()
    throw error
  }
  let released: Promise<void> | undefined
  const lost = new Promise<void>((resolve) => {
    client.once('end', () => {
      if (released === undefined) resolve()
    })
  })
  return {
    lost,
    release: () => {
      released ??= client.end().catch(() => undefined)
      return released
    },
  }
}

async function take(client: pg.Client, waitMs: number): Promise<void> {
  const begun = performance.now()
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [
      lockClass,
      lockObject,
    ])
    if (rows[0]?.held === true) return
    if (performance.now() - begun > waitMs) {
      throw new EmbeddedPostgresError(
        'embedded.directory-taken',
        'another Gatehouse already runs on this data directory: stop it first, or give this one a directory of its own',
      )
    }
    await sleep(50)
  }
}

/** Whether another process holds the lock; needs a superuser on the same database. @throws what `pg` throws. */
export async function heldByAnother(superuser: pg.ClientConfig): Promise<boolean> {
  await using server = await connect(superuser)
  const { rowCount } = await server.client.query(
    `select from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and classid = $1 and objid = $2 and application_name <> $3`,
    [lockClass, lockObject, holderName],
  )
  return rowCount !== 0
}
