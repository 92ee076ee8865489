/** The bare loop beside a benchmark: the same requests again, in a process that does nothing with the answers. */
import { startChild } from './child-process.ts'
import type { SimulatorFacts } from './door-systems.ts'
import type { Replayed, ReplayRequest } from './replay-child.ts'
import type { SentRequest } from './sent-requests.ts'

export async function replay(
  simulator: SimulatorFacts,
  requests: readonly SentRequest[],
  atOnce: number,
): Promise<Replayed> {
  await using loop = startChild('replay-child')
  // Awaited here: the process is let go when this function ends.
  return await loop.ask<Replayed>('replay', { simulator, requests, atOnce } satisfies ReplayRequest)
}
