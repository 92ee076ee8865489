/** Clear values of known people, to be searched for in every store and log: none of them may be found there. */
import { streams } from './ordinary-row.ts'
import { random, sample } from './random.ts'
import { trapNames } from './traps.ts'
import { printedCard, runsOn, type WorkerRow } from './worker-row.ts'
import type { Workforce } from './workforce.ts'

export interface KnownValue {
  kind: 'name' | 'email' | 'employee-number' | 'card'
  personId: string
  /** As the export or the plastic shows it; its bytes in a store depend on the store's encoding. */
  value: string
}

/**
 * `count` distinct values, one kind after the other, of ordinary people who work here today. All have at least 6
 * characters and mix a hyphen or dot with letters or a fixed digit pattern, so that hex, base64 or numbers do not form
 * them by accident. Throws RangeError when the workforce has fewer than `count` values.
 */
export function knownValues(workforce: Workforce, count: number): KnownValue[] {
  const trapped = new Set(trapNames.flatMap((trap) => workforce.traps[trap]))
  const people = workforce.rows.filter((row) => !trapped.has(row.personId) && runsOn(row, workforce.today))
  const order = sample(random(workforce.seed, streams.knownValues), people.length, people.length)
  const found = new Map<string, KnownValue>()
  // Each round shifts the kinds by one, so that a first round over all people already mixes them.
  for (let round = 0; round < kinds.length; round++) {
    for (const [turn, index] of order.entries()) {
      if (found.size === count) return [...found.values()]
      const known = knownValue(people[index] as WorkerRow, kinds[(turn + round) % kinds.length] as KnownValue['kind'])
      if (known.value.length >= lengthMin && !found.has(known.value)) found.set(known.value, known)
    }
  }
  if (found.size < count) throw new RangeError(`asked for ${count} known values, the workforce has ${found.size}`)
  return [...found.values()]
}

// Shorter texts turn up by accident.
const lengthMin = 6

const kinds = ['name', 'email', 'employee-number', 'card'] as const satisfies readonly KnownValue['kind'][]

function knownValue(row: WorkerRow, kind: KnownValue['kind']): KnownValue {
  const values = {
    // The family name alone: it is numbered, and stores keep given and family name apart.
    name: row.familyName,
    email: row.email ?? '',
    'employee-number': row.employeeNumber,
    card: printedCard(row),
  } as const satisfies Record<KnownValue['kind'], string>
  return { kind, personId: row.personId, value: values[kind] }
}
