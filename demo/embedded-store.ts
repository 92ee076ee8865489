/** A look into the gateway's embedded PostgreSQL from outside, as its superuser: what the demo proves, it reads here and not from an answer. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts'

/** The embedded server takes 40, which is enough for one process or two; each may need 20. */
const connectionsMax = 100

/** A server on `asked` that no gateway owns, so that several may use it; stopped when `opened` is closed. */
export async function openShared(
  opened: AsyncDisposableStack,
  asked: string,
): Promise<{ readonly url: string; readonly storePath: string }> {
  const start = () => startEmbeddedPostgres({ dataDir: asked, onLog: () => undefined })
  const first = await start()
  try {
    const client = await openAsSuperuser(asked, first.dataDir)
    await client.query(`alter system set max_connections = ${connectionsMax}`)
    await client.end()
  } finally {
    // It counts from the next start on.
    await first.stop()
  }
  const server = await start()
  opened.defer(() => server.stop())
  const { host, port, user, password, database } = await superuserOf(asked, server.dataDir)
  const url = new URL(`postgres://localhost/${database}`)
  url.username = user
  url.password = password
  url.searchParams.set('host', host)
  url.searchParams.set('port', String(port))
  return { url: url.href, storePath: server.dataDir }
}

/** `asked` holds the passwords; `place` is where the running server has its data. */
export async function openAsSuperuser(asked: string, place: string): Promise<pg.Client> {
  const client = new pg.Client(await superuserOf(asked, place))
  // A server that goes away is noticed by the next query.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('set search_path = gatehouse')
  return client
}

async function superuserOf(asked: string, place: string) {
  const { passwords } = JSON.parse(await readFile(join(asked, 'server.json'), 'utf8')) as {
    passwords: { superuser: string }
  }
  // Its lines: process id, data directory, start time, port, socket directory (PostgreSQL, "postmaster.pid").
  const [, , , port, host = ''] = (await readFile(join(place, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')
  return { host, port: Number(port), user: 'postgres', password: passwords.superuser, database: 'gatehouse' }
}
