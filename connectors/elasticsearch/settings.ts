/** The settings of one cluster: where it is, by what it is known, who we are there, and into which data stream events go. */
import { z } from 'zod'
import { hasOneTrust, oneTrust, originOf, receiverFields } from '../../src/connector/receiver-settings.ts'

const url = z
  .string()
  .refine((value) => originOf(value) !== null && new URL(value).href === `${originOf(value)}/`, {
    error: 'expected https://host:port without path and user',
  })
  .refine((value) => !value.startsWith('http:'), {
    error: 'expected https: whoever listens between us and a cluster without TLS reads who went where',
  })

/** What Elasticsearch takes as the name of a data stream, and OpenSearch as well. */
const streamName = /^[a-z0-9][a-z0-9._-]{0,99}$/

export const settings = z
  .strictObject({
    url: url.meta({
      title: 'Address',
      description: 'Of one node, or of what distributes to all of them. Without TLS none is accepted.',
      examples: ['https://logs.example.org:9200'],
    }),
    api_key: z
      .string()
      .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, { error: 'expected the encoded form of an API key, in base64' })
      .optional()
      .meta({
        title: 'API key',
        description:
          'Who we are at Elasticsearch, as it was encoded there; instead of a user. As a reference to a secret.',
        examples: [`\${file:/etc/gatehouse/elasticsearch}`],
        secret: true,
      }),
    username: z
      .string()
      .regex(/^[^:]{1,1024}$/, { error: 'expected a name without a colon' })
      .optional()
      .meta({ title: 'User name', description: 'Who we are, where it is no API key.', examples: ['gatehouse'] }),
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({
        title: 'Password',
        description: 'Of the user; as a reference to a secret.',
        examples: [`\${file:/etc/gatehouse/opensearch}`],
        secret: true,
      }),
    data_stream: z
      .string()
      .regex(streamName, { error: 'expected up to 100 small letters, digits, dots, _ and -' })
      .default('logs-gatehouse.events-default')
      .meta({
        title: 'Data stream',
        description: 'Where events are written to; each subscription should have its own.',
        examples: ['logs-gatehouse.events-hq'],
      }),
    batch_events: z
      .int()
      .min(1)
      .max(1000)
      .default(500)
      .meta({ title: 'Events in a request', description: 'At most.', examples: [100] }),
    batch_bytes: z
      .int()
      .min(1024)
      .max(8 * 1024 * 1024)
      .default(512 * 1024)
      .meta({
        title: 'Bytes of a request',
        description:
          'About how many, at most. A cluster takes 100 MiB, and many a proxy before it 1 MiB; one that is refused is sent in parts.',
        examples: [2_000_000],
      }),
    ...receiverFields,
  })
  .refine(hasOneTrust, oneTrust)
  .refine(
    ({ api_key, username, password }) =>
      api_key === undefined
        ? username !== undefined && password !== undefined
        : username === undefined && password === undefined,
    { error: 'give either api_key, or username and password', path: ['api_key'] },
  )

export type ElasticsearchSettings = z.output<typeof settings>
