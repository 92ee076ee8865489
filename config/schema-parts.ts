/** Keys that several sections of the configuration file have in common, each described once. */
import { z } from 'zod'
import { durationMs } from '../src/model/duration.ts'
import { referenceText } from './reference.ts'

export const id = z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 lower-case letters, digits and hyphens')

export const duration = z
  .string()
  .transform((text, context) => {
    const ms = durationMs(text)
    if (ms !== null) return ms
    context.addIssue('expected a duration such as 2s, 20h or 7d (ms, s, m, h, d, w), up to ten years')
    return z.NEVER
  })
  .meta({ takes: 'duration' })

export const expression = z.string().min(1).max(8192).meta({ takes: 'CEL' })

export const connector = z
  .string()
  .min(1)
  .meta({
    title: 'Connector',
    description: 'Which kind of system this is: the name of a folder in connectors/.',
    examples: ['csv', 'biostar2'],
  })

export const settings = z
  .record(z.string(), z.unknown())
  .default({})
  .meta({
    title: 'Settings',
    description: `What the connector needs to know. Secrets as ${referenceText('env', 'NAME')} or ${referenceText('file', 'PATH')}, never as they are.`,
    takes: 'map',
    examples: [{ folder: '/srv/drop/workers' }],
  })

export const concurrency = z
  .int()
  .min(1)
  .max(256)
  .optional()
  .meta({
    title: 'Concurrent requests',
    description: 'Default: what the connector says that the system bears.',
    examples: [8],
  })

export const requestsPerSecond = z
  .number()
  .gt(0)
  .max(10_000)
  .optional()
  .meta({
    title: 'Requests per second',
    description: 'Default: what the connector says that the system bears.',
    examples: [50],
  })
