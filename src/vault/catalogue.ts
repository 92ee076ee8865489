/** Declares what each column of each table holds, so that a column nobody thought about is found. */

/**
 * - `clear`: random ids, times, states, counters, connector names; nothing about a person.
 * - `sealed`: opened only by the vault. - `digest`: keyed. - `guard`: HMAC over the row's deciding columns.
 * - `wrapped-key`: a data key under an epoch key.
 */
export type ColumnKind = 'clear' | 'sealed' | 'digest' | 'guard' | 'wrapped-key'

/** Table, then column. */
export type Catalogue = Readonly<Record<string, Readonly<Record<string, ColumnKind>>>>

export interface Column {
  readonly table: string
  readonly column: string
}

/** The columns that exist and that the catalogue does not speak of, as `table.column`, in the order given. */
export function undeclared(catalogue: Catalogue, actualColumns: readonly Column[]): readonly string[] {
  return actualColumns
    .filter(({ table, column }) => {
      const columns = Object.hasOwn(catalogue, table) ? catalogue[table] : undefined
      return columns === undefined || !Object.hasOwn(columns, column)
    })
    .map(({ table, column }) => `${table}.${column}`)
}
