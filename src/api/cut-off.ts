/** Long answers: what goes wrong in the middle of one ends it, and says nothing to the caller. */
import { failureFields } from '../model/failure-fields.ts'
import type { Log } from '../telemetry/log.ts'

/**
 * What fails when the answer has begun can only cut it off. It is logged here, and thrown on without its words: the HTTP library
 * would write them to the console and to the caller.
 */
export async function* cutOffQuietly<T>(content: AsyncIterable<T>, log: Log, request: string): AsyncGenerator<T> {
  try {
    yield* content
  } catch (error) {
    log.error({ event: 'api.cut-off', request, ...failureFields(error) }, 'an answer was cut off')
    throw new Error('cut off')
  }
}
