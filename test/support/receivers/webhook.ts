/** A receiver of webhooks that verifies each request with the packages a customer would use, and is stricter than they are. */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type CloudEvent, HTTP } from 'cloudevents'
import { Webhook } from 'standardwebhooks'
import { until } from '../servers.ts'
import { authority } from './certificates.ts'
import { objectionsToEvents, pairOf } from './cloud-event-rules.ts'
import { type FaultPlan, faultPlan, misbehave, takesIn } from './faults.ts'
import { type DoorOptions, type DoorRequest, type HttpDoor, openHttpDoor } from './http-door.ts'

export interface WebhookRequest {
  readonly webhookId: string | undefined
  /** Milliseconds since 1970 at which the whole request was there. */
  readonly atMs: number
  readonly headers: DoorRequest['headers']
  /** Whether its events were taken in. */
  readonly taken: boolean
  /** What the receiver found wrong; empty when it is right. */
  readonly objections: readonly string[]
}

export interface WebhookDelivery {
  readonly webhookId: string
  readonly mode: 'one' | 'batch'
  readonly events: readonly CloudEvent<unknown>[]
  /** Which of the accepted secrets signed it, by their place in the list. */
  readonly signedBy: readonly number[]
}

export interface WebhookReceiver extends Omit<HttpDoor, 'origin'> {
  /** `https://localhost:<port>/hook` */
  readonly url: string
  /** PEM of the authority that made its certificate. */
  readonly ca: string
  readonly faults: FaultPlan
  /** Signatures by any of these are good from now on: two while one takes the other's place. */
  accept(...secrets: string[]): void
  /** Every request, in order of arrival. */
  readonly requests: readonly WebhookRequest[]
  /** What was taken in, in order, duplicates too. */
  readonly deliveries: readonly WebhookDelivery[]
  /** What was taken in, in order, each (source, id) once. */
  readonly events: readonly CloudEvent<unknown>[]
  /** How many events came again after they had been taken in. */
  duplicates(): number
  /** Everything that was ever wrong with a request. A test of a good sender ends with `toEqual([])`. */
  objections(): readonly string[]
  /** Waits until so many different events are there. */
  received(count: number): Promise<readonly CloudEvent<unknown>[]>
}

const bodyBytesMax = 64 * 1024 * 1024
const modes = { 'application/cloudevents+json': 'one', 'application/cloudevents-batch+json': 'batch' } as const

/** A new secret as Standard Webhooks writes one. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** Answers 204 to what is right, 401 to what is not signed with one of `secrets`, 400 to what is wrong otherwise, 404 at other paths. */
export async function startWebhookReceiver(
  secrets: readonly string[],
  options: DoorOptions = {},
): Promise<WebhookReceiver> {
  let accepted = secrets
  const faults = faultPlan()
  const requests: WebhookRequest[] = []
  const deliveries: WebhookDelivery[] = []
  const events: CloudEvent<unknown>[] = []
  const known = new Map<string, CloudEvent<unknown>>()
  const bodies = new Map<string, string>()
  let duplicates = 0

  function take(delivery: WebhookDelivery): string[] {
    const objections: string[] = []
    deliveries.push(delivery)
    for (const event of delivery.events) {
      const before = known.get(pairOf(event))
      if (before === undefined) {
        known.set(pairOf(event), event)
        events.push(event)
      } else {
        duplicates++
        if (!isDeepStrictEqual(before.toJSON(), event.toJSON()))
          objections.push(`${pairOf(event)} came again and says something else`)
      }
    }
    return objections
  }

  const door = await openHttpDoor(options, bodyBytesMax, (request, response) => {
    const fault = faults.take()
    const verdict = judge(request, accepted)
    const objections = [...verdict.objections]
    const id = request.headers['webhook-id']
    const webhookId = typeof id === 'string' ? id : undefined
    if (webhookId !== undefined && request.body !== null) {
      const text = request.body.toString('latin1')
      if ((bodies.get(webhookId) ?? text) !== text) objections.push(`${webhookId} was tried with two bodies`)
      bodies.set(webhookId, text)
    }
    const taken = verdict.delivery !== null && takesIn(fault)
    if (verdict.delivery !== null && taken) objections.push(...take(verdict.delivery))
    requests.push({ webhookId, atMs: Date.now(), headers: request.headers, taken, objections })
    const answer = () => response.writeHead(verdict.status).end()
    if (fault === null) answer()
    else misbehave(fault, request, response, answer)
  })

  const { origin, ...control } = door
  const receiver: WebhookReceiver = {
    ...control,
    ...{ faults, requests, deliveries, events, ca: authority.pem, url: `${origin}/hook` },
    accept(...next: string[]) {
      accepted = next
    },
    duplicates: () => duplicates,
    objections: () => requests.flatMap(({ objections }) => objections),
    async received(count: number) {
      await until(
        () =>
          `${count} events at the webhook, which has ${events.length}; objections: ${receiver.objections().slice(0, 5).join('; ')}`,
        () => events.length >= count,
      )
      return events
    },
  }
  return receiver
}

interface Verdict {
  readonly status: number
  readonly objections: readonly string[]
  readonly delivery: WebhookDelivery | null
}

const refused = (status: number, ...objections: string[]): Verdict => ({ status, objections, delivery: null })

function judge(request: DoorRequest, secrets: readonly string[]): Verdict {
  const { method, path, headers, body } = request
  if (path !== '/hook') return refused(404, `no such path: ${path}`)
  if (method !== 'POST') return refused(405, `the method is ${method}`)
  if (body === null) return refused(413, 'the body is too long')
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim())
  const mode = Object.entries(modes).find(([known]) => known === type)?.[1]
  if (mode === undefined || parameters.some((parameter) => parameter.toLowerCase() !== 'charset=utf-8'))
    return refused(415, `the content type is ${headers['content-type']}`)
  const id = headers['webhook-id']
  const stamp = headers['webhook-timestamp']
  const signature = headers['webhook-signature']
  if (typeof id !== 'string' || !/^[\w-]+$/.test(id)) return refused(400, `the webhook-id is ${id}`)
  if (typeof stamp !== 'string' || !/^\d{10}$/.test(stamp)) return refused(400, `the webhook-timestamp is ${stamp}`)
  if (typeof signature !== 'string' || !/^v1,[\w+/]{43}=( v1,[\w+/]{43}=)*$/.test(signature))
    return refused(400, 'the webhook-signature is no list of v1 signatures')

  const signed = { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': signature }
  const failures: string[] = []
  const signedBy = secrets.flatMap((secret, index) => {
    try {
      new Webhook(secret).verify(body, signed, { jsonParse: false })
      return [index]
    } catch (error) {
      failures.push(`standardwebhooks: ${(error as Error).message}`)
      return []
    }
  })
  if (signedBy.length === 0) return refused(401, ...new Set(failures))
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    const objections = objectionsToEvents(JSON.parse(text), mode)
    if (objections.length > 0) return refused(400, ...objections)
    const events = [HTTP.toEvent<unknown>({ headers, body: text })].flat() as CloudEvent<unknown>[]
    for (const event of events) event.validate()
    return { status: 204, objections: [], delivery: { webhookId: id, mode, events, signedBy } }
  } catch (error) {
    return refused(400, `cloudevents: ${(error as Error).message}`)
  }
}
