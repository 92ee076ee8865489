import { expect, test } from 'vitest'
import { parseWebhookSecret, webhookHeaders } from './standard-webhook.ts'

test('signs as the specification does in its own example', () => {
  const key = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') as Buffer
  const headers = webhookHeaders(
    [key],
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    new Date(1_614_265_330_999),
    '{"test": 2432232314}',
  )
  expect(headers).toMatchObject({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test.each([
  ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['another alphabet', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_w'],
  ['23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`],
  ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
  ['nothing', ''],
])('takes no secret with %s', (_what, text) => {
  expect(parseWebhookSecret(text)).toBeNull()
})

test.each([24, 64])('takes %i bytes', (bytes) => {
  expect(parseWebhookSecret(`whsec_${Buffer.alloc(bytes, 1).toString('base64')}`)).toEqual(Buffer.alloc(bytes, 1))
})

test('while a secret is replaced each message is signed with both', () => {
  const keys = [Buffer.alloc(24, 1), Buffer.alloc(24, 2)]
  const both = webhookHeaders(keys, 'a', new Date(0), '{}')['webhook-signature']
  const each = keys.map((key) => webhookHeaders([key], 'a', new Date(0), '{}')['webhook-signature'])
  expect(both).toBe(each.join(' '))
})
