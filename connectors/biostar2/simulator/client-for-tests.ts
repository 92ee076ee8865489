/** A bare HTTPS client that trusts one certificate, for the tests of this folder. */
import { Agent, request } from 'undici'
import { type BiostarSimulator, startBiostarSimulator } from './index.ts'
import type { SimulatorOptions } from './options.ts'

// An answer is whatever the server sent; tests look into it as deep as they like.
// biome-ignore lint/suspicious/noExplicitAny: the documents are checked by the expectations of each test
type Document = any

export interface Reply {
  status: number
  code: string | undefined
  headers: Record<string, string | string[] | undefined>
  body: Document
}

export interface Client {
  simulator: BiostarSimulator
  send(method: string, path: string, body?: unknown): Promise<Reply>
  login(password?: string, username?: string): Promise<Reply>
  session: string
  [Symbol.asyncDispose](): Promise<void>
}

/** A simulator without latency or delay, and a client that is logged in. */
export async function startLoggedIn(options: SimulatorOptions = {}): Promise<Client> {
  const client = await start(options)
  await client.login()
  return client
}

export async function start(options: SimulatorOptions = {}): Promise<Client> {
  const simulator = await startBiostarSimulator({ latency: { fixedMs: 0 }, deviceDelayMs: 0, ...options })
  const dispatcher = new Agent({ connect: { ca: simulator.ca }, connections: 64 })
  const client: Client = {
    simulator,
    session: '',
    async send(method, path, body) {
      const answer = await request(`${simulator.url}${path}`, {
        dispatcher,
        method: method as 'GET',
        headers: { 'content-type': 'application/json', 'bs-session-id': client.session },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.body.text()
      const parsed: Document = text.startsWith('{') ? JSON.parse(text) : text
      return { status: answer.statusCode, code: parsed.Response?.code, headers: answer.headers, body: parsed }
    },
    async login(password = simulator.password, username = simulator.username) {
      const answer = await client.send('POST', '/api/login', { User: { login_id: username, password } })
      client.session = String(answer.headers['bs-session-id'] ?? client.session)
      return answer
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      await simulator.close()
    },
  }
  return client
}

/** A valid body for `POST /api/users`, changed as wanted. */
export function newUser(id: string, changes: Record<string, unknown> = {}) {
  return {
    User: {
      user_id: id,
      name: `Sample Person ${id}`,
      user_group_id: { id: 1 },
      start_datetime: '2001-01-01T00:00:00.00Z',
      expiry_datetime: '2030-12-31T23:59:00.00Z',
      ...changes,
    },
  }
}

export function newCard(number: string) {
  return { CardCollection: { rows: [{ card_id: number, card_type: { id: '0', type: '1' } }] } }
}
