/** The settings of one MQTT broker: where it is, by what it is known, who we are there, and under which topics events go. */
import { z } from 'zod'
import { hasOneTrust, oneTrust, receiverFields } from '../../src/connector/receiver-settings.ts'
import { isTopicTemplate, topicParts } from './topic.ts'

export const settings = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'expected a host name or an address' })
      .meta({ title: 'Host', description: 'Name or address of the broker.', examples: ['mqtt.example.org'] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(8883)
      .meta({ title: 'Port', description: 'Of MQTT over TLS.', examples: [8883] }),
    ...receiverFields,
    username: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ title: 'User name', description: 'Who we are at the broker.', examples: ['gatehouse'] }),
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({
        title: 'Password',
        description: 'As a reference to a secret.',
        examples: [`\${file:/etc/gatehouse/mqtt}`],
        secret: true,
      }),
    client_id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'expected up to 64 letters, digits, _ and -' })
      .optional()
      .meta({
        title: 'Client id',
        description:
          'Where the broker wants one that it knows. Nobody else may have it: a broker hangs up on the one before. Left out: the broker gives one.',
        examples: ['gatehouse-hq'],
      }),
    topic: z
      .string()
      .refine(isTopicTemplate, {
        error: `expected a topic without + and #, and no other parts than ${topicParts.map((part) => `{${part}}`).join(', ')}`,
      })
      .default('gatehouse/{gateway}/{system}/{event}')
      .meta({
        title: 'Topic',
        description:
          'Under which topic an event goes. {gateway} and {system}: from where. {class}: access, door, alarm, credential or system; of punches attendance. {event}: its name, with / for dots.',
        examples: ['acs/events/{system}/{class}'],
      }),
  })
  .refine(hasOneTrust, oneTrust)

export type MqttSettings = z.output<typeof settings>
