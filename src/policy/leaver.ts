/** What of a leaver is over by now: stages that are counted from the moment of leaving. Pure; time is an argument. */

/** So long after the lock-out, in ms. */
export interface LeaverDelays {
  /** Access levels are taken away, and rights that were given by name end. */
  readonly removeAfterMs: number
  /** Cards are taken off the account. */
  readonly withdrawAfterMs: number
  /** The account itself is deleted; null: never. */
  readonly deleteAfterMs: number | null
}

export interface LeaverStages {
  readonly levelsAreOver: boolean
  readonly cardsAreOver: boolean
  readonly accountIsOver: boolean
  /** When the next stage comes; null when none does. */
  readonly nextAt: Date | null
}

/** When each stage comes. The account goes last, whatever the delays say: nothing is left on it then. */
export interface LeaverTimes {
  readonly levelsOffAt: Date
  readonly cardsOffAt: Date
  readonly deletedAt: Date | null
}

/** `leftAt` is null for whoever has not left: nothing of them is over. */
export function leaverStages(leftAt: Date | null, now: Date, delays: LeaverDelays): LeaverStages {
  if (leftAt === null) return { levelsAreOver: false, cardsAreOver: false, accountIsOver: false, nextAt: null }
  const { levelsOffAt, cardsOffAt, deletedAt } = leaverTimes(leftAt, delays)
  const ahead = [levelsOffAt, cardsOffAt, deletedAt].flatMap((at) => (at !== null && at > now ? [at.getTime()] : []))
  return {
    levelsAreOver: levelsOffAt <= now,
    cardsAreOver: cardsOffAt <= now,
    accountIsOver: deletedAt !== null && deletedAt <= now,
    nextAt: ahead.length === 0 ? null : new Date(Math.min(...ahead)),
  }
}

export function leaverTimes(
  leftAt: Date,
  { removeAfterMs, withdrawAfterMs, deleteAfterMs }: LeaverDelays,
): LeaverTimes {
  const after = (ms: number) => new Date(leftAt.getTime() + ms)
  return {
    levelsOffAt: after(removeAfterMs),
    cardsOffAt: after(withdrawAfterMs),
    deletedAt: deleteAfterMs === null ? null : after(Math.max(removeAfterMs, withdrawAfterMs, deleteAfterMs)),
  }
}
