/** Reads how long a server asks us to wait (RFC 9110, section 10.2.3). */

/** In ms from `now`; null where the header is missing or says nothing that can be read. */
export function retryAfterMs(header: string | string[] | undefined, now: Date): number | null {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const until = Date.parse(text)
  return Number.isNaN(until) ? null : Math.max(0, until - now.getTime())
}
