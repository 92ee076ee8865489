/** Every figure of the gateway's own: its name, its labels and what it says. `docs/metrics.md` is the same list as a page, held to this one by a test. */

interface Figure {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly name: `gatehouse_${string}`
  readonly labels: readonly string[]
  readonly help: string
  /** Upper bounds, in seconds; of a histogram. */
  readonly buckets?: readonly number[]
}

// Around the promise of one second: fine below it, coarse up to an hour.
const lockoutBuckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10, 30, 60, 300, 900, 3_600]
const ownBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 60]
// A clock that is wrong shows here as well.
const lagBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3_600]
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export const figures = {
  lockoutSeconds: {
    type: 'histogram',
    name: 'gatehouse_lockout_seconds',
    labels: ['target', 'proof', 'cause'],
    help: 'Time from the arrival of the news to the proven lock-out.',
    buckets: lockoutBuckets,
  },
  lockoutOwnSeconds: {
    type: 'histogram',
    name: 'gatehouse_lockout_own_seconds',
    labels: ['target'],
    help: 'Of the time to a proven lock-out, what was not spent waiting for the door system.',
    buckets: ownBuckets,
  },
  lockoutsOpen: {
    type: 'gauge',
    name: 'gatehouse_lockouts_open',
    labels: ['target'],
    help: 'Lock-outs that are decided and not proven.',
  },
  lockoutsOldest: {
    type: 'gauge',
    name: 'gatehouse_lockouts_oldest_open_seconds',
    labels: ['target'],
    help: 'Since when the oldest open lock-out is decided; 0 when none is open.',
  },
  workWaiting: {
    type: 'gauge',
    name: 'gatehouse_work_waiting',
    labels: ['target', 'lane'],
    help: 'Accounts that are not as desired yet, or are looked at once more.',
  },
  workOldest: {
    type: 'gauge',
    name: 'gatehouse_work_oldest_due_seconds',
    labels: ['target', 'lane'],
    help: 'Since when the oldest account is due that nobody works on; 0 when there is none.',
  },
  deadLetters: {
    type: 'gauge',
    name: 'gatehouse_dead_letters',
    labels: ['target'],
    help: 'Accounts that need a person before they are tried again.',
  },
  accounts: {
    type: 'gauge',
    name: 'gatehouse_accounts',
    labels: ['target'],
    help: 'Accounts that Gatehouse has brought about.',
  },
  accountsFailing: {
    type: 'gauge',
    name: 'gatehouse_accounts_failing',
    labels: ['target'],
    help: 'Accounts with parts that the target refused.',
  },
  drifts: {
    type: 'gauge',
    name: 'gatehouse_drifts',
    labels: ['target'],
    help: 'Changes behind our back that are still there, and that nobody accepted.',
  },
  deepSweepDone: {
    type: 'gauge',
    name: 'gatehouse_deep_sweep_done_ratio',
    labels: ['target'],
    help: 'Of the accounts that are read singly one after the other, the share that the sweep under way, or the last one, has read.',
  },
  deepSweepHours: {
    type: 'gauge',
    name: 'gatehouse_deep_sweep_hours',
    labels: ['target'],
    help: 'How long the deep sweep under way takes from begin to end, as it goes now, or the last one took.',
  },
  eventsAppended: {
    type: 'counter',
    name: 'gatehouse_events_appended_total',
    labels: ['source', 'class'],
    help: 'Events that are new in the log.',
  },
  eventsKnown: {
    type: 'counter',
    name: 'gatehouse_events_known_total',
    labels: ['source'],
    help: 'Events that were told again and are in the log already.',
  },
  eventsMalformed: {
    type: 'counter',
    name: 'gatehouse_events_malformed_total',
    labels: ['source'],
    help: 'Events that were not as a connector must report them, and are kept as far as that goes.',
  },
  eventsOther: {
    type: 'counter',
    name: 'gatehouse_events_other_total',
    labels: ['source'],
    help: 'Events, new in the log, that no type is for: of codes that nobody knows, and of those that are only kept.',
  },
  eventLagSeconds: {
    type: 'histogram',
    name: 'gatehouse_event_lag_seconds',
    labels: ['source'],
    help: 'From when an event happened, by the clock of its device, to when it was kept; of those that are told as they happen.',
    buckets: lagBuckets,
  },
  outboxRows: {
    type: 'gauge',
    name: 'gatehouse_outbox_rows',
    labels: [],
    help: 'Wake-ups that are not sent yet.',
  },
  outboxOldest: {
    type: 'gauge',
    name: 'gatehouse_outbox_oldest_seconds',
    labels: [],
    help: 'How long the oldest wake-up has been seen unsent; 0 when there is none.',
  },
  plansHeld: {
    type: 'gauge',
    name: 'gatehouse_plans_held',
    labels: [],
    help: 'Plans that wait for a release.',
  },
  alarms: {
    type: 'gauge',
    name: 'gatehouse_alarms',
    labels: ['code'],
    help: 'Alarms that are on; of codes that are off, 0.',
  },
  targetState: {
    type: 'gauge',
    name: 'gatehouse_target_state',
    labels: ['target', 'state'],
    help: '1 when the target is in this state: observed, paused, frozen, resting, unreachable or forged; several may hold.',
  },
  targetFailures: {
    type: 'gauge',
    name: 'gatehouse_target_failures_in_a_row',
    labels: ['target'],
    help: 'Failed answers since the last good one; from 5 on the breaker is open.',
  },
  frozen: {
    type: 'gauge',
    name: 'gatehouse_frozen',
    labels: [],
    help: '1 when all but lock-outs is stopped everywhere.',
  },
  sourceDelivery: {
    type: 'gauge',
    name: 'gatehouse_source_last_delivery_seconds',
    labels: ['source'],
    help: 'Since when nothing was delivered; from the first start on, when nothing ever was.',
  },
  sourceOutcome: {
    type: 'gauge',
    name: 'gatehouse_source_last_outcome',
    labels: ['source', 'outcome'],
    help: '1 for what the last delivery came to: taken, incomplete, refused or interrupted.',
  },
  sourceRecords: {
    type: 'gauge',
    name: 'gatehouse_source_records',
    labels: ['source'],
    help: 'Records in the last complete delivery.',
  },
  pullRecords: {
    type: 'counter',
    name: 'gatehouse_pull_records_total',
    labels: ['source', 'outcome'],
    help: 'Records read by this process.',
  },
  delivered: {
    type: 'counter',
    name: 'gatehouse_subscription_delivered_total',
    labels: ['subscription'],
    help: 'Events that the receiver took from this process.',
  },
  deliverySeconds: {
    type: 'histogram',
    name: 'gatehouse_subscription_seconds',
    labels: ['subscription'],
    help: 'From when the gateway got an event to when the receiver had it.',
    buckets: requestBuckets,
  },
  deliveryRefused: {
    type: 'counter',
    name: 'gatehouse_subscription_refused_total',
    labels: ['subscription'],
    help: 'Events that the receiver will never take, passed over by this process.',
  },
  deliveryFailures: {
    type: 'counter',
    name: 'gatehouse_subscription_failures_total',
    labels: ['subscription', 'kind'],
    help: 'Calls of this process that the receiver did not take.',
  },
  subscriptionWaiting: {
    type: 'gauge',
    name: 'gatehouse_subscription_waiting',
    labels: ['subscription'],
    help: 'Events in the log that it has not come to yet; those that are not for it among them.',
  },
  subscriptionState: {
    type: 'gauge',
    name: 'gatehouse_subscription_state',
    labels: ['subscription', 'state'],
    help: '1 when the subscription is in this state: failing, disabled or forged.',
  },
  applied: {
    type: 'counter',
    name: 'gatehouse_applied_total',
    labels: ['target', 'outcome'],
    help: 'Runs on accounts by this process that ended as applied, retry or dead.',
  },
  people: {
    type: 'gauge',
    name: 'gatehouse_people',
    labels: ['state'],
    help: 'People: future, active, suspended, left or unknown.',
  },
  auditPending: {
    type: 'gauge',
    name: 'gatehouse_audit_pending',
    labels: [],
    help: 'Audit entries that are not chained yet.',
  },
  connections: {
    type: 'gauge',
    name: 'gatehouse_database_connections',
    labels: ['state'],
    help: 'Connections of this process: used, or idle; and how many callers are waiting for one.',
  },
  connectionsMax: {
    type: 'gauge',
    name: 'gatehouse_database_connections_max',
    labels: [],
    help: 'How many connections this process may have at once, those of queues and notices not counted.',
  },
  queueUp: {
    type: 'gauge',
    name: 'gatehouse_queue_up',
    labels: ['backend'],
    help: '1 when the queue store answers.',
  },
  requests: {
    type: 'counter',
    name: 'gatehouse_http_requests_total',
    labels: ['method', 'route', 'status'],
    help: 'HTTP requests answered.',
  },
  requestSeconds: {
    type: 'histogram',
    name: 'gatehouse_http_request_seconds',
    labels: ['method', 'route'],
    help: 'Time to answer an HTTP request.',
    buckets: requestBuckets,
  },
  buildInfo: {
    type: 'gauge',
    name: 'gatehouse_build_info',
    labels: ['version', 'node'],
    help: 'Always 1: which program this is, and on which Node.js.',
  },
  role: {
    type: 'gauge',
    name: 'gatehouse_role',
    labels: ['role'],
    help: '1 for each role of this process.',
  },
} as const satisfies Readonly<Record<string, Figure>>

export type Figures = typeof figures
