/** The ways in which a column comes under new keys. What was not right under the old ones never becomes right under the new ones. */
import type { GuardValue, IndexPurpose, Place, Vault } from '../../vault/vault.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import type { Cell } from './turn.ts'

export interface Recipe<Row> {
  /** PostgreSQL's name of the column's type. */
  readonly type: 'bytea' | 'text' | 'uuid' | 'int' | 'int8' | 'jsonb' | 'timestamptz'
  make(cell: Cell<Row>, column: string): unknown
}

export type Recipes<Row> = { readonly [Name in keyof Row & string]?: Recipe<Row> }

/** Signed over the columns as they are now, if it was right over what they were. */
export function signed<Row>(table: string, values: (row: Row) => readonly GuardValue[]): Recipe<Row> {
  return {
    type: 'bytea',
    make(cell, column) {
      const { turn, was, now } = cell
      const guard = cellOf(was, column) as Buffer | null
      if (guard === null) return null
      const right = turn.old.verifyGuard(table, values(was), guard)
      if (!right) cell.refused = true
      return right && !cell.unreadable ? turn.next.guard(table, values(now)) : guard
    },
  }
}

/** Sealed for the same place under the person's new key, or the gateway's. `spare`: nothing rests on it, so it is forgotten when it does not open. */
export function sealed<Row>(
  place: (row: Row) => Place,
  { by = 'person', spare = false }: { readonly by?: 'person' | 'system'; readonly spare?: boolean } = {},
): Recipe<Row> {
  return {
    type: 'bytea',
    make(cell, column) {
      const { turn, was, keys, opened } = cell
      const value = cellOf(was, column) as Buffer | null
      if (value === null) return null
      const text = unlessRowFault(() => {
        if (by === 'system') return turn.old.openSystem(place(was), value)
        return keys === null ? null : turn.old.open(keys.old, place(was), value)
      })
      if (text === null) {
        if (spare) return null
        cell.unreadable = true
        return value
      }
      opened.set(column, text)
      if (by === 'system') return turn.next.sealSystem(place(was), text)
      return keys === null ? value : turn.next.seal(keys.next, place(was), text)
    },
  }
}

/**
 * Made anew from what a sealed column says; where nobody can tell, carried over, so that nothing of it is left and nothing found by it. An older
 * value that somebody put back opens as well: it counts only if the digest, which is signed, is that of it.
 */
export function indexed<Row>(purpose: IndexPurpose, value: (cell: Cell<Row>) => string | null): Recipe<Row> {
  return {
    type: 'bytea',
    make(cell, column) {
      const { old, next } = cell.turn
      const text = value(cell)
      const isIts = text !== null && old.index(purpose, text).equals(cellOf(cell.was, column) as Buffer)
      if (!isIts) cell.unreadable = true
      return !isIts ? next.carryOver.index(purpose, cellOf(cell.was, column) as Buffer) : next.index(purpose, text)
    },
  }
}

/** What can't be made anew, digested once more. */
export function carried<Row>(
  over: (vault: Vault, digest: Buffer, row: Row) => Buffer = ({ carryOver }, digest) => carryOver.digest(digest),
): Recipe<Row> {
  return {
    type: 'bytea',
    make({ turn: { next }, was }, column) {
      const digest = cellOf(was, column) as Buffer | null
      return digest === null ? null : over(next, digest, was)
    },
  }
}

/** What a fresh start finds anew. */
export function forgotten<Row>(type: Recipe<Row>['type'], value: unknown = null): Recipe<Row> {
  return { type, make: () => value }
}

/** Set by the recipe of another column, before. */
export function alongside<Row>(type: Recipe<Row>['type']): Recipe<Row> {
  return { type, make: ({ now }, column) => cellOf(now, column) }
}

/** A hash that needs no key, and says nothing of a person. */
export function kept<Row>(): Recipe<Row> {
  return { type: 'bytea', make: ({ was }, column) => cellOf(was, column) }
}

function cellOf<Row>(row: Row, column: string): unknown {
  return (row as Readonly<Record<string, unknown>>)[column]
}
