/** How many people a source locked out within the last hour, kept by minute: a few numbers, however many people. */

const minuteMs = 60_000
const minutes = 60

export type LockoutsOfHour = readonly (readonly [minute: number, people: number])[]

/** Reads what a guarded row holds, less what is an hour old. A minute counts to its end, so that none is forgotten early. */
export function lockoutsOfHour(text: string, now: Date): LockoutsOfHour {
  const oldest = minuteOf(now) - minutes
  return (JSON.parse(text) as LockoutsOfHour).filter(([minute]) => minute >= oldest)
}

export function peopleIn(lockouts: LockoutsOfHour): number {
  return lockouts.reduce((sum, [, people]) => sum + people, 0)
}

/** The text to keep when so many more were locked out now. */
export function withMore(lockouts: LockoutsOfHour, people: number, now: Date): string {
  const minute = minuteOf(now)
  const same = lockouts.find(([each]) => each === minute)?.[1] ?? 0
  return JSON.stringify([...lockouts.filter(([each]) => each !== minute), [minute, same + people]])
}

function minuteOf(at: Date): number {
  return Math.floor(at.getTime() / minuteMs)
}
