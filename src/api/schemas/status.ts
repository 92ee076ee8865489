/** The answer about the gateway as a whole. */
import { z } from '@hono/zod-openapi'
import type { StatusView } from '../acts/status.ts'
import { count, durationMs, time, timeOrNull } from './values.ts'

export const statusView = z
  .object({
    version: z.string(),
    at: time.meta({ description: 'When this was asked, by the clock of the gateway.' }),
    startedAt: time,
    roles: z.array(z.string()).readonly(),
    queue: z.object({ backend: z.string(), ok: z.boolean() }),
    database: z
      .object({ used: count, max: count, waiting: count })
      .meta({ description: 'Connections of this process, and who waits for one.' }),
    people: z.record(z.string(), count).meta({ description: 'How many people are in each state.' }),
    sources: z
      .array(
        z.object({
          id: z.string(),
          lastDeliveryAt: timeOrNull,
          lastCompleteAt: timeOrNull,
          lastOutcome: z.string().nullable(),
          records: count.nullable(),
          overdue: z.boolean(),
        }),
      )
      .readonly(),
    sourcesWaitFor: z.array(z.string()).readonly().meta({
      description: 'Targets that have to tell their access levels before any source is read for the first time.',
    }),
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
          frozenSince: timeOrNull,
          forged: z.boolean(),
          restUntil: timeOrNull,
          reach: z.string().nullable(),
          sweptAt: timeOrNull,
          waitsForMatch: count,
          withoutPerson: count,
          deepSweep: z
            .object({
              begunAt: time,
              endedAt: timeOrNull,
              total: count,
              read: count,
              unreadable: count,
              accountsPerHour: count,
              hours: z.number().meta({ description: 'From its begin to its end, as it goes now.' }),
            })
            .nullable()
            .meta({ description: 'Single reads of accounts, where a list shows too little of them; null: none yet.' }),
          drifts: count,
          restoredAt: timeOrNull,
        }),
      )
      .readonly(),
    subscriptions: z
      .array(
        z.object({
          id: z.string(),
          state: z.enum(['enabled', 'disabled']),
          forged: z.boolean(),
          waiting: count.meta({ description: 'Events in the log that it has not come to yet.' }),
          failingSince: timeOrNull,
        }),
      )
      .readonly(),
    events: z
      .array(
        z.object({
          source: z.string(),
          heardAt: timeOrNull,
          clockMs: z
            .int()
            .nullable()
            .meta({ description: 'How far ahead of ours its clock is that is furthest from it; null: not known yet.' }),
        }),
      )
      .readonly(),
    lockouts: z.object({
      open: count,
      openAt: z.array(z.object({ target: z.string(), open: count, since: time })).readonly(),
      proven24h: count,
      p50Ms: durationMs,
      p99Ms: durationMs,
      maxMs: durationMs,
      byCause: z
        .array(z.object({ cause: z.string(), proven: count, p50Ms: count, p99Ms: count, maxMs: count }))
        .readonly(),
      signedOff: count,
    }),
    plans: z.object({ held: count }),
    frozenSince: timeOrNull.meta({ description: 'Since when all but lock-outs is stopped everywhere.' }),
    alarms: z
      .array(
        z.object({
          code: z.string(),
          scope: z.string(),
          since: time,
          count: count.nullable(),
          action: z.string().nullable(),
        }),
      )
      .readonly(),
    audit: z.object({ entries: count, pending: count }),
  })
  .openapi('Status') satisfies z.ZodType<StatusView>
