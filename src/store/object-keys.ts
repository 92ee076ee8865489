/** Finds the data keys of the person whom the object of an audit entry leads to. */
import type pg from 'pg'
import type { KeyId } from '../model/id.ts'
import type { DataKey, Vault, WrappedKey } from '../vault/vault.ts'
import { unlessRowFault } from '../vault/vault-error.ts'
import { keysOf } from './events/rows.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** By object; nobody's, and those of somebody who was erased, are left out. */
export async function keysOfObjects(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  objects: readonly string[],
): Promise<ReadonlyMap<string, readonly DataKey[]>> {
  const { rows } = await client.query<WrappedKey & { object: string }>(
    `with asked as (select distinct unnest($1::uuid[]) as id),
          owner as (
            select asked.id as object, p.key_id from asked join person p on p.id = asked.id
            union select asked.id, a.key_id from asked join account a on a.id = asked.id
            union select asked.id, p.key_id from asked join credential c on c.id = asked.id join person p on p.id = c.person_id
            union select asked.id, a.key_id from asked join lockout l on l.id = asked.id join account a on a.id = l.account_id
            union select asked.id, p.key_id from asked join individual_grant g on g.id = asked.id join person p on p.id = g.person_id)
     select owner.object, k.* from owner join person_key k on k.id = owner.key_id`,
    [objects.filter((object) => uuid.test(object))],
  )
  const keys = new Map<string, DataKey[]>()
  for (const { object, ...row } of rows) keys.set(object, [...(keys.get(object) ?? []), ...allKeys(vault, row)])
  return keys
}

/** By their own ids; those of somebody who was erased are left out. */
export async function keysByIds(
  client: pg.ClientBase | pg.Pool,
  vault: Vault,
  ids: readonly KeyId[],
): Promise<ReadonlyMap<string, readonly DataKey[]>> {
  return new Map([...(await keysOf(client, ids))].map(([id, row]) => [id, allKeys(vault, row)]))
}

/** The key in use, and those that were before keys were replaced: what was said about the person then is not sealed anew. */
function allKeys(vault: Vault, row: WrappedKey): readonly DataKey[] {
  return unlessRowFault(() => [vault.unwrap(row), ...vault.unwrapFormer(row)]) ?? []
}

/** Undefined when it leads to nobody. */
export async function keyOfObject(client: pg.ClientBase, vault: Vault, object: string): Promise<DataKey | undefined> {
  return (await keysOfObjects(client, vault, [object])).get(object)?.[0]
}
