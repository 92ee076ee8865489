/** What a connector with people tells the contract suite about itself: how to start its source, and what to let go wrong there. */
import type { ConnectorWith } from './connector-with.ts'

/** One person as the source holds them, by column; null is an empty cell. All rows of a delivery have the same columns. */
export type Row = Readonly<Record<string, string | null>>

/**
 * unreadable-row: one more person is in it whose record can't be read. cut-short: it breaks off before its end.
 * refused: the source itself says, or shows, that it must not be used.
 */
export type Wrong = 'unreadable-row' | 'cut-short' | 'refused'

/**
 * What a test needs and a source may not have. queue: it keeps what was delivered until it is settled, one after the other. cursor: it tells
 * what changed since it was read.
 */
export type SourceProvocation =
  | Wrong
  | 'queue'
  | 'cursor'
  | 'delta'
  | 'half-written'
  | 'disturbed'
  | 'away'
  | 'raw'
  | 'fingerprint'

export interface PeopleSimulator extends AsyncDisposable {
  /** Settings that reach this source. */
  readonly settings: unknown
  /** Everything besides people that must stay secret. */
  readonly secrets: readonly string[]
  /** The clock that the connector is handed. */
  now(): Date
  /**
   * Makes one delivery of these people ready to be read. Where there is a cursor, a `full` one is of a system put back from its backup,
   * with these people in it, and a `delta` changes them as they are, or adds them.
   */
  deliver(rows: readonly Row[], mode?: 'full' | 'delta'): Promise<void>
  /** Removes a person there. */
  remove?(row: Row): Promise<void>
  /** Makes one ready with which something is wrong; `unreadable` is the person whose record can't be read. */
  deliverWrong(wrong: Wrong, rows: readonly Row[], unreadable: Row): Promise<void>
  /** Begins a delivery and leaves it half done; what it returns completes it. */
  begin(rows: readonly Row[]): Promise<() => Promise<void>>
  /** Changes the delivery that is being read. */
  disturb(): Promise<void>
  /** Makes the source unreachable, or brings it back. */
  setAway(away: boolean): Promise<void>
}

export interface PeopleSubject {
  /** For titles, such as `csv`. */
  readonly name: string
  readonly connector: ConnectorWith<'people'>
  /** Names of columns that rows can have, among others that are the source's own business; the first identifies a person. */
  readonly columns: readonly [key: string, given: string, family: string, department: string]
  /** More people than fit on two pages. */
  readonly many: number
  start(): Promise<PeopleSimulator>
  /** What this source can't be provoked to, each with the reason. */
  readonly impossible: Readonly<Partial<Record<SourceProvocation, string>>>
}
