/** After a restore, reads every open account of a target anew and lets what is there stand, before any bulk work begins. */
import type pg from 'pg'
import { recordAuditMany } from '../../audit/record.ts'
import type { ActualAccount } from '../../connector/contract.ts'
import { withCallScope } from '../../connector/egress/call-scope.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import { isClosed } from '../../store/account-sql.ts'
import { raiseAlarm } from '../../store/alarms.ts'
import { type AccountFacts, type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import { ownedGuard } from '../../store/guards.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { openRestore, saveRestore } from '../../store/restores.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import type { Intent } from '../../store/schema.ts'
import { inTransaction } from '../../store/transaction.ts'
import { enqueue, wakeLanes } from '../../store/work.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { openFacts, sealFacts } from '../account-facts.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { lockoutsAmong, passLockouts, recordLockouts } from '../lock-out.ts'
import { rememberLock } from '../outlived-locks.ts'
import { encodeOwned } from '../owned-row.ts'
import { ownersOf } from '../owners-of.ts'
import { decodeParts, encodeParts, isPending } from '../parts.ts'
import { noteOf } from '../reconcile/noted-account.ts'
import { claimsToLookAt, loadWork, type WorkItem } from '../reconcile/work-item.ts'
import { resolveAll } from '../resolve/resolve-all.ts'
import { modesOf } from '../target-modes.ts'
import { type Adopted, adopt } from './adopt.ts'
import { isRelocked, stockAt, stockTaken } from './gate.ts'

/** Accounts per transaction. */
const batch = 100

/** Closed ones were shut out again before. */
const isAsked = `desired is not null and not ${isClosed('desired')}`

/** More found shut than so many, or than so much of all, is the target's own doing: nobody is locked elsewhere for it. */
const foundShutMax = { min: 50, percent: 10 }

/** What one look brought; `unreadable`: the target refuses this one account. */
interface Seen {
  readonly item: WorkItem
  readonly actual: ActualAccount | null | 'unreadable'
}

/**
 * Does nothing unless the store was restored, those who are out were shut out again, and the target can be asked. Ended half-way, it
 * goes on the next time. @throws ConnectorError when the target fails.
 */
export async function takeStock(context: SyncContext, target: TargetSetup, signal: AbortSignal): Promise<void> {
  const { pool } = context.database
  const restore = await openRestore(pool, context.vault)
  if (restore === null || restore.forged || stockTaken(restore).includes(target.id)) return
  const standing = await context.standings.of(target.id)
  if (standing.pausedBecause !== null || standing.resting) return
  // Where nobody may be shut out by us, there is nothing to wait for; looking is allowed.
  const locksOut = (await modesOf(pool, context)).get(target.id)?.locksOut === true
  if (locksOut && !(await isRelocked(pool, restore, target.id))) return
  const limit = await foundShutLimit(pool, target.id)
  let foundShut = 0
  let after = stockAt(restore, target.id)
  while (!signal.aborted) {
    const ids = await nextOpen(pool, target.id, after)
    const last = ids.at(-1)
    if (last === undefined) return finish(context, target.id)
    // Who was decided about meanwhile is read once more.
    for (let asked = ids; asked.length > 0 && !signal.aborted; ) {
      const looks = await readAll(target, await openOnes(context, asked), signal)
      const adopted = await adoptAll(context, target, looks, limit - foundShut)
      foundShut += adopted.shut
      asked = adopted.again
    }
    if (signal.aborted) return
    await noteStock(context, target.id, last)
    after = last
  }
}

async function foundShutLimit(pool: pg.Pool, target: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count(*)::int as count from account where target = $1 and desired is not null',
    [target],
  )
  return Math.max(foundShutMax.min, Math.floor((certain(rows[0]).count * foundShutMax.percent) / 100))
}

/**
 * The next accounts to be looked at. How far that has come is signed: when an account was last read is not, so that nobody can have one
 * passed over.
 */
async function nextOpen(pool: pg.Pool, target: string, after: AccountId | null): Promise<readonly AccountId[]> {
  const { rows } = await pool.query<{ id: AccountId }>(
    `select id from account where target = $1 and ${isAsked} and ($2::uuid is null or id > $2) order by id limit ${batch}`,
    [target, after],
  )
  return rows.map(({ id }) => id)
}

/** Of these, as a worker would load them, those that are open still. */
async function openOnes(
  { database, vault, now }: SyncContext,
  ids: readonly AccountId[],
): Promise<readonly WorkItem[]> {
  const { rows } = await database.pool.query<{ id: AccountId; intents: Intent[] }>(
    `select a.id, coalesce(w.intents, '[]') as intents from account a left join account_work w on w.account_id = a.id
      where a.id = any($1::uuid[]) and ${isAsked} order by a.id`,
    [ids],
  )
  return loadWork(database.pool, vault, claimsToLookAt(rows), now())
}

async function readAll(target: TargetSetup, items: readonly WorkItem[], signal: AbortSignal): Promise<readonly Seen[]> {
  const queue = [...items]
  const looks: Seen[] = []
  const lanes = Array.from({ length: target.concurrency }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift())
      looks.push({ item, actual: await read(target, item, signal) })
  })
  await withCallScope({ lane: 'bulk' }, () => Promise.all(lanes))
  return looks
}

async function read(target: TargetSetup, { externalId }: WorkItem, signal: AbortSignal): Promise<Seen['actual']> {
  try {
    return await target.connection.accounts.read(externalId, signal)
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'rejected') return 'unreadable'
    throw error
  }
}

/** A look at an account that nobody has decided about meanwhile. */
interface Judged extends Seen {
  readonly dossier: Dossier | null
  readonly account: DossierAccount | null
  readonly adopted: Adopted | null
}

/** Locks nobody when more than `locksLeft` were found shut. Returns how many were, and who is to be read once more. */
async function adoptAll(
  context: SyncContext,
  target: TargetSetup,
  looks: readonly Seen[],
  locksLeft: number,
): Promise<{ readonly shut: number; readonly again: readonly AccountId[] }> {
  const { database, vault } = context
  return inTransaction(database.pool, async (client) => {
    const people = ownersOf(looks.map(({ item }) => item.row))
    const loaded = await loadDossiers(client, vault, people)
    const dossiers = wholeAndTorn(loaded)
    await tellForged(client, context, ...loaded.frozen)
    const judged = looks.flatMap((look) => judge(context, target, look, dossiers))
    const shut = new Set(judged.flatMap(({ dossier, adopted }) => (dossier && adopted?.foundShut ? [dossier] : [])))
    const locks = shut.size <= locksLeft
    for (const { dossier, account, adopted } of judged)
      if (dossier !== null && account !== null && adopted !== null) write(context, dossier, account, adopted, locks)
    if (locks) await lockFoundShut(client, context, target.id, [...shut])
    else await raiseAlarm(client, vault, 'restore.many-shut', target.id, shut.size)
    await saveDossiers(client, vault, dossiers.values())
    await note(client, context, judged, locks)
    const done = new Set(judged.map(({ item }) => item.row.id))
    return { shut: shut.size, again: looks.map(({ item }) => item.row.id).filter((id) => !done.has(id)) }
  })
}

/** None when somebody decided about the account while it was read: it is read once more. */
function judge(
  context: SyncContext,
  target: TargetSetup,
  look: Seen,
  dossiers: ReadonlyMap<PersonId, Dossier>,
): readonly Judged[] {
  const { item, actual } = look
  const dossier = dossiers.get(item.row.person_id as PersonId) ?? null
  const account = dossier?.accounts.find(({ row }) => row.id === item.row.id) ?? null
  if (account === null || actual === 'unreadable') return [{ ...look, dossier, account, adopted: null }]
  if (account.row.desired_version !== item.row.desired_version) return []
  return [{ ...look, dossier, account, adopted: adopt(context, target, item, wantedFacts(context, item), actual) }]
}

/** They are only compared with what is there: where they can't be opened, what was desired stands. */
function wantedFacts({ vault }: SyncContext, { row, key, facts }: WorkItem): AccountFacts {
  return unlessRowFault(() => openFacts(vault, key, row.id, row.wanted_facts_version, row.wanted_facts)) ?? facts
}

function write(
  { vault }: SyncContext,
  { key }: Dossier,
  account: DossierAccount,
  adopted: Adopted,
  locks: boolean,
): void {
  const { row } = account
  const { desired, facts, rest } = adopted
  const before = row.desired
  // What nobody is locked for stays somebody else's.
  row.owned = encodeOwned(locks ? adopted.owned : { ...adopted.owned, closed: false })
  row.owned_guard = vault.guard('account_owned', ownedGuard(row.id, row.owned))
  row.desired = desired === null ? null : encodeParts(desired)
  if (desired === null) {
    row.desired_facts = null
    row.desired_facts_version = null
  } else {
    const version = Math.max(row.wanted_facts_version, certain(row.desired_facts_version))
    row.desired_facts = sealFacts(vault, key, row.id, version, facts)
    row.desired_facts_version = version
  }
  if (row.desired !== before || rest) row.desired_version += 1
  row.pending = isPending(row.desired, decodeParts(row.wanted))
  touch(account)
}

/**
 * Somebody shut them since the backup, and why is lost: a lock by an operator must not end with that. Until somebody unlocks them by
 * name they are locked everywhere.
 */
async function lockFoundShut(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  shut: readonly Dossier[],
): Promise<void> {
  if (shut.length === 0) return
  const now = context.now()
  for (const dossier of shut) {
    dossier.person.locked_at ??= now
    dossier.person.unlocked_until = null
    touch(dossier)
    await rememberLock(client, context, dossier)
    await raiseAlarm(client, context.vault, 'person.found-shut', dossier.person.id)
  }
  await resolveAll(client, context, shut, 'operator')
  const passed = passLockouts(lockoutsAmong(shut, await modesOf(client, context), () => false))
  await saveDossiers(client, context.vault, shut)
  await recordAuditMany(
    client,
    context.vault,
    shut.map(({ person }) => ({
      ...{ actor: 'engine', action: 'person.locked' as const, object: person.id },
      details: { because: 'restore', foundShutAt: target },
    })),
  )
  await recordLockouts(client, context, passed, { actor: 'engine', because: 'restore', arrivedAt: now })
  context.log('warn', 'restore.found-shut', { target, count: shut.length })
}

async function note(
  client: pg.ClientBase,
  { vault }: SyncContext,
  judged: readonly Judged[],
  locks: boolean,
): Promise<void> {
  const rows = judged.map(({ item, actual, adopted }) => {
    const settled = adopted !== null && !adopted.rest && !(adopted.foundShut && locks)
    const version = (item.row.actual_version ?? 0) + 1
    const place = { table: 'account', column: 'actual', row: item.row.id, version }
    const noted = actual === 'unreadable' || actual === null ? actual : noteOf(item.lastSeen, actual, null)
    const seen = noted === 'unreadable' ? null : vault.seal(item.key, place, JSON.stringify(noted))
    return { id: item.row.id, target: item.row.target, seen, version: seen === null ? null : version, settled }
  })
  await client.query(
    `update account a
        set actual = coalesce(v.seen, a.actual), actual_version = coalesce(v.version, a.actual_version), actual_at = now(),
            applied_version = case when v.settled then a.desired_version else a.applied_version end,
            failures = case when v.settled then null else a.failures end
       from unnest($1::uuid[], $2::bytea[], $3::int[], $4::boolean[]) as v(id, seen, version, settled) where a.id = v.id`,
    [
      rows.map(({ id }) => id),
      rows.map(({ seen }) => seen),
      rows.map(({ version }) => version),
      rows.map(({ settled }) => settled),
    ],
  )
  await client.query(`delete from account_work where lane = 'bulk' and account_id = any($1::uuid[])`, [
    rows.flatMap(({ id, settled }) => (settled ? [id] : [])),
  ])
  const left = judged.filter(({ adopted }) => adopted?.rest === true).map(({ item }) => item.row)
  await enqueue(client, 'bulk', left)
}

async function noteStock({ database, vault }: SyncContext, target: string, last: AccountId): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    const open = await openRestore(client, vault, true)
    if (open === null || open.forged) return
    const all = JSON.parse(open.row.stock_at ?? '{}') as Record<string, AccountId>
    await saveRestore(client, vault, { ...open.row, stock_at: JSON.stringify({ ...all, [target]: last }) })
  })
}

async function finish(context: SyncContext, target: string): Promise<void> {
  const { database, vault } = context
  await inTransaction(database.pool, async (client) => {
    const open = await openRestore(client, vault, true)
    if (open === null || open.forged) return
    const taken = new Set([...stockTaken(open), target])
    await saveRestore(client, vault, { ...open.row, stock_taken: JSON.stringify([...taken]) })
    await wakeLanes(client, target)
  })
  context.log('info', 'restore.stock-taken', { target })
}
