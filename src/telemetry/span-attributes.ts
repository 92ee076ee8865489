/** What a span may say: names from a list, each with the shape of its values. Nothing else gets into a trace, whoever asks for it. */

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-/i
const codeShape = /^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/
/** Longer runs of digits could be somebody's number. */
const digits = /\d{4}/
const isCode = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= 60 && codeShape.test(value) && !uuid.test(value) && !digits.test(value)

/** Whether a value is of a shape. */
const shapes = {
  /** The id of a source or target, as configured. */
  id: (value: unknown) => typeof value === 'string' && /^[a-z0-9-]{1,32}$/.test(value),
  /** A word of ours: an outcome, a cause, an error code. */
  code: isCode,
  number: (value: unknown) => typeof value === 'number' && Number.isFinite(value),
  flag: (value: unknown) => typeof value === 'boolean',
  method: (value: unknown) => typeof value === 'string' && /^[A-Z]{3,7}$/.test(value),
  /** A path with placeholders, as a connector wrote it down: `/api/users/:id`. */
  route: (value: unknown) =>
    typeof value === 'string' && /^(\/(:?[A-Za-z][A-Za-z_.]*|v\d)){1,8}$/.test(value) && value.length <= 100,
} as const

type Shape = keyof typeof shapes
type ValueOf<S extends Shape> = S extends 'number' ? number : S extends 'flag' ? boolean : string

/** By the name that our code uses: the name in the trace, and the shape. */
const list = {
  source: ['gatehouse.source', 'id'],
  target: ['gatehouse.target', 'id'],
  lane: ['gatehouse.lane', 'code'],
  outcome: ['gatehouse.outcome', 'code'],
  cause: ['gatehouse.cause', 'code'],
  proof: ['gatehouse.proof', 'code'],
  change: ['gatehouse.change', 'code'],
  records: ['gatehouse.records', 'number'],
  changed: ['gatehouse.changed', 'number'],
  problems: ['gatehouse.problems', 'number'],
  missing: ['gatehouse.missing', 'number'],
  people: ['gatehouse.people', 'number'],
  lockouts: ['gatehouse.lockouts', 'number'],
  applied: ['gatehouse.applied', 'number'],
  dropped: ['gatehouse.dropped', 'number'],
  accounts: ['gatehouse.accounts', 'number'],
  wakeUps: ['gatehouse.wake_ups', 'number'],
  version: ['gatehouse.desired_version', 'number'],
  attempts: ['gatehouse.attempts', 'number'],
  cards: ['gatehouse.cards', 'number'],
  levels: ['gatehouse.levels', 'number'],
  failedParts: ['gatehouse.failed_parts', 'number'],
  requests: ['gatehouse.requests', 'number'],
  waitingMs: ['gatehouse.waiting_ms', 'number'],
  slotMs: ['gatehouse.slot_ms', 'number'],
  proven: ['gatehouse.proven', 'number'],
  isRetried: ['gatehouse.retried', 'flag'],
  method: ['http.request.method', 'method'],
  route: ['url.template', 'route'],
  status: ['http.response.status_code', 'number'],
  error: ['error.type', 'code'],
} as const satisfies Readonly<Record<string, readonly [string, Shape]>>

export type SpanAttributes = {
  readonly [Name in keyof typeof list]?: ValueOf<(typeof list)[Name][1]> | null | undefined
}

/** By their names in the trace; what has another name or shape is dropped, which the types say before. */
export function allowedAttributes(attributes: SpanAttributes): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {}
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || !Object.hasOwn(list, key)) continue
    const [name, shape] = list[key as keyof typeof list]
    if (shapes[shape](value)) kept[name] = value
  }
  return kept
}

/** The code of what was thrown, if it has one of ours; never its words. */
export function errorType(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return isCode(code) ? String(code) : 'unforeseen'
}
