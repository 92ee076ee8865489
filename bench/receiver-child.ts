/**
 * A receiver of webhooks in a process of its own. It verifies the signature of each batch and knows each event by its id, as a receiver must,
 * with as little work as that takes (ids are looked for, and nothing else is parsed), so that what it costs is not counted for the gateway.
 */
import { createHmac } from 'node:crypto'
import { authority } from '../test/support/receivers/certificates.ts'
import { type DoorRequest, openHttpDoor } from '../test/support/receivers/http-door.ts'
import { newWebhookSecret } from '../test/support/receivers/webhook.ts'
import { answerParent } from './child-process.ts'
import { type Moment, preciseNow } from './moment.ts'

export interface ReceiverFacts {
  readonly url: string
  readonly ca: string
  readonly secret: string
}

export interface Received {
  /** Different ones. */
  readonly events: number
  readonly batches: number
  readonly bytes: number
  /** Events that came again. */
  readonly again: number
  /** When the last batch that had anything new was answered, in ms since 1970. */
  readonly lastAt: number
}

const bodyBytesMax = 16 * 1024 * 1024
/** Within a text of JSON every quotation mark has a backslash before it: this is nothing but the beginning of an event. */
const head = '"specversion":"1.0","id":"'

const secret = newWebhookSecret()
const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
const ids = new Set<string>()
let counts = { batches: 0, bytes: 0, again: 0, lastAt: 0 }
/** The last one alone, unless somebody asks later when each event came. */
let taken: { readonly body: Buffer; readonly at: number }[] = []
let keeps = false

const door = await openHttpDoor({}, bodyBytesMax, (request, response) => {
  if (!isSigned(request)) {
    response.writeHead(401).end()
    return
  }
  const { body } = request
  const before = ids.size
  const found = take(body)
  response.writeHead(204).end()
  counts.batches += 1
  counts.bytes += body.length
  counts.again += found - (ids.size - before)
  const at = preciseNow()
  if (ids.size > before) counts.lastAt = at
  if (!keeps) taken = []
  taken.push({ body, at })
})

function isSigned(request: DoorRequest): request is DoorRequest & { readonly body: Buffer } {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers
  if (request.body === null || typeof signature !== 'string') return false
  const digest = createHmac('sha256', key).update(`${id}.${at}.`).update(request.body).digest('base64')
  return signature === `v1,${digest}`
}

/** Returns how many events are in it. */
function take(body: Buffer): number {
  let events = 0
  for (let at = body.indexOf(head); at >= 0; at = body.indexOf(head, at)) {
    at += head.length
    ids.add(body.toString('latin1', at, body.indexOf(0x22, at)))
    events += 1
  }
  return events
}

/** As Gatehouse tells it with `reveal: [door, vendor]`; the bare loop has no pseudonyms. */
interface Told {
  readonly id: string
  readonly data: {
    readonly reader: { readonly id: string; readonly systemId?: string } | null
    readonly vendor: { readonly detail: { readonly index?: string } }
  }
}

function traceOf({ data: { reader, vendor } }: Told): string {
  return `${reader?.systemId ?? reader?.id} ${vendor.detail.index}`
}

answerParent(
  {
    facts: (): ReceiverFacts => ({ url: `${door.origin}/hook`, ca: authority.pem, secret }),
    received: (): Received => ({ events: ids.size, ...counts }),
    /** From now on everything is kept, so that `arrivals` can tell of it. */
    keep(): void {
      keeps = true
    },
    /** When each event was acknowledged: one that came again, the first time. */
    arrivals(): readonly Moment[] {
      const first = new Map<string, number>()
      for (const { body, at } of taken)
        for (const told of JSON.parse(body.toString()) as Told[])
          if (!first.has(traceOf(told))) first.set(traceOf(told), at)
      return [...first].map(([trace, at]) => ({ trace, at }))
    },
    forget(): void {
      ids.clear()
      counts = { batches: 0, bytes: 0, again: 0, lastAt: 0 }
      taken = []
    },
    /** Whether a parser finds in the last batch what was looked for in all of them. @throws Error when not. */
    check(): void {
      const body = taken.at(-1)?.body ?? Buffer.from('[]')
      const told = JSON.parse(body.toString()) as Told[]
      if (told.length === 0 || told.length !== take(body) || !told.every(({ id }) => ids.has(id)))
        throw new Error('the ids of the last batch are not those that were looked for')
    },
  },
  () => door.stop(),
)
