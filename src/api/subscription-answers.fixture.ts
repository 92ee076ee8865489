/** Made-up answers about a subscription that fails. */
import type { SubscriptionActs } from './acts/subscriptions.ts'

const at = '2026-03-01T08:00:00.000Z'

const subscription = {
  ...{ id: 'siem', connector: 'webhook', feed: 'events', reveal: ['door'], state: 'enabled' as const },
  ...{ stateSince: at, stateCode: null, forged: false, waiting: 3, takenAt: at },
  failing: { since: at, attempts: 2, code: 'http.timeout', nextTryAt: at },
  positions: [{ source: 'hq', position: 4_711, newest: 4_714 }],
}

export const subscriptionAnswers: SubscriptionActs = {
  subscriptions: async () => [subscription],
  subscription: async () => subscription,
  enableSubscription: async () => undefined,
  disableSubscription: async () => undefined,
  testSubscription: async () => ({ taken: true, status: 200, code: null, tookMs: 4 }),
  replaySubscription: async () => ({ positions: 12 }),
  openSubscriptionFile: async () => ({ bytes: 3, content: ReadableStream.from([Buffer.from('abc')]) }),
  deliveries: async (_id, page) => ({
    rows: [
      {
        ...{ id: '7', outcome: 'taken' as const, at, endedAt: at, batches: 2, events: 30, erased: 0, unfiltered: 0 },
        ...{ lost: 0, attempt: 1, status: 200, code: null, longestMs: 12 },
        spans: [{ source: 'hq', from: 1, to: 30 }],
      },
    ],
    next: page.after === undefined ? '7' : null,
  }),
}
