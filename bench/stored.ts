/** What lies in a table, so that a floor can be held to have stored as much. */
import type pg from 'pg'

export interface Stored {
  readonly rows: number
  /** Mean bytes of a row as stored. */
  readonly width: number
}

export async function storedIn(client: pg.ClientBase | pg.Pool, table: string): Promise<Stored> {
  const { rows } = await client.query<Stored>(
    `select count(*)::int as rows, coalesce(avg(pg_column_size(t.*)), 0)::float8 as width from ${table} t`,
  )
  return { rows: rows[0]?.rows ?? 0, width: rows[0]?.width ?? 0 }
}

type Table = Stored & { readonly name: string }

/** A floor that stores less, or other, than Gatehouse does would flatter nobody but itself. @throws Error that says where. */
export function refuseUnlike(stored: readonly Table[], floor: readonly Table[]): void {
  for (const { name, rows, width } of stored) {
    const other = floor.find((table) => table.name === name)
    const share = (other?.width ?? 0) / width
    if (other?.rows !== rows || share < 0.9 || share > 1.1)
      throw new Error(`the floor's ${name} has ${other?.rows} rows of ${other?.width} bytes, not ${rows} of ${width}`)
  }
}
