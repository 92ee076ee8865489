/** The settings of one webhook: where it is, by what its server is known, and the secrets that messages are signed with. */
import { z } from 'zod'
import { hasOneTrust, oneTrust, originOf, receiverFields } from '../../src/connector/receiver-settings.ts'
import { parseWebhookSecret } from '../../src/connector/standard-webhook.ts'

const key = z.string().refine((text) => parseWebhookSecret(text) !== null, {
  error: 'expected whsec_ and 24 to 64 bytes in base64',
})

const url = z.string().refine((value) => originOf(value) !== null && new URL(value).hash === '', {
  error: 'expected https://host/path, without a user',
})

export const settings = z
  .strictObject({
    url: url.meta({
      title: 'Address',
      description:
        'Where events are posted to. Plain http is accepted for this machine only. One that holds a secret is given as a reference.',
      examples: ['https://siem.example.org/hooks/doors'],
    }),
    secret: key.meta({
      title: 'Secret',
      description: 'What messages are signed with, whsec_ and 24 to 64 bytes in base64; as a reference to a secret.',
      examples: [`\${file:/etc/gatehouse/webhook-secret}`],
      secret: true,
    }),
    previous_secret: key.optional().meta({
      title: 'Previous secret',
      description:
        'While the secret is being replaced: messages are signed with both, until every receiver knows the new one.',
      examples: [`\${file:/etc/gatehouse/webhook-secret-before}`],
      secret: true,
    }),
    mode: z
      .enum(['batched', 'structured'])
      .default('batched')
      .meta({
        title: 'Mode',
        description:
          'batched: many CloudEvents in one message (application/cloudevents-batch+json). structured: one in each (application/cloudevents+json), which is slower.',
        examples: ['structured'],
      }),
    batch_events: z
      .int()
      .min(1)
      .max(1000)
      .default(500)
      .meta({ title: 'Events in a message', description: 'At most, where they are batched.', examples: [100] }),
    batch_bytes: z
      .int()
      .min(1024)
      .max(8 * 1024 * 1024)
      .default(512 * 1024)
      .meta({
        title: 'Bytes of a message',
        description: 'At most, in bytes of JSON; many receivers take 100 KiB or 1 MiB.',
        examples: [100_000],
      }),
    ...receiverFields,
  })
  .refine(hasOneTrust, oneTrust)

export type WebhookSettings = z.output<typeof settings>
