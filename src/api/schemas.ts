/** What the API answers, as schemas: each is checked by the compiler against the act that gives it. */
import { z } from '@hono/zod-openapi'
import type {
  ArchiveView,
  AuditEntryView,
  ExplanationView,
  LevelView,
  LockoutView,
  PersonView,
  PlanChangeView,
  PlanView,
  SourceView,
  StatusView,
  TokenView,
} from './acts.ts'

const time = z.iso.datetime({ offset: true })
const timeOrNull = time.nullable()
const count = z.int().min(0)
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
const durationMs = z.number().nullable().meta({ description: 'Milliseconds.' })

export const statusView = z
  .object({
    version: z.string(),
    startedAt: time,
    roles: z.array(z.string()).readonly(),
    queue: z.object({ backend: z.string(), ok: z.boolean() }),
    people: z.record(z.string(), count).meta({ description: 'How many people are in each state.' }),
    sources: z
      .array(
        z.object({
          id: z.string(),
          lastDeliveryAt: timeOrNull,
          lastCompleteAt: timeOrNull,
          lastOutcome: z.string().nullable(),
          overdue: z.boolean(),
        }),
      )
      .readonly(),
    targets: z
      .array(
        z.object({
          id: z.string(),
          mode: z.string(),
          accounts: count,
          waiting: count,
          urgentWaiting: count,
          dead: count,
          failing: count,
          unreachable: z.boolean(),
          pausedBecause: z.string().nullable(),
          restUntil: timeOrNull,
          reach: z.string().nullable(),
        }),
      )
      .readonly(),
    lockouts: z.object({
      open: count,
      proven24h: count,
      p50Ms: durationMs,
      p99Ms: durationMs,
      maxMs: durationMs,
    }),
    plans: z.object({ held: count }),
    alarms: z.array(z.object({ code: z.string(), scope: z.string(), since: time })).readonly(),
    audit: z.object({ entries: count, pending: count }),
  })
  .openapi('Status') satisfies z.ZodType<StatusView>

export const syncResult = z
  .object({
    source: z.string(),
    outcome: z.string(),
    records: count,
    changed: count,
    problems: count,
    missing: count,
    plan: z.string().nullable(),
  })
  .openapi('SyncResult')

export const sourceView = z
  .object({
    id: z.string(),
    deliveries: z
      .array(
        z.object({
          id: z.string(),
          mode: z.string(),
          arrivedAt: time,
          outcome: z.string().nullable(),
          records: count,
          changed: count,
          problems: count,
          missing: count,
        }),
      )
      .readonly(),
    problemsOf: z.string().nullable(),
    problems: z
      .array(z.object({ place: z.string(), field: z.string().nullable(), code: z.string() }))
      .readonly()
      .meta({ description: 'By place, field and code; never by value.' }),
  })
  .openapi('Source') satisfies z.ZodType<SourceView>

export const planStates = ['held', 'passed', 'released', 'rejected', 'superseded'] as const

export const planView = z
  .object({
    id: z.string(),
    origin: z.string(),
    state: z.string(),
    hash: z.string(),
    createdAt: time,
    decidedAt: timeOrNull,
    decidedBy: z.string().nullable(),
    kinds: z
      .array(
        z.object({
          kind: z.string(),
          target: z.string(),
          changes: count,
          limit: z.number().nullable(),
          held: z.boolean(),
          why: z.string().nullable(),
        }),
      )
      .readonly(),
    total: count,
  })
  .openapi('Plan') satisfies z.ZodType<PlanView>

export const planChangeView = z
  .object({
    account: z.string(),
    person: z.string().nullable(),
    target: z.string(),
    kind: z.string(),
    part: z.string(),
    name: z.string().nullable().meta({ description: 'Of a level, as rules write it.' }),
    before: z.string().nullable(),
    after: z.string().nullable(),
    held: z.boolean(),
    dropped: z.boolean(),
  })
  .openapi('PlanChange') satisfies z.ZodType<PlanChangeView>

export const lockoutView = z
  .object({
    id: z.string(),
    person: z.string().nullable(),
    account: z.string(),
    target: z.string(),
    cause: z.string(),
    arrivedAt: time.meta({ description: 'When the news reached us: a lock-out is timed from here to `provenAt`.' }),
    decidedAt: time,
    startedAt: timeOrNull,
    acceptedAt: timeOrNull,
    provenAt: timeOrNull,
    proof: z.string().nullable().meta({ description: 'How far `provenAt` proves it: accepted, read-back, …' }),
    requests: count,
    waitingMs: z.number(),
    endedAt: timeOrNull,
  })
  .openapi('Lockout') satisfies z.ZodType<LockoutView>

const employmentView = z.object({
  key: z.string(),
  source: z.string(),
  kind: z.string().nullable(),
  start: z.string().nullable(),
  end: z.string().nullable().meta({ description: 'Last day with access, inclusive.' }),
  left: z.boolean(),
  suspended: z.boolean(),
  zone: z.string(),
  title: z.string().nullable(),
  department: z.string().nullable(),
  company: z.string().nullable(),
  site: z.string().nullable(),
  attrs: z.record(z.string(), scalar),
  unknown: z.array(z.string()).readonly().meta({ description: 'Fields that the source hides or does not give.' }),
})

const partsView = z.object({
  lock: z.string(),
  cards: z.record(z.string(), z.string()),
  levels: z.array(z.string()).readonly(),
})

const profile = z.record(z.string(), z.string().nullable())

const actualView = z.object({
  externalId: z.string(),
  lock: z.string(),
  validity: z.object({ from: z.string().nullable(), until: z.string().nullable() }),
  profile,
  cards: z.array(z.object({ card: z.string().nullable(), ref: z.string(), state: z.string() })).readonly(),
  levels: z.array(z.string()).readonly(),
  inheritedLevels: z.array(z.string()).readonly(),
  pin: z.boolean(),
  untouchable: z.boolean(),
})

export const personView = z
  .object({
    id: z.string(),
    state: z.string(),
    protected: z.boolean(),
    lockedByOperator: z.boolean(),
    nextChangeAt: timeOrNull,
    profile: z
      .object({
        facts: profile,
        kind: z.string().nullable(),
        employments: z.array(employmentView).readonly(),
        cards: z.array(z.object({ card: z.string(), state: z.string(), waits: z.boolean() })).readonly(),
      })
      .meta({ description: 'Personal data in clear: names, employments, cards.' }),
    accounts: z
      .array(
        z.object({
          target: z.string(),
          account: z.string(),
          externalId: z.string(),
          wanted: partsView,
          desired: partsView.nullable(),
          settled: z.boolean(),
          failures: z.record(z.string(), z.object({ kind: z.string(), code: z.string() })).nullable(),
          actual: actualView.nullable(),
          actualAt: timeOrNull,
        }),
      )
      .readonly(),
    lockouts: z.array(lockoutView).readonly(),
  })
  .openapi('Person') satisfies z.ZodType<PersonView>

const employmentName = { source: z.string(), employment: z.string() }

export const explanationView = z
  .object({
    personal: z.literal(true).meta({ description: 'Marks personal data: never log it.' }),
    at: time,
    state: z.enum(['future', 'active', 'suspended', 'left', 'unknown']),
    nextChangeAt: timeOrNull,
    rules: z
      .array(
        z.object({
          rule: count.meta({ description: 'Its place in the configuration, from 0.' }),
          grant: z.array(z.string()).readonly(),
          to: z.string(),
          outcome: z.enum(['granted', 'denied', 'unknown']),
          employments: z
            .array(
              z.object({
                ...employmentName,
                inForce: z.boolean(),
                verdict: z.enum(['granted', 'denied', 'unknown', 'failed']),
                code: z.string().nullable(),
                failedAt: z.object({ line: z.number(), column: z.number() }).nullable(),
                fields: z.array(z.object({ field: z.string(), known: z.boolean(), value: scalar })).readonly(),
              }),
            )
            .readonly(),
        }),
      )
      .readonly(),
    notInForce: z.array(z.object(employmentName)).readonly(),
    lockedByOperator: z.boolean(),
    heldOpenUntil: timeOrNull,
    records: z.array(z.object({ source: z.string(), presence: z.string(), missingSince: timeOrNull })).readonly(),
    written: z.array(z.object({ target: z.string(), profile })).readonly(),
  })
  .openapi('Explanation') satisfies z.ZodType<ExplanationView>

export const levelView = z
  .object({
    target: z.string(),
    id: z.string(),
    externalId: z.string(),
    name: z.string(),
    usedByRules: z.boolean(),
  })
  .openapi('Level') satisfies z.ZodType<LevelView>

export const archiveView = z
  .object({
    id: z.string(),
    source: z.string(),
    pull: z.string(),
    createdAt: time,
    expiresAt: time,
    bytes: count,
    state: z.enum(['kept', 'forged']),
  })
  .openapi('Archive') satisfies z.ZodType<ArchiveView>

export const auditEntryView = z
  .object({
    seq: z.int(),
    at: time,
    actor: z.string(),
    action: z.string(),
    object: z.string(),
    details: z.record(z.string(), z.unknown()),
    hash: z.string(),
  })
  .openapi('AuditEntry') satisfies z.ZodType<AuditEntryView>

export const auditVerdict = z
  .object({
    ok: z.boolean(),
    entries: count,
    head: z.string().nullable(),
    brokenAt: z.number().nullable(),
    why: z.string().nullable(),
  })
  .openapi('AuditVerdict')

export const tokenView = z
  .object({
    id: z.string(),
    subject: z.string(),
    name: z.string(),
    role: z.string(),
    createdAt: time,
    expiresAt: time,
    revokedAt: timeOrNull,
  })
  .openapi('Token') satisfies z.ZodType<TokenView>
