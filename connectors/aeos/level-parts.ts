/** Gives the levels that are missing and takes those that are revoked; what is in neither list belongs to somebody else and stays. */
import type { PartOutcome } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { rightsStart } from './mapping.ts'
import type { Carrier, Put, Writing } from './put.ts'
import { isNotFound } from './soap/errors.ts'

/**
 * All of one kind in one request, and one by one after a refusal: a template that is gone must not keep the person out of all others.
 * @throws ConnectorError whatever is about the carrier or the server as a whole.
 */
export async function putLevels(
  { desired, revoke }: Put,
  { id, actual }: Carrier,
  { client, authorisations, settings, now }: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const there = new Set([...(actual?.levels ?? []), ...(actual?.inheritedLevels ?? [])])
  const missing = [...new Set(desired.levels)].filter((level) => !there.has(level))
  const gone = revoke.levels.filter((level) => actual?.levels.includes(level) && !desired.levels.includes(level))
  // Nobody gets in before they start, whatever the carrier's own dates say.
  const dateFrom = rightsStart(desired.validity.from, now(), settings)

  async function each(levels: readonly string[], step: (some: readonly string[]) => Promise<PartOutcome['outcome']>) {
    if (levels.length === 0) return []
    try {
      const outcome = await step(levels)
      return levels.map((level): PartOutcome => ({ part: { kind: 'level', level }, outcome }))
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rejected' || isNotFound(error)) throw error
      if (levels.length === 1) return levels.map((level) => refused(level, error))
      // Throws when it is the carrier that is not there any more.
      await client.profile(id, signal)
      const done: PartOutcome[] = []
      for (const level of levels) done.push(...(await each([level], step)))
      return done
    }
  }

  const added = await each(missing, async (some) => {
    await authorisations.add(id, some, dateFrom, signal)
    return 'applied'
  })
  const removed = await each(gone, (some) => authorisations.remove(id, some, signal))
  return [...added, ...removed]
}

function refused(level: string, failure: ConnectorError): PartOutcome {
  return { part: { kind: 'level', level }, outcome: 'failed', failure }
}
