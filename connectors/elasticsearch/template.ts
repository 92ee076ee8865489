/** The template of the data stream: what of a document can be searched for. Of all else the document is kept, and nothing is guessed. */
import type { estypes } from '@elastic/elasticsearch'
import { ConnectorError } from '../../src/connector/errors.ts'
import type { Answer, Cluster } from './client.ts'
import { failureOf, noStream } from './errors.ts'

/** Raised with every change of the mappings. */
const version = 1

/** Above the 100 of the template that Elasticsearch has for all of logs-*. */
const priority = 500

const keyword = { type: 'keyword', ignore_above: 1024 } as const
const date = { type: 'date' } as const
const yesNo = { type: 'boolean' } as const
const words = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, keyword])) })

/** A field that is not here is kept and not looked at: so no system can fill the mappings with names of its own, or clash with them. */
const mappings: estypes.MappingTypeMapping = {
  dynamic: false,
  properties: {
    '@timestamp': date,
    event: {
      properties: {
        ...words('id', 'dataset', 'kind', 'action', 'outcome').properties,
        sequence: { type: 'long' },
        created: date,
      },
    },
    cloudevent: words('source', 'type', 'subject'),
    gatehouse: {
      properties: {
        ...words('type', 'class', 'decision', 'system', 'site', 'direction', 'verify', 'deviceKey', 'account')
          .properties,
        ...{ at: date, recordedAt: date, receivedAt: date, approximate: yesNo, live: yesNo, active: yesNo },
        door: words('id', 'systemId', 'name'),
        reader: words('id', 'systemId', 'name'),
        person: words('id', 'employeeNumber', 'givenName', 'familyName', 'preferredName', 'email', 'department'),
        card: words('id', 'text'),
        vendor: words('code', 'name'),
      },
    },
  },
}

/** Without a word about how long documents are kept: the two products say that in ways that the other refuses. */
export function templateFor(stream: string) {
  return {
    index_patterns: [stream],
    data_stream: {},
    priority,
    version,
    template: { mappings },
    _meta: { description: 'events of Gatehouse', managed_by: 'gatehouse' },
  }
}

export const templateName = (stream: string): string => `gatehouse-${stream}`

type State = 'there' | 'older' | 'missing' | 'unknown'

/** `unknown` where the login may not ask. @throws ConnectorError for any other answer. */
export async function templateState(cluster: Cluster, stream: string, now: Date, signal: AbortSignal): Promise<State> {
  const name = templateName(stream)
  const answer = await cluster.call((client, options) => client.indices.getIndexTemplate({ name }, options), signal)
  if (answer.status === 404) return 'missing'
  if (answer.status === 403) return 'unknown'
  if (answer.status !== 200) throw failureOf(answer, now)
  return versionIn(answer) < version ? 'older' : 'there'
}

/** What somebody put there without one is taken for newer: nobody's template is replaced. */
function versionIn({ body }: Answer): number {
  const { index_templates: [first] = [] } = body as Partial<estypes.IndicesGetIndexTemplateResponse>
  return Number(first?.index_template.version ?? version)
}

/** False where it is not there, or the login may not see it. @throws ConnectorError for any other answer. */
export async function hasStream(cluster: Cluster, name: string, now: Date, signal: AbortSignal): Promise<boolean> {
  const answer = await cluster.call((client, options) => client.indices.getDataStream({ name }, options), signal)
  if (answer.status === 404 || answer.status === 403) return false
  if (answer.status !== 200) throw failureOf(answer, now)
  return true
}

/**
 * Makes sure that writing makes no index of another kind: the template is there, or is put there, or the data stream is there already. A
 * template that is there is left as it is, whoever changed it.
 * @throws ConnectorError `unauthenticated` where none of that can be had.
 */
export async function prepareStream(cluster: Cluster, stream: string, now: Date, signal: AbortSignal): Promise<void> {
  const state = await templateState(cluster, stream, now, signal)
  if (state === 'there' || state === 'older') return
  if (state === 'missing') {
    const template = { name: templateName(stream), create: true, ...templateFor(stream) }
    const answer = await cluster.call((client, options) => client.indices.putIndexTemplate(template, options), signal)
    if (answer.status === 200) return
    // 400: somebody else put it there a moment ago, or has one of the same priority.
    if (answer.status !== 403 && answer.status !== 400) throw failureOf(answer, now)
  }
  if (!(await hasStream(cluster, stream, now, signal))) throw new ConnectorError(noStream)
}
