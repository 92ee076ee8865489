/** How far a server was read: what is kept between two reads, as text that only this connector understands. */
import { z } from 'zod'

const digits = z.string().regex(/^\d+$/)

const form = z.strictObject({
  v: z.literal(1),
  /** The newest entry of the log that was seen: found again with the same time, it is still the same log. Null: the log was empty. */
  newest: z.strictObject({ id: digits, at: z.string() }).nullable(),
  /** From here on, by the server's clock, the log is asked for. */
  from: z.string(),
  /** Ids near the newest that were seen: entries may come into the log out of their order. */
  seen: z.array(digits),
  /** Whom the server says to have been changed: asked for from here on, by its clock, but for those that were seen. Null: not asked. */
  modified: z
    .strictObject({ from: z.string(), seen: z.array(z.string()) })
    .nullable()
    .default(null),
  /** When the last full read began, in ms since 1970; 0 when the next one is not to wait. */
  full: z.int(),
  /** Which names levels and departments had in the last full read. */
  names: z.string(),
  /** Carriers that become something else by the clock alone: `id:second`, the soonest first. */
  due: z.array(z.string().regex(/^\d+:\d+$/)),
  /** Carriers that changed and were not read yet. */
  rest: z.array(digits),
})
export type Cursor = z.output<typeof form>

/** Null for what is none of ours: then everything is read. */
export function parseCursor(text: string | null): Cursor | null {
  if (text === null) return null
  try {
    return form.safeParse(JSON.parse(text)).data ?? null
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return null
  }
}

/**
 * More carriers than these that changed and were not read yet are not kept by name: everybody is read instead, which takes half as many
 * requests for each. With the longest ids these, and all else that a cursor holds, stay below the 1 MiB that it may have.
 */
export const restMax = 20_000

export function cursorText(cursor: Cursor): string {
  return JSON.stringify(cursor)
}

/** More than these are soon enough found by the next full read. */
const dueMax = 10_000

/** `turns`: when each carrier that was read now becomes something else, in ms; null: not by the clock. Those of the others stay. */
export function dueAfter(
  due: readonly string[],
  turns: ReadonlyMap<string, number | null>,
  horizonMs: number,
): string[] {
  const kept = due.map(parseDue).filter(({ id }) => !turns.has(id))
  const added = [...turns].flatMap(([id, at]) => (at === null || at > horizonMs ? [] : [{ id, at }]))
  return [...kept, ...added]
    .sort((a, b) => a.at - b.at)
    .slice(0, dueMax)
    .map(({ id, at }) => `${id}:${Math.ceil(at / 1000)}`)
}

/** Whose time has come. */
export function dueAt(due: readonly string[], now: number): readonly string[] {
  return due.map(parseDue).flatMap(({ id, at }) => (at <= now ? [id] : []))
}

function parseDue(entry: string): { readonly id: string; readonly at: number } {
  const colon = entry.indexOf(':')
  return { id: entry.slice(0, colon), at: Number(entry.slice(colon + 1)) * 1000 }
}
