/** Reads one delivery of a source to its end and plans what follows; killed at any moment, it is read again and ends the same. */
import { recordAudit } from '../../audit/record.ts'
import type { Delivery, DeliveryEnd, RecordPage } from '../../connector/contract.ts'
import type { ConnectorError } from '../../connector/errors.ts'
import { newId, type PlanId, type PullId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { loadPlan } from '../../store/plans.ts'
import { noteHeard } from '../../store/restores.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'
import { type Planned, type PlanRequest, plan } from '../plan/plan.ts'
import { endByDelivery, isSuspect } from '../suspect/suspicion.ts'
import { confirmAbsences, findUnseen, noteAbsences } from './absence.ts'
import { archiveDelivery } from './archive-delivery.ts'
import { sealCursor } from './cursor.ts'
import { type Pull, takePage } from './intake.ts'
import { missingColumns, tellMissing } from './missing-columns.ts'
import { acceptTaken, hasKnownColumns, pullBefore, weighPull } from './pull-brakes.ts'
import { SeenRows } from './seen-rows.ts'

export interface PullReport {
  readonly source: string
  readonly outcome: 'taken' | 'unchanged' | 'incomplete' | 'refused' | 'columns-moved' | 'columns-missing'
  readonly records: number
  readonly changed: number
  readonly problems: number
  readonly missing: number
  readonly plan: PlanId | null
}

/** What a process remembers of a source from one pull to the next. */
export interface SourceMemory {
  /** What the last pull planned; null when nothing, or when it did not end. */
  plan: PlanId | null
  /** A delivery waits: for its columns to be accepted, or for a mapping that reads no others than it has. */
  waits: 'acceptance' | 'mapping' | null
  /** The columns that the last delivery lacked, so that the same are told once; null before the first. */
  missing: string | null
  /** Where the next delivery is read from; undefined until it was looked up. One process at a time reads a source. */
  cursor: string | null | undefined
}

/** Of a source that this process has not read yet. */
export function newMemory(): SourceMemory {
  return { plan: null, waits: null, missing: null, cursor: undefined }
}

/** Takes a delivery in. @throws ConnectorError when the source fails while it is read: the delivery stays and is read again. */
export async function pull(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  signal: AbortSignal,
  memory: SourceMemory = newMemory(),
): Promise<PullReport> {
  const fingerprint =
    delivery.fingerprint === null
      ? null
      : context.vault.digest('delivery', [source.id, source.mappingVersion, delivery.fingerprint])
  const before = await sourceRow(context, source.id)
  const last = memory.plan
  memory.plan = null
  memory.waits = null
  if (!(await fitsMapping(context, source, delivery, memory))) {
    context.metrics.pulled(source.id, 'columns-missing', 0)
    memory.waits = 'mapping'
    return nothingOf(source.id, 'columns-missing')
  }
  const isRepeat = fingerprint !== null && before.fingerprint?.equals(fingerprint) === true
  if (!isRepeat && !(await hasKnownColumns(context, source, delivery))) {
    context.metrics.pulled(source.id, 'columns-moved', 0)
    memory.waits = 'acceptance'
    return nothingOf(source.id, 'columns-moved')
  }
  const report = isRepeat
    ? await repeated(context, source, delivery, before, last)
    : await take(context, source, delivery, fingerprint, signal, last, memory)
  memory.plan = report.plan
  await archiveDelivery(context, source, delivery, signal)
  await delivery.settle('taken')
  await clearAlarm(context.database.pool, context.vault, 'source.late', source.id)
  await clearAlarm(context.database.pool, context.vault, 'source.failed', source.id)
  await clearAlarm(context.database.pool, context.vault, 'source.refused', source.id)
  context.metrics.pulled(source.id, report.outcome, report.records)
  context.log('info', 'source.delivered', { source: source.id, count: report.records, outcome: report.outcome })
  return report
}

/** False when the delivery lacks columns that the mapping reads. */
async function fitsMapping(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  memory: SourceMemory,
): Promise<boolean> {
  const missing = missingColumns(source, delivery)
  const names = missing.map(({ column }) => column).join('\n')
  if (memory.missing !== names) {
    if (missing.length > 0) await tellMissing(context, source, delivery, missing)
    else await clearAlarm(context.database.pool, context.vault, 'source.columns-missing', source.id)
  }
  memory.missing = names
  return missing.length === 0
}

interface SourceRow {
  readonly fingerprint: Buffer | null
  /** When the last delivery was made. */
  readonly writtenAt: Date | null
  /** It was a complete full read. */
  readonly complete: boolean
}

async function sourceRow(context: SyncContext, id: string): Promise<SourceRow> {
  const { rows } = await context.database.pool.query<SourceRow>(
    'select fingerprint, written_at as "writtenAt", complete_at is not null and complete_at >= fingerprint_at as complete from source where id = $1',
    [id],
  )
  return rows[0] ?? { fingerprint: null, writtenAt: null, complete: false }
}

/**
 * The same bytes again: no work, but those who were missing long enough are confirmed gone, and what a person rejected is asked again;
 * unless it is the same delivery, which could not be cleared away, or is left where it is and offered again after a restart.
 */
async function repeated(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  before: SourceRow,
  last: PlanId | null,
): Promise<PullReport> {
  const isAnother = before.writtenAt === null || delivery.writtenAt > before.writtenAt
  const missing =
    isAnother && before.complete ? await confirmAbsences(context, source.id, source.absenceConfirmAfterMs) : 0
  // Also when nobody is: the process that confirmed them may have been killed before it planned.
  const isTrusted = await endByDelivery(context, source.id)
  const planned = await planNews(context, source, missing > 0 || isTrusted ? null : last, {
    pull: null,
    arrivedAt: context.now(),
    afresh: isAnother,
  })
  await context.database.pool.query('update source set delivery_at = now(), written_at = $2 where id = $1', [
    source.id,
    delivery.writtenAt,
  ])
  return {
    source: source.id,
    outcome: 'unchanged',
    records: 0,
    changed: 0,
    problems: 0,
    missing,
    plan: planned?.id ?? null,
  }
}

async function take(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  fingerprint: Buffer | null,
  signal: AbortSignal,
  last: PlanId | null,
  memory: SourceMemory,
): Promise<PullReport> {
  const { pool } = context.database
  const current: Pull = {
    id: newId<PullId>(),
    source,
    mode: delivery.mode,
    columns: delivery.columns,
    arrivedAt: delivery.arrivedAt,
    records: 0,
    changed: 0,
    problems: 0,
    lockouts: 0,
    erasedAgain: 0,
    keyless: false,
    people: { joined: 0, activeAtLeast: 0 },
    before: await pullBefore(context, source, delivery, fingerprint),
    seen: delivery.mode === 'full' ? new SeenRows() : null,
  }
  const wasSuspect = await isSuspect(context, source.id)
  await clearLeftovers(context, source.id)
  await pool.query('insert into pull (id, source, mode, arrived_at, settled_ms) values ($1, $2, $3, $4, $5)', [
    current.id,
    source.id,
    delivery.mode,
    delivery.arrivedAt,
    Math.round(delivery.settledMs),
  ])
  const end = await readAll(context, current, delivery, signal)
  const complete = end !== null && !current.keyless && current.mode === 'full'
  const unseen = complete ? await findUnseen(context, current) : null
  const isWeighed = await weighPull(context, current, unseen)
  const missing = unseen === null ? 0 : await noteAbsences(context, current, unseen.people)
  if (current.mode === 'full')
    await (complete ? clearAlarm : raiseAlarm)(pool, context.vault, 'source.incomplete', source.id)
  await tellErasedAgain(context, current, complete)
  const isTrusted = wasSuspect && (await endByDelivery(context, source.id))
  const isNews = current.changed > 0 || missing > 0 || isWeighed || isTrusted
  const planned = await planNews(context, source, isNews ? null : last, {
    pull: current.id,
    arrivedAt: delivery.arrivedAt,
    afresh: true,
  })
  const outcome = current.mode === 'full' && !complete ? 'incomplete' : 'taken'
  await inTransaction(pool, async (client) => {
    await client.query(
      'update pull set finished_at = now(), outcome = $2, complete = $3, records = $4, changed = $5, problems = $6, missing = $7 where id = $1',
      [current.id, outcome, complete, current.records, current.changed, current.problems, missing],
    )
    await acceptTaken(client, context, current, complete, sealCursor(context, source, end?.cursor))
    // A delta says nothing about the rest: the last full file would still be news after it.
    await client.query(
      `update source set fingerprint = $2, fingerprint_at = now(), delivery_at = now(), written_at = $5,
              complete_at = case when $3 then now() else complete_at end, complete_records = case when $3 then $4::int else complete_records end where id = $1`,
      [source.id, end === null ? null : fingerprint, complete, current.records, delivery.writtenAt],
    )
    if (complete) await noteHeard(client, context.vault, source.id)
    await recordAudit(client, context.vault, {
      actor: sourceOrigin(source.id),
      action: 'source.delivered',
      object: current.id,
      details: {
        mode: current.mode,
        outcome,
        records: current.records,
        changed: current.changed,
        problems: current.problems,
        missing,
        lockouts: current.lockouts,
        plan: planned?.id ?? null,
      },
    })
  })
  if (end?.cursor !== undefined) memory.cursor = end.cursor
  return {
    source: source.id,
    outcome,
    records: current.records,
    changed: current.changed,
    problems: current.problems,
    missing,
    plan: planned?.id ?? null,
  }
}

/** Until a complete delivery has none of them, or a person has allowed them. */
async function tellErasedAgain({ database, vault }: SyncContext, pull: Pull, complete: boolean): Promise<void> {
  const { source, erasedAgain } = pull
  if (erasedAgain > 0) await raiseAlarm(database.pool, vault, 'person.erased-again', source.id, erasedAgain)
  else if (complete) await clearAlarm(database.pool, vault, 'person.erased-again', source.id)
}

/** Without news a plan that still waits says it all, however long it would take to find that out again. */
async function planNews(
  context: SyncContext,
  source: SourceSetup,
  standing: PlanId | null,
  of: Pick<PlanRequest, 'pull' | 'arrivedAt' | 'afresh'>,
): Promise<Planned | null> {
  const held = standing === null ? null : await loadPlan(context.database.pool, context.vault, standing)
  if (held?.state === 'held') return { id: held.id, state: 'held' }
  return plan(context, { origin: sourceOrigin(source.id), brakes: source.brakes, ...of })
}

/** What a pull of this source left behind when its process was killed; its delivery is read again from the start. */
async function clearLeftovers(context: SyncContext, source: string): Promise<void> {
  const { pool } = context.database
  await pool.query(
    `update pull set finished_at = now(), outcome = 'interrupted' where source = $1 and finished_at is null`,
    [source],
  )
}

/** The source's own end; null when it was not reached, or not without a record that it could not give. */
async function readAll(
  context: SyncContext,
  current: Pull,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<DeliveryEnd | null> {
  for await (const page of readAhead(delivery.pages(signal))) {
    // A source that counts other records than it gave has lost some on the way.
    if ('complete' in page)
      return page.complete && page.problems === 0 && page.records === current.records ? page : null
    await context.traces.span('pull.page', { records: page.records.length }, () => takePage(context, current, page))
  }
  return null
}

/** Reads the next page while PostgreSQL works on this one; ends with how the source itself ended. */
async function* readAhead(pages: AsyncGenerator<RecordPage, DeliveryEnd>): AsyncGenerator<RecordPage | DeliveryEnd> {
  let next = pages.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) {
        yield value
        return
      }
      next = pages.next()
      // What goes wrong ahead is heard when the page is asked for.
      next.catch(() => undefined)
      yield value
    }
  } finally {
    await pages.return({ complete: false, records: 0, problems: 0 })
  }
}

/** What a refused delivery leaves behind: an alarm and an audit entry; its records are not touched. */
export async function refuse(context: SyncContext, source: string, error: ConnectorError): Promise<PullReport> {
  await inTransaction(context.database.pool, async (client) => {
    await raiseAlarm(client, context.vault, 'source.refused', source)
    const id = newId<PullId>()
    await client.query(
      `insert into pull (id, source, mode, arrived_at, settled_ms, finished_at, outcome, complete, problems)
       values ($1, $2, 'full', $3, 0, now(), 'refused', false, 1)`,
      [id, source, context.now()],
    )
    await client.query('insert into pull_problem (pull_id, place, code) values ($1, $2, $3)', [
      id,
      'the whole delivery',
      error.code,
    ])
    await recordAudit(client, context.vault, {
      actor: sourceOrigin(source),
      action: 'source.refused',
      object: '',
      details: { code: error.code },
    })
  })
  context.log('error', 'source.refused', { source, code: error.code })
  context.metrics.pulled(source, 'refused', 0)
  return nothingOf(source, 'refused')
}

function nothingOf(source: string, outcome: PullReport['outcome']): PullReport {
  return { source, outcome, records: 0, changed: 0, problems: 0, missing: 0, plan: null }
}
