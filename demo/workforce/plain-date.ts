/** Calendar dates without a zone, as HR exports write them: `YYYY-MM-DD`. */

const dayMs = 86_400_000

/** Checks that the text is a real calendar date in `YYYY-MM-DD`; throws RangeError otherwise. */
export function plainDate(text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(time) || format(time) !== text)
    throw new RangeError(`expected a calendar date YYYY-MM-DD, found ${JSON.stringify(text)}`)
  return text
}

/** The date `days` after `date` (before it, when negative). */
export function addDays(date: string, days: number): string {
  return format(Date.parse(`${date}T00:00:00Z`) + days * dayMs)
}

function format(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
