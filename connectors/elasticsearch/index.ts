/** Elasticsearch, or OpenSearch, as a receiver of events: what it is, and how it connects. */
import { z } from 'zod'
import { defineConnector, type Health, type SinkContext } from '../../src/connector/contract.ts'
import { receiverAddress } from '../../src/connector/receiver-settings.ts'
import { type Cluster, openCluster } from './client.ts'
import { failureOf } from './errors.ts'
import { assertClosed } from './front-door.ts'
import { type ElasticsearchSettings, settings } from './settings.ts'
import { createSink } from './sink.ts'
import { hasStream, templateName, templateState } from './template.ts'

export default defineConnector({
  id: 'elasticsearch',
  title: 'Elasticsearch or OpenSearch',
  vendor: {
    name: 'Elastic, OpenSearch',
    docs: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
    testedWith: ['the API of Elasticsearch 8.19 and 9.5', 'the API of OpenSearch 3.1'],
  },
  settings,
  capabilities: ['sink'],
  // Many read what a cluster keeps, and for long.
  reveal: [],
  limits: { concurrency: 1, requestsPerSecond: 50, requestTimeoutMs: 30_000 },
  address: (values) => receiverAddress(new URL(values.url).origin, values),
  async connect(values, context) {
    let cluster: Promise<Cluster> | undefined
    const opened = (): Promise<Cluster> => {
      cluster ??= openCluster(values, context.http)
      return cluster
    }
    return {
      sink: createSink(values, context, opened),
      health: async (signal) => health(values, await opened(), context, signal),
      async close() {},
    }
  },
})

const about = z.object({
  version: z.object({ number: z.string().regex(/^[0-9A-Za-z.-]{1,32}$/), distribution: z.string().optional() }),
})

/** Changes nothing. */
async function health(
  { data_stream: stream }: ElasticsearchSettings,
  cluster: Cluster,
  { http, now }: SinkContext,
  signal: AbortSignal,
): Promise<Health> {
  await assertClosed(http, now(), signal)
  const answer = await cluster.call((client, options) => client.info({}, options), signal)
  // A login that may only write is not told what it writes to.
  if (answer.status !== 200 && answer.status !== 403) throw failureOf(answer, now())
  const { data } = about.safeParse(answer.body)
  return {
    product: data?.version.distribution === 'opensearch' ? 'OpenSearch' : 'Elasticsearch',
    version: data?.version.number ?? 'of unknown version',
    reach: 'accepted',
    problems: await problemsOf(cluster, stream, now(), signal),
  }
}

async function problemsOf(
  cluster: Cluster,
  stream: string,
  now: Date,
  signal: AbortSignal,
): Promise<Health['problems']> {
  const template = await templateState(cluster, stream, now, signal)
  const warning = (code: string, message: string) => [{ severity: 'warning' as const, code, message }]
  if (template === 'there') return []
  if (template === 'older') {
    const message = `The template ${templateName(stream)} is older than this version of Gatehouse: delete it there, and roll the data stream over once the next event has come.`
    return warning('elasticsearch.template-older', message)
  }
  if (await hasStream(cluster, stream, now, signal)) {
    if (template === 'unknown') return []
    const message = `The data stream ${stream} was made without our template ${templateName(stream)}: the next event puts it there where the login may, for what is written after a roll-over.`
    return warning('elasticsearch.template-missing', message)
  }
  if (template === 'missing') {
    const message = `The template ${templateName(stream)} is not there yet: the first event puts it there where the login may (manage_index_templates), else install it as the page of the connector says.`
    return warning('elasticsearch.template-missing', message)
  }
  const message = `There is no data stream ${stream} that the login can see, and it may not look for templates: install the template as the page of the connector says, make the data stream, and let the login see it (view_index_metadata).`
  return [{ severity: 'error', code: 'elasticsearch.no-stream', message }]
}
