/** Answers about the configuration. */
import { z } from '@hono/zod-openapi'
import type { ConfigView, ProposedConfigView, ReleasedConfigView } from '../acts/configuration.ts'
import { count, time } from './values.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)

const releasedConfig = z
  .object({
    version: count,
    digest,
    releasedAt: time,
    releasedBy: z.string().nullable().meta({ description: 'Null: the file of an empty gateway.' }),
    sections: z
      .record(z.string(), z.unknown())
      .meta({ description: 'As written, by name; secrets as their references.' }),
  })
  .openapi('ReleasedConfiguration') satisfies z.ZodType<ReleasedConfigView>

const proposedConfig = z
  .object({
    version: count,
    digest,
    proposedAt: time,
    edits: z
      .array(z.object({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }))
      .readonly()
      .meta({ description: 'By path; null where there was, or is to be, nothing.' }),
    notes: z.array(z.string()).readonly().meta({ description: 'What follows beyond what can be counted.' }),
    effect: z
      .object({
        people: count,
        accounts: count,
        kinds: z.array(z.object({ kind: z.string(), target: z.string(), accounts: count })).readonly(),
        given: z.array(count).readonly().nullable().meta({
          description: 'People whom each rule gives its levels, in the order of the rules; null while nobody is known.',
        }),
      })
      .nullable()
      .meta({ description: 'What would change; null while it is being counted.' }),
    obstacles: z
      .array(z.object({ code: z.string(), message: z.string() }))
      .readonly()
      .meta({ description: 'Why it can not be released as things are.' }),
  })
  .openapi('ProposedConfiguration') satisfies z.ZodType<ProposedConfigView>

export const configView = z
  .object({ released: releasedConfig, proposed: proposedConfig.nullable() })
  .openapi('Configuration') satisfies z.ZodType<ConfigView>

export const configStanding = z.object({
  standing: z.enum(['in-force', 'proposed', 'rejected']),
})

export const decidedConfig = z.object({ version: count })
