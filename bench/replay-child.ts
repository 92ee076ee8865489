/** A bare loop: logs in and sends given requests to a door system, so many at a time, and does nothing with the answers. */
import { Pool } from 'undici'
import { answerParent } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import { logIn } from './log-in.ts'
import type { SentRequest } from './sent-requests.ts'

export interface ReplayRequest {
  readonly simulator: SimulatorFacts
  readonly requests: readonly SentRequest[]
  readonly atOnce: number
}

export interface Replayed {
  readonly ms: number
  /** When each request began and ended, in ms since the start. */
  readonly spans: readonly (readonly [number, number])[]
  readonly refused: number
}

answerParent({
  async replay({ simulator, requests, atOnce }: ReplayRequest): Promise<Replayed> {
    const pool = new Pool(simulator.url, { connections: atOnce, pipelining: 1, connect: { ca: simulator.ca } })
    const headers = await headersOf(pool, simulator)
    const spans: [number, number][] = []
    let refused = 0
    let next = 0
    const begun = performance.now()
    const one = async (): Promise<void> => {
      for (let at = next++; at < requests.length; at = next++) {
        const { method, path, body } = requests[at] as SentRequest
        const from = performance.now() - begun
        const answer = await pool.request({
          method: method as 'GET',
          path,
          headers: body === null ? headers.bare : headers.withBody,
          body,
        })
        await answer.body.text()
        if (answer.statusCode >= 400) refused += 1
        spans[at] = [from, performance.now() - begun]
      }
    }
    await Promise.all(Array.from({ length: atOnce }, one))
    const ms = performance.now() - begun
    await pool.close()
    return { ms, spans, refused }
  },
})

/** HTTP Basic with every request, or a session of its own. */
async function headersOf(pool: Pool, simulator: SimulatorFacts) {
  if (simulator.kind === 'aeos') {
    const credentials = Buffer.from(`${simulator.username}:${simulator.password}`).toString('base64')
    const bare = { authorization: `Basic ${credentials}` }
    return { bare, withBody: { ...bare, 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' } }
  }
  const bare = { 'bs-session-id': await logIn(pool, simulator) }
  return { bare, withBody: { ...bare, 'content-type': 'application/json' } }
}
