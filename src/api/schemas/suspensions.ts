/** Answers about suspended accounts and enrolment windows. */
import { z } from '@hono/zod-openapi'
import type { EnrolmentView, SuspensionView } from '../acts/suspensions.ts'
import { time, timeOrNull } from './values.ts'

export const suspensionView = z
  .object({
    id: z.string(),
    account: z.string(),
    person: z.string(),
    target: z.string(),
    state: z.enum(['waits', 'shut', 'lifted', 'forged']).meta({
      description:
        'waits: not shut before an admin releases it. shut: until two people have approved. forged: its row was changed outside Gatehouse; it is suspended anew within seconds.',
    }),
    waitsFor: z.enum(['brake', 'protected']).nullable(),
    cause: z.string().meta({
      description:
        'How what was found last shows. event: the system told of a change of which nothing is to be seen. biometrics: other counts of fingers or faces. pin, card: one that nobody ordered. record: it was changed, and nothing of that is to be seen. unread: it could not be looked at.',
    }),
    foundAt: time,
    lastFoundAt: time,
    shutAt: timeOrNull,
    keptAt: timeOrNull,
    keptBy: z.string().nullable().meta({ description: 'Who said that it stays shut.' }),
    liftedAt: timeOrNull,
    approvals: z
      .array(z.object({ by: z.string().nullable(), at: time, reason: z.string().nullable() }))
      .readonly()
      .meta({ description: 'Of what was found last; two different people open the account. Reasons not in lists.' }),
  })
  .openapi('Suspension') satisfies z.ZodType<SuspensionView>

export const enrolmentView = z
  .object({
    id: z.string(),
    person: z.string(),
    openedAt: time,
    openedBy: z.string().nullable(),
    until: time,
    closedAt: timeOrNull,
    closedBy: z.string().nullable(),
    forged: z.boolean().meta({ description: 'Its row was changed outside Gatehouse: it explains nothing.' }),
  })
  .openapi('Enrolment') satisfies z.ZodType<EnrolmentView>

export const approved = z.object({
  lifted: z.boolean().meta({ description: 'False: one more, other, person must approve.' }),
})
export const released = z.object({ lockouts: z.array(z.string()).readonly() })
