import { createHmac } from 'node:crypto'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { CloudEvent, HTTP } from 'cloudevents'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { until } from '../servers.ts'
import { newWebhookSecret, startWebhookReceiver, type WebhookReceiver } from './webhook.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

const open = { specversion: '1.0', source: '/gate', type: 'access.granted', time: '2026-11-26T10:00:00Z' }
const secret = newWebhookSecret()
const batch = 'application/cloudevents-batch+json'

/** Signs by hand, so that the packages of the receiver are not asked about themselves. */
function sign(id: string, stamp: string, body: string, secrets: readonly string[]): string {
  return secrets
    .map((one) => Buffer.from(one.slice('whsec_'.length), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64')}`)
    .join(' ')
}

async function send(
  receiver: WebhookReceiver,
  body: string,
  headers: Record<string, string> = {},
  secrets: readonly string[] = [secret],
  limitMs = 5_000,
): Promise<Answer> {
  const id = headers['webhook-id'] ?? `msg_${Math.random().toString(36).slice(2)}`
  const stamp = headers['webhook-timestamp'] ?? String(Math.floor(Date.now() / 1000))
  const own = { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': sign(id, stamp, body, secrets) }
  return new Promise((resolve, reject) => {
    const sent = request(
      receiver.url,
      {
        ca: receiver.ca,
        method: 'POST',
        headers: { 'content-type': batch, ...own, ...headers },
        agent: false,
        signal: AbortSignal.timeout(limitMs),
      },
      (response) =>
        text(response).then(
          (body) => resolve({ status: response.statusCode, headers: response.headers, text: body }),
          reject,
        ),
    )
    sent.once('error', reject).end(body)
  })
}

test('takes signed batches and single events, and two secrets while one takes the place of the other', async () => {
  const [old, fresh] = [newWebhookSecret(), newWebhookSecret()]
  await using receiver = await startWebhookReceiver([old])
  const events = ['1', '2'].map((id) => ({ ...open, id, subject: 'door/1', traceparent: '00-1-2-00', data: { ä: id } }))
  const sent = (await send(receiver, JSON.stringify(events), {}, [old])).status
  expect(sent).toBe(204)
  receiver.accept(old, fresh)
  expect((await send(receiver, JSON.stringify([events[1]]), {}, [old, fresh])).status).toBe(204)
  receiver.accept(fresh)
  expect((await send(receiver, JSON.stringify([]), {}, [old])).status).toBe(401)

  // What the packages make themselves, in the structured mode.
  const message = HTTP.structured(new CloudEvent({ ...open, id: '3' }))
  const stamp = new Date()
  const signature = new Webhook(fresh).sign('msg_3', stamp, String(message.body))
  const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': 'msg_3' }
  const made = {
    ...headers,
    'webhook-timestamp': String(Math.floor(stamp.getTime() / 1000)),
    'webhook-signature': signature,
  }
  expect((await send(receiver, String(message.body), made)).status).toBe(204)
  expect((await receiver.received(3)).map(({ id, data }) => [id, data])).toEqual([
    ['1', { ä: '1' }],
    ['2', { ä: '2' }],
    ['3', undefined],
  ])
  expect(receiver.deliveries.map(({ mode, signedBy }) => [mode, signedBy])).toEqual([
    ['batch', [0]],
    ['batch', [0, 1]],
    ['one', [0]],
  ])
  expect(receiver.duplicates()).toBe(1)
  expect(receiver.objections()).toEqual(['standardwebhooks: No matching signature found'])
})

test('refuses what is unsigned, altered, old or malformed, and takes in nothing of it', async () => {
  await using receiver = await startWebhookReceiver([secret])
  const good = { ...open, id: '1' }
  const now = Math.floor(Date.now() / 1000)
  const wrong: [number, unknown, Record<string, string>?, string[]?][] = [
    [401, [good], {}, [newWebhookSecret()]],
    [401, [good], { 'webhook-timestamp': String(now - 400) }],
    [401, [good], { 'webhook-timestamp': String(now + 400) }],
    [400, [good], { 'webhook-timestamp': `${now}abc` }],
    [400, [good], { 'webhook-signature': '' }],
    [400, [good], { 'webhook-id': 'a.b' }],
    [415, [good], { 'content-type': 'application/json' }],
    [400, good],
    [400, [good], { 'content-type': 'application/cloudevents+json' }],
    [400, [good, good]],
    ...[
      { id: '' },
      { source: '' },
      { type: undefined },
      { specversion: '0.3' },
      { time: '2026-11-26 10:00:00' },
      { time: '2026-11-26T10:00:00' },
      { subject: '' },
      { Door: 'x' },
      { door_id: 'x' },
      { door: { nested: 1 } },
      { data: 1, data_base64: 'AA==' },
    ].map((change): [number, unknown] => [400, [{ ...good, ...change }]]),
  ]
  for (const [status, body, headers, secrets] of wrong)
    expect((await send(receiver, JSON.stringify(body), headers, secrets)).status, JSON.stringify([body, headers])).toBe(
      status,
    )
  expect((await send(receiver, '[')).status).toBe(400)
  expect(receiver.objections().length).toBeGreaterThanOrEqual(wrong.length)
  expect(receiver.requests.every(({ taken, objections }) => !taken && objections.length > 0)).toBe(true)

  // The same pair with another content, and the same message with another body, are a fault of the sender, though each alone is right.
  const before = receiver.objections().length
  await send(receiver, JSON.stringify([good]), { 'webhook-id': 'same' })
  await send(receiver, JSON.stringify([{ ...good, type: 'access.denied' }]), { 'webhook-id': 'same' })
  expect(receiver.objections().slice(before)).toEqual([
    'same was tried with two bodies',
    '["/gate","1"] came again and says something else',
  ])
  expect(receiver.events).toHaveLength(1)
})

test('misbehaves as it is told, with or without taking in what was sent', async () => {
  await using receiver = await startWebhookReceiver([secret])
  const { faults } = receiver
  const batchOf = (id: string) => JSON.stringify([{ ...open, id }])
  faults.next({ status: 503, headers: { 'retry-after': '7' }, body: 'later' })
  expect(await send(receiver, batchOf('1'))).toMatchObject({
    status: 503,
    headers: { 'retry-after': '7' },
    text: 'later',
  })
  faults.next({ redirect: 'https://127.0.0.1/elsewhere' })
  expect(await send(receiver, batchOf('1'))).toMatchObject({
    status: 307,
    headers: { location: 'https://127.0.0.1/elsewhere' },
  })
  expect(receiver.events).toEqual([])
  for (const [id, cut] of [
    ['1', 'unanswered'],
    ['2', 'half-answered'],
  ] as const) {
    faults.next({ cut, taken: true })
    await expect(send(receiver, batchOf(id))).rejects.toThrow(/socket hang up|aborted/)
  }
  for (const fault of [{ hang: true }, { drip: true }] as const) {
    faults.next(fault)
    await expect(send(receiver, batchOf('3'), {}, [secret], 200)).rejects.toThrow(/aborted/)
  }
  faults.next({ hugeBytes: 3_000_000 })
  expect((await send(receiver, batchOf('4'))).text).toHaveLength(3_000_000)
  faults.next({ slowMs: 100 })
  const begun = performance.now()
  expect((await send(receiver, batchOf('5'))).status).toBe(204)
  expect(performance.now() - begun).toBeGreaterThan(90)
  expect(receiver.events.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5'])

  faults.always({ status: 410 })
  expect((await send(receiver, batchOf('6'))).status).toBe(410)
  faults.always(null)
  await receiver.stop()
  await expect(send(receiver, batchOf('6'))).rejects.toThrow('ECONNREFUSED')
  await receiver.start()
  expect((await send(receiver, batchOf('6'))).status).toBe(204)
  expect(receiver.objections()).toEqual([])
})

test('shows an expired certificate and one for another name, and no request comes through either', async () => {
  for (const [certificate, complaint] of [
    ['expired', 'certificate has expired'],
    ['elsewhere', "does not match certificate's altnames"],
  ] as const) {
    await using receiver = await startWebhookReceiver([secret], { certificate })
    await expect(send(receiver, '[]')).rejects.toThrow(complaint)
    await until('the connection is seen', () => receiver.connections() === 1)
    expect(receiver.requests).toEqual([])
  }
})
