/** JSON that is safe to show: it can't move the cursor, colour the screen or reverse the reading direction. */

/** Control characters beyond ASCII are escaped too; reading it back gives the same value. */
export function plainJson(value: unknown, indent?: number): string {
  const escaped = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value ?? null, null, indent).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    escaped,
  )
}
