/** Somebody outside who is told of events: checks the signature of each message, as Standard Webhooks says, and keeps what it was told. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  /** Its number at that source. */
  readonly sequence: string
  /** The whole of it. */
  readonly text: string
  readonly receivedAt: number
}

export interface EventReceiver extends AsyncDisposable {
  readonly url: string
  readonly secret: string
  /** In the order in which they came; one that came twice is there twice. */
  readonly events: readonly ReceivedEvent[]
  /** Messages whose signature is not right. */
  wrongSignatures(): number
}

export async function openEventReceiver(): Promise<EventReceiver> {
  const key = randomBytes(32)
  const events: ReceivedEvent[] = []
  let wrong = 0
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    if (isSigned(request, body, key)) events.push(...eventsIn(body))
    else wrong += 1
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    secret: `whsec_${key.toString('base64')}`,
    events,
    wrongSignatures: () => wrong,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function isSigned({ headers }: IncomingMessage, body: string, key: Buffer): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', key).update(signed).digest()
  const [, given = ''] = /^v1,(\S+)/.exec(String(headers['webhook-signature'])) ?? []
  const shown = Buffer.from(given, 'base64')
  return shown.length === expected.length && timingSafeEqual(shown, expected)
}

function eventsIn(body: string): ReceivedEvent[] {
  const told = JSON.parse(body) as
    | Pick<ReceivedEvent, 'id' | 'source' | 'type' | 'sequence'>
    | Pick<ReceivedEvent, 'id' | 'source' | 'type' | 'sequence'>[]
  return [told].flat().map((event) => ({
    ...{ id: event.id, source: event.source, type: event.type, sequence: event.sequence },
    ...{ text: JSON.stringify(event), receivedAt: performance.now() },
  }))
}
