/** Makes sure that every configured source and target has its row. */
import type { Database } from '../store/database.ts'

export async function registerConfigured(
  { pool }: Database,
  sources: readonly string[],
  targets: readonly string[],
): Promise<void> {
  await pool.query('insert into source (id) select unnest($1::text[]) on conflict do nothing', [sources])
  await pool.query('insert into target (id) select unnest($1::text[]) on conflict do nothing', [targets])
}
