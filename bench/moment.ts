/** When something happened to an event, by a clock that all processes of this machine share. */

export interface Moment {
  /** The id of the reader and the place in its log: no other event has both. */
  readonly trace: string
  /** In ms since 1970, with fractions. */
  readonly at: number
}

export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}
