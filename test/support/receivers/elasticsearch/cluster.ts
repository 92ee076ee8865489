/** What a cluster keeps: index templates, data streams with their backing indices, documents. */
import { randomUUID } from 'node:crypto'
import type { Flavour } from './flavour.ts'
import { copyOf, documentOf, type Field, isObject, type Json, type JsonObject, mappingOf } from './mapping.ts'
import { illegalArgument, malformedContent, noSuchIndex, RestError } from './refusals.ts'

export interface IndexedDocument {
  readonly id: string
  /** Whether the client named it; else the cluster made it up, and a second try makes a second document. */
  readonly idWasGiven: boolean
  /** The backing index that it lies in. */
  readonly index: string
  readonly source: JsonObject
}

interface Template {
  readonly name: string
  readonly patterns: readonly string[]
  readonly priority: number
  readonly isForStreams: boolean
  readonly mapping: Field
  /** As it was put. */
  readonly body: JsonObject
}

interface BackingIndex {
  readonly name: string
  readonly uuid: string
  readonly mapping: Field
  readonly ids: Set<string>
}

export interface DataStream {
  readonly name: string
  readonly template: string
  readonly indices: BackingIndex[]
  readonly documents: IndexedDocument[]
}

export interface Cluster {
  readonly templates: ReadonlyMap<string, Template>
  readonly streams: ReadonlyMap<string, DataStream>
  putTemplate(name: string, body: unknown, createOnly: boolean): void
  createStream(name: string): DataStream
  /** What a lifecycle does when an index is old or large: from now on another one is written, by the template of now. */
  rollOver(stream: string): void
  /** @returns the document's place. @throws RestError as the answer has it for this item. */
  create(target: string, id: string | undefined, source: string): { index: string; id: string; seqNo: number }
  has(target: string): boolean
}

const templateFields = [
  'index_patterns',
  'template',
  'data_stream',
  'priority',
  'version',
  '_meta',
  'composed_of',
  'allow_auto_create',
]
const sections = ['settings', 'mappings', 'aliases']
const settings =
  /^(number_of_shards|number_of_replicas|auto_expand_replicas|refresh_interval|codec|hidden|priority|default_pipeline|final_pipeline|sort\.(field|order)|translog\.(durability|sync_interval)|mapping\.(total_fields\.limit|ignore_malformed|coerce|depth\.limit)|query\.default_field|max_result_window|routing\.allocation\.[\w.]+)$/

export function newCluster(flavour: Flavour, now: () => Date): Cluster {
  const templates = new Map<string, Template>()
  const streams = new Map<string, DataStream>()
  for (const { name, pattern, priority } of flavour.builtIn) {
    const mapping = mappingOf(
      { properties: { message: { type: 'match_only_text' }, data_stream: { type: 'object' } } },
      flavour,
    )
    templates.set(name, {
      name,
      priority,
      mapping,
      patterns: [pattern],
      isForStreams: true,
      body: { index_patterns: [pattern], priority, data_stream: {} },
    })
  }

  function matching(stream: string): Template | undefined {
    return [...templates.values()]
      .filter(({ patterns }) => patterns.some((pattern) => matches(pattern, stream)))
      .sort((left, right) => right.priority - left.priority)[0]
  }

  function addIndex(stream: DataStream, mapping: Field): void {
    const day = now().toISOString().slice(0, 10).replaceAll('-', '.')
    const generation = String(stream.indices.length + 1).padStart(6, '0')
    const name = `.ds-${stream.name}-${day}-${generation}`
    stream.indices.push({ name, mapping: copyOf(mapping), uuid: randomUUID(), ids: new Set() })
  }

  const cluster: Cluster = {
    ...{ templates, streams },
    putTemplate(name, body, createOnly) {
      if (createOnly && templates.has(name)) throw illegalArgument(`index template [${name}] already exists`)
      const template = templateOf(name, body, flavour)
      const rival = [...templates.values()].find(
        (other) =>
          other.name !== name &&
          other.priority === template.priority &&
          other.patterns.some((pattern) => template.patterns.some((own) => overlap(own, pattern))),
      )
      if (rival !== undefined)
        throw illegalArgument(
          `index template [${name}] has index patterns [${template.patterns.join(', ')}] matching patterns from existing templates [${rival.name}] with patterns (${rival.name} => [${rival.patterns.join(', ')}]) that have the same priority [${template.priority}], multiple index templates may not match during index creation, please use a different priority`,
        )
      templates.set(name, template)
    },
    createStream(name) {
      if (streams.has(name))
        throw new RestError(400, 'resource_already_exists_exception', `data_stream [${name}] already exists`)
      if (name !== name.toLowerCase()) throw illegalArgument(`data_stream [${name}] must be lowercase`)
      if (/[\s"*+/\\|?#><,:]/.test(name) || /^[-_+.]/.test(name))
        throw illegalArgument(
          `data_stream [${name}] must not contain the following characters ['\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#', ':'] nor start with '-', '_', '+' or '.'`,
        )
      const template = matching(name)
      if (template === undefined) throw illegalArgument(`no matching index template found for data stream [${name}]`)
      if (!template.isForStreams)
        throw illegalArgument(
          `matching index template [${template.name}] for data stream [${name}] has no data stream template`,
        )
      const stream: DataStream = { name, template: template.name, indices: [], documents: [] }
      addIndex(stream, template.mapping)
      streams.set(name, stream)
      return stream
    },
    rollOver(name) {
      const stream = streams.get(name)
      const mapping = matching(name)?.mapping
      if (stream === undefined || mapping === undefined) throw noSuchIndex(name)
      addIndex(stream, mapping)
    },
    has: (target) => streams.has(target),
    create(target, id, source) {
      let stream = streams.get(target)
      if (stream === undefined) {
        if (matching(target)?.isForStreams !== true)
          throw noSuchIndex(
            target,
            ' and [action.auto_create_index] contains [-*] which forbids automatic creation of the index',
          )
        stream = cluster.createStream(target)
      }
      const index = stream.indices.at(-1)
      if (index === undefined) throw noSuchIndex(target)
      const own = id ?? randomUUID()
      const document = documentOf(source, own, index.mapping, flavour)
      // Only the index that is written now is asked: after a roll-over the same id is taken again.
      if (index.ids.has(own)) {
        const place = { index_uuid: index.uuid, shard: '0', index: index.name }
        throw new RestError(
          409,
          'version_conflict_engine_exception',
          `[${own}]: version conflict, document already exists (current version [1])`,
          place,
        )
      }
      index.ids.add(own)
      stream.documents.push({ id: own, idWasGiven: id !== undefined, index: index.name, source: document })
      return { index: index.name, id: own, seqNo: index.ids.size - 1 }
    },
  }
  return cluster
}

function templateOf(name: string, body: unknown, flavour: Flavour): Template {
  if (!isObject(body)) throw new RestError(400, 'parse_exception', 'request body is required')
  const unknown = Object.keys(body).find((key) => ![...templateFields, ...flavour.ownTemplateFields].includes(key))
  if (unknown !== undefined) throw malformedContent(`[1:2] [index_template] unknown field [${unknown}]`)
  const patterns = [body.index_patterns ?? []].flat() as readonly Json[]
  if (patterns.length === 0 || !patterns.every((pattern) => typeof pattern === 'string'))
    throw malformedContent('Required [index_patterns]')
  const template = body.template ?? {}
  if (!isObject(template))
    throw malformedContent("[1:2] [template] doesn't support values of another type than an object")
  const section = Object.keys(template).find((key) => ![...sections, ...flavour.ownTemplateSections].includes(key))
  if (section !== undefined) throw malformedContent(`[1:2] [template] unknown field [${section}]`)
  for (const key of settingNames(template.settings ?? {}, ''))
    if (!settings.test(key) && !flavour.ownSettings.test(key))
      throw new RestError(
        400,
        'invalid_index_template_exception',
        `index_template [${name}] invalid, cause [Validation Failed: 1: unknown setting [index.${key}] please check that any required plugins are installed, or check the breaking changes documentation for removed settings;]`,
      )
  const missing = [body.composed_of ?? []].flat()
  if (missing.length > 0)
    throw new RestError(
      400,
      'invalid_index_template_exception',
      `index_template [${name}] invalid, cause [index template [${name}] specifies component templates [${missing.join(', ')}] that do not exist]`,
    )
  const mappings = template.mappings ?? {}
  if (!isObject(mappings)) throw malformedContent('[1:2] [template] failed to parse field [mappings]')
  if (body.data_stream !== undefined && !isObject(body.data_stream))
    throw malformedContent('[1:2] [index_template] failed to parse field [data_stream]')
  const priority = body.priority ?? 0
  if (!Number.isInteger(priority) || (priority as number) < 0)
    throw illegalArgument('index template priority must be >= 0')
  return {
    name,
    body,
    patterns: patterns as string[],
    priority: priority as number,
    isForStreams: body.data_stream !== undefined,
    mapping: mappingOf(mappings, flavour),
  }
}

/** In the flat form, without `index.` in front. */
function settingNames(value: Json, path: string): string[] {
  if (!isObject(value)) return [path.replace(/^index\./, '')]
  return Object.entries(value).flatMap(([key, within]) => settingNames(within, path === '' ? key : `${path}.${key}`))
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}

/** Whether a name may match both: what stands before the first star decides here. */
function overlap(one: string, other: string): boolean {
  const [left = '', right = ''] = [one, other].map((pattern) => pattern.split('*')[0])
  return left.startsWith(right) || right.startsWith(left)
}
