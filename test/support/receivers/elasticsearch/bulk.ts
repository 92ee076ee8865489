/** `_bulk`: the lines of a request, strictly, and what becomes of each. */
import type { Cluster } from './cluster.ts'
import type { Flavour } from './flavour.ts'
import { isObject, type JsonObject } from './mapping.ts'
import { illegalArgument, RestError } from './refusals.ts'

/** How single items fail when a test asks for it: a full queue, a missing shard, a full disk, a document that is refused. */
export type ItemFault = 'rejected' | 'unavailable' | 'disk-full' | 'unparsable'
/** Asked once for every item before anything else is done with it; null lets it through. */
export type ItemFaults = (item: {
  readonly id: string | undefined
  readonly source: JsonObject | null
}) => ItemFault | null

const actions = ['create', 'delete', 'index', 'update'] as const
type Action = (typeof actions)[number]

interface Item {
  readonly action: Action
  readonly target: string
  readonly id: string | undefined
  readonly source: string
}

const metadata = [
  '_index',
  '_id',
  'routing',
  'version',
  'version_type',
  'if_seq_no',
  'if_primary_term',
  'require_alias',
  'require_data_stream',
  'list_executed_pipelines',
  'dynamic_templates',
  'pipeline',
  'retry_on_conflict',
]

/** @throws RestError with status 400 for the whole request: one line that is wrong in form, and nothing is done. */
export function itemsOf(body: Buffer, defaultTarget: string | null): Item[] {
  if (body.length === 0) throw new RestError(400, 'parse_exception', 'request body is required')
  if (body.at(-1) !== 0x0a) throw illegalArgument('The bulk request must be terminated by a newline [\\n]')
  const lines = body
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/\r$/, ''))
  const items: Item[] = []
  const faults: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    // An empty line between two items is passed over, as the real parser does.
    if (line === '') continue
    const { action, meta } = actionOf(line, at + 1)
    const target = meta._index ?? defaultTarget
    if (typeof target !== 'string' || target === '') faults.push('index is missing')
    const id = meta._id ?? undefined
    if (id === '') throw illegalArgument('if _id is specified it must not be empty')
    if (typeof id === 'string' && Buffer.byteLength(id) > 512)
      faults.push(`id [${id}] is too long, must be no longer than 512 bytes but was: ${Buffer.byteLength(id)}`)
    const source = action === 'delete' ? '' : lines[++at]
    if (source === undefined) throw illegalArgument('The bulk request must be terminated by a newline [\\n]')
    items.push({ action, source, target: String(target), id: id === undefined ? undefined : String(id) })
  }
  if (items.length === 0) faults.push('no requests added')
  if (faults.length > 0) {
    const reason = `Validation Failed: ${faults.map((fault, index) => `${index + 1}: ${fault};`).join('')}`
    throw new RestError(400, 'action_request_validation_exception', reason)
  }
  return items
}

function actionOf(line: string, number: number): { action: Action; meta: JsonObject } {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    throw new RestError(400, 'x_content_parse_exception', `[1:1] ${(error as Error).message}`)
  }
  const wrong = (rest: string) => illegalArgument(`Malformed action/metadata line [${number}], expected ${rest}`)
  if (!isObject(parsed))
    throw wrong(`START_OBJECT but found [${Array.isArray(parsed) ? 'START_ARRAY' : 'VALUE_STRING'}]`)
  const [name, ...others] = Object.keys(parsed)
  if (name === undefined) throw wrong('FIELD_NAME but found [END_OBJECT]')
  const action = actions.find((known) => known === name)
  if (action === undefined) throw wrong(`field [create], [delete], [index] or [update] but found [${name}]`)
  if (others.length > 0) throw wrong('END_OBJECT but found [FIELD_NAME]')
  const meta = parsed[name]
  if (!isObject(meta)) throw wrong('START_OBJECT or END_OBJECT but found [VALUE_STRING]')
  const unknown = Object.keys(meta).find((key) => !metadata.includes(key))
  if (unknown !== undefined)
    throw illegalArgument(`Action/metadata line [${number}] contains an unknown parameter [${unknown}]`)
  return { action, meta }
}

/** @returns the answer's body; status 200 whatever became of the items. */
export function runItems(
  items: readonly Item[],
  cluster: Cluster,
  flavour: Flavour,
  faults: ItemFaults | null,
): object {
  const answers = items.map((item) => {
    try {
      const fault = faults?.({ id: item.id, source: readable(item.source) })
      if (fault) throw faultOf(fault, item, flavour)
      if (item.action !== 'create')
        throw cluster.has(item.target) || item.action === 'index'
          ? illegalArgument('only write ops with an op_type of create are allowed in data streams')
          : new RestError(404, 'index_not_found_exception', `no such index [${item.target}]`, { index: item.target })
      const { index, id, seqNo } = cluster.create(item.target, item.id, item.source)
      const done = { _version: 1, result: 'created', _shards: { total: 2, successful: 1, failed: 0 } }
      return { create: { _index: index, _id: id, ...done, _seq_no: seqNo, _primary_term: 1, status: 201 } }
    } catch (error) {
      if (!(error instanceof RestError)) throw error
      return { [item.action]: { _index: item.target, _id: item.id ?? null, status: error.status, error: error.detail } }
    }
  })
  const errors = answers.some((answer) => Object.values(answer).some((one) => 'error' in one))
  return { took: 1, errors, items: answers }
}

function readable(source: string): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(source)
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

function faultOf(fault: ItemFault, { id, target }: Item, { rejection, parsingError }: Flavour): RestError {
  if (fault === 'rejected')
    return new RestError(
      429,
      rejection,
      `rejected execution of TimedRunnable on EsThreadPoolExecutor[name = node-1/write, queue capacity = 10000]`,
    )
  if (fault === 'unavailable')
    return new RestError(
      503,
      'unavailable_shards_exception',
      `[.ds-${target}][0] primary shard is not active Timeout: [1m]`,
    )
  if (fault === 'disk-full') {
    const reason = `index [${target}] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];`
    return new RestError(429, 'cluster_block_exception', reason, { index: target })
  }
  return new RestError(
    400,
    parsingError,
    `failed to parse field [told] of type [long] in document with id '${id}'. Preview of field's value: 'told'`,
  )
}
