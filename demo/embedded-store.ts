/** A look into the gateway's embedded PostgreSQL from outside, as its superuser: what the demo proves, it reads here and not from an answer. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

/** `asked` holds the passwords; `place` is where the running server has its data. */
export async function openAsSuperuser(asked: string, place: string): Promise<pg.Client> {
  const { passwords } = JSON.parse(await readFile(join(asked, 'server.json'), 'utf8')) as {
    passwords: { superuser: string }
  }
  // Its lines: process id, data directory, start time, port, socket directory (PostgreSQL, "postmaster.pid").
  const [, , , port, host] = (await readFile(join(place, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')
  const client = new pg.Client({
    host: host as string,
    port: Number(port),
    user: 'postgres',
    password: passwords.superuser,
    database: 'gatehouse',
  })
  // A server that goes away is noticed by the next query.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('set search_path = gatehouse')
  return client
}
