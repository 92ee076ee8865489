/** Refusals in the words and the shape of the REST API. */

/** Thrown where a request as a whole, or one item of a bulk request, is refused. */
export class RestError extends Error {
  readonly status: number
  readonly type: string
  /** What stands beside type and reason. */
  readonly more: Readonly<Record<string, unknown>>

  constructor(status: number, type: string, reason: string, more: Readonly<Record<string, unknown>> = {}) {
    super(reason)
    this.status = status
    this.type = type
    this.more = more
  }

  /** As it stands in an item of a bulk answer. */
  get detail(): object {
    return { type: this.type, reason: this.message, ...this.more }
  }

  /** As it stands alone. */
  get body(): object {
    const { caused_by: _, ...root } = this.more
    return {
      error: { root_cause: [{ type: this.type, reason: this.message, ...root }], ...this.detail },
      status: this.status,
    }
  }
}

export const illegalArgument = (reason: string): RestError => new RestError(400, 'illegal_argument_exception', reason)

export const malformedContent = (reason: string): RestError => new RestError(400, 'x_content_parse_exception', reason)

export function noSuchIndex(index: string, why = ''): RestError {
  const place = { 'resource.type': 'index_or_alias', 'resource.id': index, index_uuid: '_na_', index }
  return new RestError(404, 'index_not_found_exception', `no such index [${index}]${why}`, place)
}

/** Answers to a whole request by status, as a cluster in trouble gives them; null is an empty body. */
export function troubleOf(status: number, rejection: string): RestError | null {
  if (status === 413) return null
  if (status === 429)
    return new RestError(
      429,
      rejection,
      'rejected execution of coordinating operation [coordinating_and_primary_bytes=53687001, replica_bytes=0, all_bytes=53687001, coordinating_operation_bytes=4096, max_coordinating_and_primary_bytes=53687091]',
    )
  if (status === 503)
    return new RestError(
      503,
      'cluster_block_exception',
      'blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];',
    )
  return new RestError(status, 'exception', 'told to fail by the test')
}
