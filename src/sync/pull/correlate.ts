/** Decides whose record a new record is: by the source's own person key, then by employee number; never by a guess. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import type { Dossier } from '../../store/dossier.ts'
import { blindIndexGuard } from '../../store/guards.ts'
import { employeeNumberDigest, normalised, personKeyDigest } from '../../store/identifiers.ts'
import type { Vault } from '../../vault/vault.ts'

/** Digests that a record can be recognised by, the most telling first. */
export interface Marks {
  readonly source: string
  readonly record: SourceRecord
  readonly digests: readonly { readonly purpose: 'person-key' | 'employee-number'; readonly digest: Buffer }[]
}

/** A mark as key of a map. */
export function markName({ purpose, digest }: { readonly purpose: string; readonly digest: Buffer }): string {
  return `${purpose}:${digest.toString('hex')}`
}

export function marksOf(vault: Vault, source: string, record: SourceRecord): Marks {
  const digests: { purpose: 'person-key' | 'employee-number'; digest: Buffer }[] = []
  if (record.personKey !== undefined) {
    digests.push({ purpose: 'person-key', digest: personKeyDigest(vault, source, record.personKey) })
  }
  const number = employeeNumberDigest(vault, record.fields.employeeNumber ?? '')
  if (number !== null) digests.push({ purpose: 'employee-number', digest: number })
  return { source, record, digests }
}

/** People already in the store, by digest in hex; a hit whose guard is wrong is none. */
export async function findMarked(
  client: pg.ClientBase,
  vault: Vault,
  marks: readonly Marks[],
): Promise<Map<string, PersonId[]>> {
  const found = new Map<string, PersonId[]>()
  const byPurpose = Map.groupBy(
    marks.flatMap(({ digests }) => digests),
    ({ purpose }) => purpose,
  )
  for (const [purpose, wanted] of byPurpose) {
    const { rows } = await client.query<{ i: number; person_id: PersonId; guard: Buffer }>(
      forEachDigest('$2', 16, 'select person_id, guard from blind_index where purpose = $1 and digest = d.digest'),
      [purpose, Buffer.concat(wanted.map(({ digest }) => digest))],
    )
    for (const { i, person_id, guard } of rows) {
      const mark = wanted[i] as Marks['digests'][number]
      if (!vault.verifyGuard('blind_index', blindIndexGuard(purpose, mark.digest, person_id), guard)) continue
      const people = found.get(markName(mark)) ?? []
      if (!people.includes(person_id)) found.set(markName(mark), [...people, person_id])
    }
  }
  return found
}

export type Correlation =
  | { readonly is: 'known'; readonly dossier: Dossier }
  | { readonly is: 'new' }
  | { readonly is: 'ambiguous' }

/** `candidates` holds the people that a digest leads to, opened; each is confirmed against the values themselves. */
export function correlate(marks: Marks, candidates: (mark: string) => readonly Dossier[]): Correlation {
  const people = new Set<Dossier>()
  for (const mark of marks.digests) {
    const { purpose } = mark
    const confirmed = candidates(markName(mark)).filter((dossier) => confirms(dossier, marks, purpose))
    for (const dossier of confirmed) people.add(dossier)
    // The source's own 'same human' key is decisive: a number shared with somebody else then only makes it ambiguous.
    if (purpose === 'person-key' && confirmed.length === 1 && !conflicting(marks, candidates, confirmed[0] as Dossier))
      break
  }
  if (people.size > 1) return { is: 'ambiguous' }
  const [dossier] = people
  return dossier === undefined ? { is: 'new' } : { is: 'known', dossier }
}

function conflicting(marks: Marks, candidates: (mark: string) => readonly Dossier[], person: Dossier): boolean {
  return marks.digests.some(
    (mark) =>
      mark.purpose === 'employee-number' &&
      candidates(markName(mark)).some((other) => other !== person && confirms(other, marks, mark.purpose)),
  )
}

function confirms(dossier: Dossier, { source, record }: Marks, purpose: Marks['digests'][number]['purpose']): boolean {
  return dossier.records.some(({ row, record: known }) => {
    if (purpose === 'person-key') return row.source === source && known.personKey === record.personKey
    const number = known.fields.employeeNumber
    return typeof number === 'string' && normalised(number) === normalised(record.fields.employeeNumber ?? '')
  })
}
