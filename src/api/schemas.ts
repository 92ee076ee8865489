/** What the API answers, as schemas: each is checked by the compiler against the act that gives it. */
import { z } from '@hono/zod-openapi'
import type { ArchiveView, LevelView, PersonView, PlanChangeView, PlanView, StatusView, TokenView } from './acts.ts'

const time = z.iso.datetime({ offset: true })
const timeOrNull = time.nullable()
const count = z.int().min(0)
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
    before: z.string().nullable(),
    after: z.string().nullable(),
    held: z.boolean(),
    dropped: z.boolean(),
  })
  .openapi('PlanChange') satisfies z.ZodType<PlanChangeView>

export const personView = z
  .object({
    id: z.string(),
    state: z.string(),
    protected: z.boolean(),
    lockedByOperator: z.boolean(),
    nextChangeAt: timeOrNull,
    profile: z.unknown().meta({ description: 'Personal data in clear: names, employments, cards.' }),
    accounts: z
      .array(
        z.object({
          target: z.string(),
          account: z.string(),
          externalId: z.string(),
          wanted: z.unknown(),
          desired: z.unknown(),
          settled: z.boolean(),
          failures: z.unknown(),
          actual: z.unknown(),
          actualAt: timeOrNull,
        }),
      )
      .readonly(),
    lockouts: z.array(z.unknown()).readonly(),
  })
  .openapi('Person') satisfies z.ZodType<PersonView>

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
