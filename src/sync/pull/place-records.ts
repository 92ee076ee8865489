/** Puts records into the dossiers of the people they are about: by the record's own key, else by correlation, else as somebody new. */
import type pg from 'pg'
import { newId, type PersonId, type SourceRecordId } from '../../model/id.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import { type Dossier, type DossierRecord, touch } from '../../store/dossier.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { recordsByKey } from '../../store/source-records.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { holdOutlivedLocks } from '../outlived-locks.ts'
import { correlate, findMarked, type Marks, markName, marksOf } from './correlate.ts'
import { closedAmong } from './held-closed.ts'
import { heldAmong } from './held-erased.ts'
import type { Incoming, News, PageNotes, Pull } from './intake.ts'

/** Returns everybody who got a new or changed record, locked and not yet saved. */
export async function placeRecords(
  client: pg.ClientBase,
  context: SyncContext,
  pull: Pull,
  { incoming, back, over }: News,
  notes: PageNotes,
): Promise<Dossier[]> {
  if (incoming.length === 0 && back.size === 0 && over.size === 0) return []
  const { vault } = context
  const source = pull.source.id
  // Two sources that bring the same new person at once would each make one.
  await client.query(`select pg_advisory_xact_lock(hashtext('gatehouse.correlate'), 0)`)
  const owners = await recordsByKey(
    client,
    source,
    incoming.map(({ keyDigest }) => keyDigest),
  )
  const strangers = incoming.flatMap((_, i) => (owners.has(i) ? [] : [i]))
  const held = await heldAmong(client, vault, source, incoming, strangers)
  const closed = await closedAmong(client, vault, source, incoming, strangers)
  const marks = incoming.map(({ record }) => marksOf(vault, source, record))
  const marked = await findMarked(client, vault, marks)
  const loaded = await loadDossiers(client, vault, [
    ...[...owners.values()].map(({ person }) => person),
    ...[...marked.values()].flat(),
    ...back.values(),
    ...[...over.values()].map(({ person }) => person),
  ])
  // What a source says of somebody of whom a row is missing may shut them out, and is kept until a person has looked.
  const dossiers = wholeAndTorn(loaded)
  const frozen = loaded.frozen.filter((id) => !loaded.torn.has(id))
  const forged = [...owners.values()].filter(
    ({ id, person }) => dossiers.has(person) && !dossiers.get(person)?.records.some(({ row }) => row.id === id),
  )
  await tellForged(client, context, ...loaded.frozen, ...forged.map(({ person }) => person))

  // Whom a mark leads to: people in the store, and those whom this very page brought.
  const byMark = new Map([...marked].map(([mark, people]) => [mark, people.flatMap((id) => dossiers.get(id) ?? [])]))
  const untouchable = new Set(frozen)
  const touched = new Set<Dossier>()
  incoming.forEach((entry, i) => {
    const own = marks[i] as Marks
    const known = owners.get(i)
    const owner = known?.person
    // Whose a record is says the record itself, opened and checked; the way to it was only a hint.
    const record =
      owner === undefined ? undefined : dossiers.get(owner)?.records.find(({ row }) => row.id === known?.id)
    if (record !== undefined && isSpokenFor(pull, record)) {
      // The first row counts, and before it the one that the store holds: else two rows of one key would take turns from pull to pull.
      notes.problems.push({ place: entry.place, field: 'key', code: 'record.duplicate-key' })
      return
    }
    const isTheirs = owner === undefined || record !== undefined
    if (!isTheirs && owner !== undefined) untouchable.add(owner)
    const leadsToFrozen = own.digests.some((mark) => marked.get(markName(mark))?.some((id) => untouchable.has(id)))
    if (owner === undefined ? leadsToFrozen || closed.has(i) : untouchable.has(owner)) {
      notes.problems.push({ place: entry.place, field: null, code: 'person.frozen' })
      return
    }
    if (held.always.has(i)) {
      notes.problems.push({ place: entry.place, field: 'key', code: 'person.erased-again' })
      return
    }
    const dossier = owner === undefined ? newcomer(context, own, byMark) : (dossiers.get(owner) ?? null)
    if (dossier?.mark === 'fresh' && dossier.records.length === 0 && held.asNewcomer.has(i)) {
      notes.problems.push({ place: entry.place, field: 'employeeNumber', code: 'person.erased-again' })
      return
    }
    if (dossier === null) {
      notes.problems.push({ place: entry.place, field: null, code: 'correlation.ambiguous' })
      return
    }
    if (known !== undefined) notes.altered += 1
    putRecord(context, dossier, source, entry)
    notes.seen.push(entry.rowDigest)
    rememberMarks(dossier, own, byMark)
    touched.add(dossier)
  })
  for (const dossier of dossiers.values()) {
    if (comeBack(dossier, back)) touched.add(dossier)
    if (endRecords(context, dossier, over)) touched.add(dossier)
  }
  for (const { person, place } of over.values())
    if (untouchable.has(person)) notes.problems.push({ place, field: null, code: 'person.frozen' })
  await holdOutlivedLocks(
    client,
    context,
    [...touched].filter(({ mark }) => mark === 'fresh'),
  )
  return [...touched]
}

/** An earlier row of this read was about it: what the record says of itself, signed, is one of the rows that were seen. */
export function isSpokenFor({ seen }: Pull, { row }: DossierRecord): boolean {
  return seen !== null && (seen.has(row.row_digest) || seen.has(row.key_digest))
}

function comeBack({ records }: Dossier, back: News['back']): boolean {
  const returning = records.filter(({ row }) => back.has(row.id) && row.presence === 'missing')
  for (const record of returning) {
    record.row.presence = 'present'
    record.row.missing_since = null
    touch(record)
  }
  return returning.length > 0
}

/**
 * The source's own word that somebody is gone is a leaver by record: the record says so from now on, beside what it said last. Its cards
 * are at nobody's then.
 */
function endRecords(context: SyncContext, dossier: Dossier, over: News['over']): boolean {
  let ended = false
  for (const entry of dossier.records) {
    const { row, record } = entry
    const rowDigest = context.vault.digest('row-gone', [row.source, row.key_digest])
    if (!over.has(row.id) || (row.row_digest.equals(rowDigest) && row.presence === 'present')) continue
    const { cards, fields, hidden, ...rest } = record
    const last = {
      ...rest,
      fields: { ...fields, left: true },
      hidden: hidden.filter((name) => name !== 'left'),
      ...(cards === undefined ? {} : { cards: [] }),
    }
    rewrite(context, dossier, entry, last, rowDigest)
    ended = true
  }
  return ended
}

/** Null when the record fits several people: a person must say whose it is. */
function newcomer(context: SyncContext, marks: Marks, byMark: ReadonlyMap<string, readonly Dossier[]>): Dossier | null {
  const found = correlate(marks, (mark) => byMark.get(mark) ?? [])
  if (found.is === 'known') return found.dossier
  if (found.is === 'ambiguous') return null
  const { key, ...newKey } = context.vault.newDataKey()
  const id = newId<PersonId>()
  return {
    mark: 'fresh',
    person: {
      id,
      key_id: newKey.id,
      state: 'unknown',
      left_at: null,
      next_change_at: null,
      protected: false,
      locked_at: null,
      unlocked_until: null,
      holdings: null,
      guard: Buffer.alloc(0),
    },
    key,
    newKey,
    records: [],
    credentials: [],
    grants: [],
    accounts: [],
    newIndexes: [],
    torn: false,
  }
}

function putRecord(
  context: SyncContext,
  dossier: Dossier,
  source: string,
  { record, keyDigest, rowDigest }: Incoming,
): void {
  const known = dossier.records.find(({ row }) => row.source === source && row.key_digest.equals(keyDigest))
  if (known === undefined) {
    const id = newId<SourceRecordId>()
    const place = { table: 'source_record', column: 'record', row: id, version: 1 }
    dossier.records.push({
      mark: 'fresh',
      record,
      row: {
        id,
        source,
        key_digest: keyDigest,
        row_digest: rowDigest,
        person_id: dossier.person.id,
        key_id: dossier.person.key_id,
        record: context.vault.seal(dossier.key, place, JSON.stringify(record)),
        version: 1,
        presence: 'present',
        missing_since: null,
        guard: Buffer.alloc(0),
      },
    })
    return
  }
  rewrite(context, dossier, known, record, rowDigest)
}

function rewrite(
  { vault }: SyncContext,
  dossier: Dossier,
  known: DossierRecord,
  record: SourceRecord,
  rowDigest: Buffer,
): void {
  const { row } = known
  row.version += 1
  const place = { table: 'source_record', column: 'record', row: row.id, version: row.version }
  row.record = vault.seal(dossier.key, place, JSON.stringify(record))
  row.row_digest = rowDigest
  row.presence = 'present'
  row.missing_since = null
  known.record = record
  touch(known)
}

function rememberMarks(dossier: Dossier, marks: Marks, byMark: Map<string, Dossier[]>): void {
  for (const mark of marks.digests) {
    const name = markName(mark)
    const people = byMark.get(name) ?? []
    if (people.includes(dossier)) continue
    byMark.set(name, [...people, dossier])
    dossier.newIndexes.push(mark)
  }
}
