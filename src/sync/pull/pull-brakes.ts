/** Brakes on a delivery as a whole: columns that nobody has accepted are not read, and what lost or changed too many rows waits for a person. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { Delivery } from '../../connector/contract.ts'
import { newId, type PullId, type SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { lockStanding, readStanding, type SourceStanding, saveStanding } from '../../store/source-standing.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SourceSetup, SyncContext } from '../context.ts'
import { sourceOrigin } from '../origin.ts'
import { brakeLimit } from '../plan/brake.ts'
import type { BrakedPull } from '../plan/trust.ts'
import type { Pull } from './intake.ts'

/** What a full delivery is compared with. */
export interface PullBefore {
  /** Names this delivery, also after a crash. */
  readonly reading: Buffer
  /** Rows of the last accepted complete delivery. */
  readonly records: number
  /** Same mapping and same columns: what differs now differs in what it says. */
  readonly comparable: boolean
}

/** Which columns hold the accepted list, and the one that waits to be. */
const names = {
  full: { accepted: 'columns_full', offered: 'offered_full' },
  delta: { accepted: 'columns_delta', offered: 'offered_delta' },
} as const

function shapeOf({ vault }: SyncContext, source: SourceSetup, { columns }: Pick<Delivery, 'columns'>): Buffer {
  return vault.digest('shape', [source.id, source.mappingVersion, ...columns])
}

/**
 * False when the columns are others, or in another order, than a person has accepted: a shifted column makes everybody a leaver, so nothing
 * of it is read. The delivery stays where it is; an alarm is on, and says so once.
 */
export async function hasKnownColumns(context: SyncContext, source: SourceSetup, delivery: Delivery): Promise<boolean> {
  const { accepted, offered } = names[delivery.mode]
  const digest = columnsDigest(context, source.id, delivery.columns)
  const standing = await readStanding(context.database.pool, context.vault, source.id)
  // A forged row can neither accept nor refuse; of such a source all that follows waits anyway.
  if (standing === null) return true
  const known = standing[accepted]
  if (
    known === null ||
    [digest, ...olderColumns(context, source.id, delivery.columns)].some((each) => known.equals(each))
  ) {
    if (standing[offered] !== null) await withdraw(context, source.id, offered)
    return true
  }
  if (standing[offered]?.equals(digest) !== true) await offer(context, source.id, delivery, digest)
  return false
}

function columnsDigest({ vault }: SyncContext, source: string, columns: readonly string[]): Buffer {
  return vault.digest('columns', [source, ...columns])
}

/** The same columns as they were accepted before keys were replaced. */
function olderColumns({ vault }: SyncContext, source: string, columns: readonly string[]): readonly Buffer[] {
  return vault.olderDigests('columns', [source, ...columns])
}

async function offer(context: SyncContext, source: string, { mode, columns }: Delivery, digest: Buffer): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null) return
    await saveStanding(client, context.vault, { ...standing, [names[mode].offered]: digest })
    await raiseAlarm(client, context.vault, 'source.columns-moved', source)
    const id = newId<PullId>()
    await client.query(
      `insert into pull (id, source, mode, arrived_at, settled_ms, finished_at, outcome, complete, problems)
       values ($1, $2, $3, $4, 0, now(), 'columns-moved', false, 1)`,
      [id, source, mode, context.now()],
    )
    await client.query('insert into pull_problem (pull_id, place, code) values ($1, $2, $3)', [
      id,
      'the whole delivery',
      'source.columns-moved',
    ])
    await recordAudit(client, context.vault, {
      actor: sourceOrigin(source),
      action: 'source.refused',
      object: id,
      details: { code: 'source.columns-moved', columns: columns.length },
    })
  })
  context.log('error', 'source.columns-moved', { source, columns: columns.length })
}

async function withdraw(
  context: SyncContext,
  source: string,
  offered: 'offered_full' | 'offered_delta',
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null) return
    const rest = { ...standing, [offered]: null }
    await saveStanding(client, context.vault, rest)
    if (!isOffering(rest)) await clearAlarm(client, context.vault, 'source.columns-moved', source)
  })
}

/** Whether a delivery waits for its columns to be accepted. */
export function isOffering({ offered_full, offered_delta }: SourceStanding): boolean {
  return offered_full !== null || offered_delta !== null
}

export async function offersColumns({ database, vault }: SyncContext, source: string): Promise<boolean> {
  const standing = await readStanding(database.pool, vault, source)
  return standing !== null && isOffering(standing)
}

/**
 * A person has looked: the columns of the delivery that waits are right. It is read within seconds.
 * @throws Refusal `source.unknown`, `source.nothing-to-accept`.
 */
export async function acceptColumns(
  context: SyncContext,
  source: string,
  subject: SubjectId,
  reason: string,
): Promise<void> {
  if (!context.sources.has(source)) throw new Refusal('source.unknown')
  await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source)
    if (standing === null || !isOffering(standing)) throw new Refusal('source.nothing-to-accept')
    await saveStanding(client, context.vault, {
      ...standing,
      columns_full: standing.offered_full ?? standing.columns_full,
      columns_delta: standing.offered_delta ?? standing.columns_delta,
      offered_full: null,
      offered_delta: null,
    })
    await clearAlarm(client, context.vault, 'source.columns-moved', source)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'source.accepted',
      object: source,
      details: { reason },
    })
  })
}

/**
 * Null: a delivery of changes has no size, and a first one nothing before it. One without a fingerprint is named by the cursor that it was
 * read from, which stays until it was taken.
 */
export async function pullBefore(
  context: SyncContext,
  source: SourceSetup,
  delivery: Delivery,
  fingerprint: Buffer | null,
): Promise<PullBefore | null> {
  if (delivery.mode !== 'full') return null
  const standing = await readStanding(context.database.pool, context.vault, source.id)
  if (standing === null || standing.records === null) return null
  const comparable = standing.shape?.equals(shapeOf(context, source, delivery)) === true
  const reading =
    fingerprint ?? context.vault.digest('delivery', [source.id, source.mappingVersion, 'from', standing.cursor])
  return { reading, records: standing.records, comparable }
}

/** Counts changed rows in the transaction of their page: after a crash they would be nothing new any more. */
export async function noteAltered(
  client: pg.ClientBase,
  { vault }: SyncContext,
  pull: Pull,
  rows: number,
): Promise<void> {
  const { before } = pull
  if (before === null || !before.comparable || rows === 0) return
  const standing = await lockStanding(client, vault, pull.source.id)
  if (standing === null) return
  const now = begun(standing, before)
  await saveStanding(client, vault, { ...now, altered: now.altered + rows })
}

function begun(standing: SourceStanding, { reading }: PullBefore): SourceStanding {
  return standing.reading?.equals(reading) === true ? standing : { ...standing, reading, altered: 0, lost: 0 }
}

/** What a full delivery lost: how many of the records that were there it lacks now, and how many it lacks altogether. */
export interface Losses {
  readonly newly: number
  readonly all: number
}

/**
 * Decides, before anybody is marked as missing, whether all that follows from this delivery waits. A delivery that comes after one that
 * waits ends that when it lacks nothing beyond the limit, and no more than the limit is left to change. `losses` is null for one that was
 * not complete. Returns whether the answer is another than it was.
 */
export async function weighPull(context: SyncContext, pull: Pull, losses: Losses | null): Promise<boolean> {
  const { before, source } = pull
  if (before === null) return false
  const { records } = before
  const moved = await inTransaction(context.database.pool, async (client) => {
    const standing = await lockStanding(client, context.vault, source.id)
    if (standing === null) return null
    const now = begun(standing, before)
    const wasBraked = standing.braked !== null
    const limits = { lost: brakeLimit(source.rowsLost, records), changed: brakeLimit(source.rowsChanged, records) }
    const lost =
      losses === null ? 0 : Math.max(now.lost, losses.newly, records - pull.records, wasBraked ? losses.all : 0)
    // Mending a delivery changes as many rows as breaking it did: after one that waits, what is left to change counts.
    const changed = wasBraked ? await countPending(client, source.id, limits.changed) : now.altered
    const braked: BrakedPull = {
      records: pull.records,
      lost: lost > limits.lost ? { rows: lost, limit: limits.lost } : null,
      changed: changed > limits.changed ? { rows: changed, limit: limits.changed } : null,
    }
    const waits = braked.lost !== null || braked.changed !== null
    // Of one that was cut off, nobody knows what it would have said in the end.
    if (!waits && (!wasBraked || losses === null)) return null
    await saveStanding(client, context.vault, { ...now, lost, braked: waits ? JSON.stringify(braked) : null })
    await (waits ? raiseAlarm : clearAlarm)(client, context.vault, 'source.braked', source.id)
    if (waits && !wasBraked)
      await recordAudit(client, context.vault, {
        actor: sourceOrigin(source.id),
        action: 'source.braked',
        object: pull.id,
        details: { ...braked },
      })
    return { waits, wasBraked, braked }
  })
  if (moved === null) return false
  if (moved.waits && !moved.wasBraked)
    context.log('error', 'source.braked', {
      source: source.id,
      lost: moved.braked.lost?.rows ?? 0,
      changed: moved.braked.changed?.rows ?? 0,
    })
  return moved.waits !== moved.wasBraked
}

async function countPending(client: pg.ClientBase, source: string, limit: number): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from (select from account where wanted_by = $1 and pending limit $2) waiting',
    [sourceOrigin(source), limit + 1],
  )
  return certain(rows[0]).count
}

/** The delivery was taken: it is what the next one is compared with, unless it waits for a person as a whole, and read on from. */
export async function acceptTaken(
  client: pg.ClientBase,
  context: SyncContext,
  pull: Pull,
  complete: boolean,
  cursor: Buffer | undefined,
): Promise<void> {
  const { source, mode, columns } = pull
  const known = await lockStanding(client, context.vault, source.id)
  if (known === null) return
  const standing = cursor === undefined ? known : { ...known, cursor }
  const rest = { ...standing, reading: null, altered: 0, lost: 0 }
  const digest = columnsDigest(context, source.id, columns)
  if (mode === 'delta') return saveStanding(client, context.vault, { ...standing, columns_delta: digest })
  await saveStanding(client, context.vault, {
    ...rest,
    columns_full: digest,
    shape: shapeOf(context, source, pull),
    records: complete && standing.braked === null ? pull.records : standing.records,
  })
}

/** A person let go what a braked delivery would change: its size is the new normal. Part of the caller's transaction. */
export async function acceptSize(client: pg.ClientBase, context: SyncContext, source: string): Promise<void> {
  const standing = await lockStanding(client, context.vault, source)
  if (standing === null || standing.braked === null) return
  const { records } = JSON.parse(standing.braked) as BrakedPull
  await saveStanding(client, context.vault, { ...standing, records, braked: null })
  await clearAlarm(client, context.vault, 'source.braked', source)
}
