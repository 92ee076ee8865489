/** The login of a bare loop at BioStar 2. */
import type { Pool } from 'undici'
import type { SimulatorFacts } from './door-systems.ts'

/** Returns the session, for the header `bs-session-id`. */
export async function logIn(pool: Pool, { username, password }: SimulatorFacts): Promise<string> {
  const answer = await pool.request({
    method: 'POST',
    path: '/api/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ User: { login_id: username, password } }),
  })
  await answer.body.text()
  return String(answer.headers['bs-session-id'])
}
