/** A store that has lived, all its keys replaced as `gatehouse keys rotate --compromised` does, and its bytes to compare. */
import type pg from 'pg'
import { catalogue } from '../../store/catalogue.ts'
import { rewriteJournal } from '../../store/erasure-journal.ts'
import { inTransaction } from '../../store/transaction.ts'
import { type Keyring, replacedKeyring } from '../../vault/keyring.ts'
import { openVault } from '../../vault/vault.ts'
import type { Bench } from '../fixtures/engine.fixture.ts'
import { rekey } from './rekey.ts'
import { holdStore, prepareStore, recordReplaced } from './replace.ts'
import { Tally } from './turn.ts'

export interface Replaced {
  readonly tally: Tally
  readonly before: Keyring
}

/** Everything that runs has ended before. */
export async function replaceAll(bench: Bench): Promise<Replaced> {
  const { database, vault, keyring, targets, erasureJournalPath: journal } = bench.context
  const before = keyring.current
  const tally = new Tally()
  const trail = await prepareStore(database.pool, vault)
  await inTransaction(database.pool, async (client) => {
    const after = replacedKeyring(before, await holdStore(client), bench.context.now())
    const render = (id: string) => targets.get(id)?.connection.accounts.render ?? null
    const turn = { old: openVault(before), next: openVault(after), at: bench.context.now(), render, tally }
    await rekey(client, turn)
    await recordReplaced(client, turn, { by: bench.operator, reason: 'a disk was stolen', trail })
    rewriteJournal(journal, journal, turn.old, turn.next)
    keyring.change(() => after)
  })
  return { tally, before }
}

/** What each column holds that is sealed, digested or signed, in hex, by `table.column`. */
export async function bytesByColumn(
  client: pg.ClientBase | pg.Pool,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>()
  for (const [table, columns] of Object.entries(catalogue)) {
    for (const [column, kind] of Object.entries(columns)) {
      if (kind === 'clear') continue
      const { rows } = await client.query<{ bytes: string }>(
        `select distinct encode(${column}, 'hex') as bytes from ${table} where ${column} is not null`,
      )
      found.set(`${table}.${column}`, new Set(rows.map(({ bytes }) => bytes)))
    }
  }
  return found
}

/** All that stands in columns of text and JSON, in one piece. */
export async function clearText(client: pg.ClientBase | pg.Pool): Promise<string> {
  const texts: string[] = []
  for (const [table, columns] of Object.entries(catalogue)) {
    const clear = Object.keys(columns).filter((column) => columns[column] === 'clear')
    const { rows } = await client.query<{ text: string }>(
      `select concat_ws(' ', ${clear.map((column) => `${column}::text`).join(', ')}) as text from ${table}`,
    )
    texts.push(...rows.map(({ text }) => text))
  }
  return texts.join('\n')
}
