import { expect, test } from 'vitest'
import type { HttpRequest } from '../../connector/http.ts'
import { createAlarmWebhook } from './webhook.ts'

const { signal } = new AbortController()

function receiver(...statuses: readonly number[]) {
  const asked: HttpRequest[] = []
  const left = [...statuses]
  const webhook = createAlarmWebhook({
    http: {
      request: async (request) => {
        asked.push(request)
        return { status: left.shift() ?? 204, headers: {}, text: '' }
      },
    },
    ...{ path: '/hook', key: Buffer.alloc(24, 1), gateway: 'hq' },
  })
  return { webhook, bodies: () => asked.map(({ body }) => JSON.parse(body ?? '') as unknown), asked }
}

const notice = {
  ...{ id: '0b0f3a9e-6a3f-4f0c-9d5e-4c4f5d8f1a01', code: 'target.paused', scope: 'hq', is_on: true, count: 3 },
  at: new Date('2026-03-02T08:00:00Z'),
}

test('tells what came, what went, and what is of no alarm, each under one path and the id of its notice', async () => {
  const { webhook, bodies, asked } = receiver()
  await webhook.tell(notice, signal)
  await webhook.tell({ ...notice, is_on: false, count: null }, signal)
  await webhook.test(signal)
  expect(bodies()).toMatchObject([
    {
      type: 'alarm.on',
      timestamp: '2026-03-02T08:00:00.000Z',
      data: { gateway: 'hq', code: 'target.paused', scope: 'hq', count: 3 },
    },
    { type: 'alarm.off', data: { count: null } },
    { type: 'alarm.test', data: { code: 'alarm.test', scope: '' } },
  ])
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /hook', 'POST /hook', 'POST /hook'])
  expect(asked.slice(0, 2).map(({ headers }) => headers?.['webhook-id'])).toEqual([notice.id, notice.id])
})

test.each([199, 300, 401, 500])('a status of %i has not taken it', async (status) => {
  await expect(receiver(status).webhook.tell(notice, signal)).rejects.toMatchObject({
    code: `webhook.status-${status}`,
  })
})

test.each([200, 299])('a status of %i has', async (status) => {
  await receiver(status).webhook.tell(notice, signal)
})
