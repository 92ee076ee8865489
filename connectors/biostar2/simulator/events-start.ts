/** `POST /api/events/start`: from here on the sockets of this session get events. Any body is taken, and none. */
import { Refusal } from './envelope.ts'
import type { Answer, Call } from './route.ts'

export function startEvents({ simulation, sessionId }: Call): Answer {
  const { feed, options, quirks } = simulation
  if (feed.start(sessionId) > 0) return {}
  const seen = options.product === 'biostarx' ? 'silent' : 'refused'
  const early = quirks.earlyStart === 'by-product' ? seen : quirks.earlyStart
  // HTTP 500 with a normal envelope was seen, without its code; 1100, "socket not found", is the console text that fits.
  if (early === 'refused') throw new Refusal('1100', { status: 500 })
  return {}
}
