/** Finds the carriers that an account id means. */
import { parseExternalId } from './mapping.ts'
import type { Client } from './soap/client.ts'
import { walk } from './soap/pages.ts'
import type { PersonRecord } from './soap/records.ts'

/** Every one of them: AEOS lets several have one personnel number. It finds what begins so; only the same counts. */
export async function findCarriers(
  client: Client,
  externalId: string,
  signal: AbortSignal,
): Promise<readonly PersonRecord[]> {
  const id = parseExternalId(externalId)
  const found: PersonRecord[] = []
  if ('carrierId' in id) {
    const { rows } = await client.findPeople({ Id: id.carrierId }, 0, signal)
    return rows.filter(({ Id }) => Id === id.carrierId)
  }
  const load = (start: number) => client.findPeople({ PersonnelNo: id.number }, start, signal)
  for await (const rows of walk(load, ({ Id }) => Id))
    found.push(...rows.filter(({ PersonnelNo }) => PersonnelNo?.trimEnd() === id.number))
  return found
}
