/** What the configuration says about what people present at one target: what is done when it changes without an order. */
import { z } from 'zod'

export const targetGuard = z
  .strictObject({
    unexpected: z
      .enum(['report', 'suspend'])
      .default('report')
      .meta({
        title: 'Unexpected',
        description:
          'What is done when a finger, a face, a card or a PIN appears or changes without an order of Gatehouse and without an enrolment window. report: an alarm. suspend: the account is shut at once as well, until two people have approved that it opens.',
        examples: ['suspend'],
      }),
    brake: z
      .strictObject({
        min: z
          .int()
          .min(0)
          .default(5)
          .meta({ title: 'Minimum', description: 'So many may always be suspended within a day.', examples: [5] }),
        percent: z
          .number()
          .min(0)
          .max(100)
          .default(1)
          .meta({
            title: 'Percent',
            description: 'Of the accounts of ours at the target. The larger of both numbers counts.',
            examples: [1],
          }),
      })
      .prefault({})
      .meta({
        title: 'Brake',
        description:
          'Accounts that are suspended within a day, at most: further ones wait for an admin, with an alarm. Above the larger of 5 and 1 %.',
      }),
    template_digests: z
      .strictObject({
        legal_basis: z
          .string()
          .trim()
          .min(10, 'expected at least 10 characters: on what legal basis digests of biometric data are made')
          .max(500)
          .meta({
            title: 'Legal basis',
            description:
              'On what basis biometric data are processed so, in words that an auditor understands. Recorded in the audit trail with each version of the configuration that is released with it.',
            examples: ['Art. 9(2)(b) GDPR, works agreement of 2026-03-01 on access control, section 7'],
          }),
      })
      .exactOptional()
      .meta({
        title: 'Template digests',
        description:
          'Whether single reads of an account compare keyed digests of its fingers and faces, so that one is noticed that was swapped in the database of the system without a trace. Left out: no template is ever read. Of BioStar 2 alone.',
        examples: [{ legal_basis: 'Art. 9(2)(b) GDPR, works agreement of 2026-03-01 on access control, section 7' }],
      }),
  })
  .prefault({})
  .meta({
    title: 'Guard',
    description: 'Watches what people present: fingers, faces, cards and PINs that nobody ordered. See docs/guard.md.',
  })
