/** Answers about people: personal data in clear. */
import { z } from '@hono/zod-openapi'
import type { ExplanationView, PersonView, UnlockedView } from '../acts/people.ts'
import { grantView } from './grants.ts'
import { lockoutView } from './lockouts.ts'
import { count, scalarOrList, time, timeOrNull } from './values.ts'

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
  attrs: z.record(z.string(), scalarOrList),
  unknown: z.array(z.string()).readonly().meta({ description: 'Fields that the source hides or does not give.' }),
})

const partsView = z.object({
  lock: z.string(),
  deleted: z.boolean().meta({ description: 'There is to be no such account any more.' }),
  cards: z.record(z.string(), z.string()),
  levels: z.array(z.string()).readonly(),
})

const leaverView = z
  .object({ leftAt: time, levelsOffAt: time, cardsOffAt: time, deletedAt: timeOrNull })
  .nullable()
  .meta({ description: 'When what of a leaver is taken away, unless a plan or protection holds it.' })

const suspensionOfAccount = z
  .object({
    id: z.string(),
    state: z.enum(['shut', 'waits', 'forged']).meta({
      description:
        '`waits`: not shut yet, for the brake or since the person is protected; `forged`: somebody else wrote it, and it is shut anew within seconds.',
    }),
    since: timeOrNull,
  })
  .nullable()
  .meta({ description: 'What the person presents there changed unexpectedly: see /v1/suspensions.' })

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
    leaver: leaverView,
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
          waits: z
            .string()
            .nullable()
            .meta({ description: 'Why it is not made: one that a match found may be theirs.' }),
          suspension: suspensionOfAccount,
          failures: z.record(z.string(), z.object({ kind: z.string(), code: z.string() })).nullable(),
          actual: actualView.nullable(),
          actualAt: timeOrNull,
        }),
      )
      .readonly(),
    grants: z.array(grantView).readonly().meta({ description: 'Individual grants that are not over.' }),
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
                fields: z.array(z.object({ field: z.string(), known: z.boolean(), value: scalarOrList })).readonly(),
              }),
            )
            .readonly(),
        }),
      )
      .readonly(),
    notInForce: z.array(z.object(employmentName)).readonly(),
    individual: z.array(grantView).readonly().meta({ description: 'Given by name, besides the rules.' }),
    lockedByOperator: z.boolean(),
    heldOpenUntil: timeOrNull,
    leaver: leaverView,
    shutDespite: z
      .array(z.object({ target: z.string(), levels: z.array(z.string()).readonly() }))
      .readonly()
      .meta({ description: "Levels that a target's own rules give a leaver: the account stays, shut." }),
    records: z.array(z.object({ source: z.string(), presence: z.string(), missingSince: timeOrNull })).readonly(),
    written: z.array(z.object({ target: z.string(), profile })).readonly(),
  })
  .openapi('Explanation') satisfies z.ZodType<ExplanationView>

export const unlockedView = z.object({
  lifted: z.boolean().meta({ description: "An operator's lock was there, and is lifted." }),
  heldOpenUntil: timeOrNull.meta({ description: 'Null: the sources decide.' }),
  state: z.string().meta({ description: 'What the sources say.' }),
}) satisfies z.ZodType<UnlockedView>
