/** What comes under new keys knows of both keyrings, and what could not be taken along is counted. */
import type { Profile } from '../../connector/contract.ts'
import type { PersonFacts } from '../../model/person.ts'
import type { DataKey, Vault } from '../../vault/vault.ts'

export interface Turn {
  readonly old: Vault
  readonly next: Vault
  readonly at: Date
  /** How a target writes a person, without asking it; null for one that is not configured any more. */
  readonly render: (target: string) => ((facts: PersonFacts) => Profile) | null
  readonly tally: Tally
}

/** Of the rows of a table. */
export interface TableTally {
  rows: number
  /** Their guard was wrong: they were not signed again, and stay refused. */
  refused: number
  /** A sealed value of theirs did not open: it stays closed, and the row refused. */
  unreadable: number
}

export class Tally {
  readonly #tables = new Map<string, TableTally>()

  of(table: string): TableTally {
    const known = this.#tables.get(table) ?? { rows: 0, refused: 0, unreadable: 0 }
    this.#tables.set(table, known)
    return known
  }

  get tables(): ReadonlyMap<string, TableTally> {
    return this.#tables
  }

  sum(name: keyof TableTally): number {
    return [...this.#tables.values()].reduce((sum, table) => sum + table[name], 0)
  }
}

/** One row on its way; its columns are made in the order in which they are declared. */
export interface Cell<Row> {
  readonly turn: Turn
  readonly was: Row
  /** As far as it was made. */
  readonly now: Row
  /** The data key of the person whom the row is about, before and after; null: of nobody, or it does not open. */
  readonly keys: { readonly old: DataKey; readonly next: DataKey } | null
  /** What the sealed columns say, by column. */
  readonly opened: Map<string, string>
  refused: boolean
  unreadable: boolean
}
