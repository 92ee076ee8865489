/** One page of a long list. */

/** One page of rows and the cursor of the next (null: no more). */
export interface Paged<T> {
  readonly rows: readonly T[]
  readonly next: string | null
}
