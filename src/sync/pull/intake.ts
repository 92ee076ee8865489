/** Takes one page of a delivery into the store: unchanged rows are only seen, changed ones go on to their people. */
import type pg from 'pg'
import type { RawRecord, RecordPage } from '../../connector/contract.ts'
import type { PersonId, PullId, SourceRecordId } from '../../model/id.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import { copyRows } from '../../store/copy.ts'
import { recordKeyDigest } from '../../store/identifiers.ts'
import { newsAmong, recordsByKey } from '../../store/source-records.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'
import { resolveAndPass } from '../resolve/resolve-and-pass.ts'
import type { PullPeople } from '../suspect/admit.ts'
import { textKey } from '../text-key.ts'
import { placeRecords } from './place-records.ts'
import { noteAltered, type PullBefore } from './pull-brakes.ts'
import type { SeenRows } from './seen-rows.ts'

/** A pull in progress; counts grow page by page. */
export interface Pull {
  readonly id: PullId
  readonly source: SourceSetup
  readonly mode: 'full' | 'delta'
  readonly columns: readonly string[]
  readonly arrivedAt: Date
  records: number
  changed: number
  problems: number
  lockouts: number
  /** Records of people who were erased: none of them was taken in. */
  erasedAgain: number
  /** Some row's key could not be read: nobody's absence is proven. */
  keyless: boolean
  readonly people: PullPeople
  readonly before: PullBefore | null
  /** Of a full read: the rows that it named and that the store holds so by now, by digest; and the keys of those that can't be used. */
  readonly seen: SeenRows | null
}

/** A row that the store does not hold exactly so. */
export interface Incoming {
  readonly place: string
  readonly record: SourceRecord
  readonly keyDigest: Buffer
  readonly rowDigest: Buffer
}

/** What a page has to say to the store. */
export interface News {
  readonly incoming: readonly Incoming[]
  /** Records that were missing and whose row is here again, though it can't be used; by id, with their people. */
  readonly back: ReadonlyMap<SourceRecordId, PersonId>
  /** Records of which the source says that they are gone; by id. */
  readonly over: ReadonlyMap<SourceRecordId, { readonly person: PersonId; readonly place: string }>
}

/** What happened on one page: digests of rows, and of keys, that count as seen once it is stored; rows that changed; and rows that could not be used. */
export interface PageNotes {
  /** Rows of records that were known, and that say something else now. */
  altered: number
  readonly seen: Buffer[]
  readonly problems: { readonly place: string; readonly field: string | null; readonly code: string }[]
}

/** Problems kept per pull; the count goes on. */
const problemsKept = 1000

/** One transaction per page: after a crash the delivery is read again, and pages already taken change nothing. */
export async function takePage(context: SyncContext, pull: Pull, page: RecordPage): Promise<void> {
  const notes: PageNotes = {
    altered: 0,
    seen: [],
    problems: page.problems.map(({ place, column, code }) => ({ place, field: column ?? null, code })),
  }
  if (page.problems.length > 0) pull.keyless = true
  const origin = sourceOrigin(pull.source.id)
  let changed = 0
  let lockouts = 0
  let joined = 0
  await inTransaction(context.database.pool, async (client) => {
    const over = await readGone(client, context, pull, page.gone ?? [], notes)
    const news = { ...(await readRows(client, context, pull, page.records, notes)), over }
    const touched = await placeRecords(client, context, pull, news, notes)
    const joining = touched.filter(({ mark }) => mark === 'fresh')
    const cause = { actor: origin, because: 'record', arrivedAt: pull.arrivedAt } as const
    // Most pages of most deliveries say nothing new.
    if (touched.length > 0) lockouts = await resolveAndPass(client, context, touched, origin, cause, pull.people)
    await noteAltered(client, context, pull, notes.altered)
    joined = joining.filter(({ person }) => person.state === 'active').length
    changed = news.incoming.length + over.size
    const kept = notes.problems.slice(0, Math.max(0, problemsKept - pull.problems))
    await copyRows(
      client,
      'pull_problem',
      ['pull_id', 'place', 'field', 'code'],
      kept.map(({ place, field, code }) => [pull.id, place, field, code]),
    )
  })
  for (const digest of notes.seen) pull.seen?.add(digest)
  pull.records += page.records.length + page.problems.length
  pull.problems += notes.problems.length
  pull.changed += changed
  pull.lockouts += lockouts
  pull.erasedAgain += notes.problems.filter(({ code }) => code === 'person.erased-again').length
  pull.people.joined += joined
}

/** Maps the rows that are new or changed; what the store already holds exactly so is only noted as seen. */
async function readRows(
  client: pg.ClientBase,
  context: SyncContext,
  pull: Pull,
  rows: readonly RawRecord[],
  notes: PageNotes,
): Promise<Omit<News, 'over'>> {
  const { source } = pull
  const digests = rows.map(({ cells }) =>
    context.vault.digest('row', [source.mappingVersion, ...pull.columns.map((column) => cells[column] ?? null)]),
  )
  const news = await newsAmong(client, source.id, digests)
  if (pull.seen !== null) {
    const changed = new Set(news)
    for (const [i, digest] of digests.entries()) if (!changed.has(i)) pull.seen.add(digest)
  }
  const incoming = new Map<string, Incoming>()
  const unreadable: Buffer[] = []
  for (const i of news) {
    const { place, cells } = rows[i] as RawRecord
    const rowDigest = digests[i] as Buffer
    const mapped = source.mapping.apply(cells)
    if ('problem' in mapped) {
      notes.problems.push({ place, field: mapped.problem.field, code: mapped.problem.code })
      const key = source.keyOf(cells)
      if (key === null) pull.keyless = true
      else unreadable.push(recordKeyDigest(context.vault, source.id, key))
      continue
    }
    const keyDigest = recordKeyDigest(context.vault, source.id, mapped.record.key)
    const twin = incoming.get(textKey(keyDigest))
    if (twin === undefined) incoming.set(textKey(keyDigest), { place, record: mapped.record, keyDigest, rowDigest })
    else if (!twin.rowDigest.equals(rowDigest))
      notes.problems.push({ place, field: 'key', code: 'record.duplicate-key' })
  }
  return { incoming: [...incoming.values()], back: await noteUnreadable(client, source.id, unreadable, notes) }
}

/** The records that these rows name; one that was never taken in has nothing to end. */
async function readGone(
  client: pg.ClientBase,
  { vault }: SyncContext,
  pull: Pull,
  rows: readonly RawRecord[],
  notes: PageNotes,
): Promise<News['over']> {
  if (rows.length === 0) return new Map()
  const named = rows.flatMap(({ place, cells }) => {
    const key = pull.source.keyOf(cells)
    if (key !== null) return { place, digest: recordKeyDigest(vault, pull.source.id, key) }
    notes.problems.push({ place, field: 'key', code: 'mapping.key' })
    return []
  })
  const known = await recordsByKey(
    client,
    pull.source.id,
    named.map(({ digest }) => digest),
  )
  return new Map([...known].map(([i, { id, person }]) => [id, { person, place: named[i]?.place ?? '' }]))
}

/**
 * A row that can't be used never makes its person absent: the record stays as it was last read. Returns those that were missing: they
 * are not any longer.
 */
async function noteUnreadable(
  client: pg.ClientBase,
  source: string,
  keys: readonly Buffer[],
  notes: PageNotes,
): Promise<News['back']> {
  if (keys.length === 0) return new Map()
  notes.seen.push(...keys)
  const known = [...(await recordsByKey(client, source, keys)).values()]
  return new Map(known.flatMap(({ id, person, presence }) => (presence === 'missing' ? [[id, person]] : [])))
}
