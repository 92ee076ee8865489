/** A target that forgot: noticed, stopped for all but lock-outs, and brought back to what everybody should have when a person says so. */
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { AccessLevelId, AccountId, CredentialId, PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { isLeased } from '../../store/account-sql.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { acceptanceOf, driftsFound, driftsOf, insertDrifts } from '../../store/drifts.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  type DriftRow,
  type GrantRow,
  grantGuard,
  guardedOfAccount,
  intentGuard,
} from '../../store/guards.ts'
import { lockTargetMode, saveTargetMode } from '../../store/target-modes.ts'
import { inTransaction } from '../../store/transaction.ts'
import { wakeLanes } from '../../store/work.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { ownedOf } from '../owned-row.ts'
import { ownersOf } from '../owners-of.ts'
import { decodeParts, encodeParts, partOf } from '../parts.ts'
import { replan } from '../plan/replan.ts'
import { modesOf } from '../target-modes.ts'
import { changeNotes } from './fights.ts'

/** More than so many of a hundred linked accounts that are missing or changed at once, and a handful at least. */
const percent = 2
const handful = 5

/** Accounts per transaction. */
const batch = 500

/** Where there are hardly any accounts, all of them. */
export function isForgetful(changed: number, linked: number): boolean {
  if (linked < handful) return linked > 1 && changed >= linked
  return changed >= handful && changed > Math.floor((linked * percent) / 100)
}

/**
 * Stops all but lock-outs at the target; `since` is when the sweep began that noticed. What was found after `lastBegun`, by the
 * sweep before or by one that broke off, may have come back with the old state as well, for they may have run while it did: it counts as
 * found since. False when somebody else's hand is in its row: that stops
 * them already.
 */
export async function markRestored(
  context: SyncContext,
  target: string,
  changed: number,
  since: Date,
  lastBegun: Date | null = null,
): Promise<boolean> {
  await forgetSeen(context, target)
  return inTransaction(context.database.pool, async (client) => {
    const row = await lockTargetMode(client, context.vault, target)
    const mode = (await modesOf(client, context)).get(target)
    if (row === null || mode === undefined || mode.forged) return false
    if (row.restored_at !== null) return true
    await saveTargetMode(client, context.vault, { ...row, restored_at: since })
    if (lastBegun !== null) await redate(client, context, target, lastBegun, since)
    await noteGiven(client, context, target, since)
    await raiseAlarm(client, context.vault, 'target.restored', target, changed)
    await recordAudit(client, context.vault, {
      actor: 'engine',
      action: 'target.restored',
      object: target,
      details: { changed },
    })
    context.log('error', 'target.restored', { target, count: changed })
    return true
  })
}

/**
 * What the target showed before is no ground for anything any more: it gives out the ids of its cards anew, and a lock-out that blocked by
 * what was seen would block somebody else's. Each account is read before its next lock-out.
 */
async function forgetSeen({ database }: SyncContext, target: string): Promise<void> {
  for (let after: AccountId | null = null; ; ) {
    const { rows }: { rows: { id: AccountId }[] } = await database.pool.query<{ id: AccountId }>(
      `update account set actual_at = null where id in (
         select id from account where target = $1 and ($2::uuid is null or id > $2) order by id limit ${batch}) returning id`,
      [target, after],
    )
    if (rows.length === 0) return
    after = certain(
      rows
        .map(({ id }) => id)
        .sort()
        .at(-1),
    )
  }
}

/** So that it is not taken for what was given by hand before. */
async function redate(
  client: pg.ClientBase,
  { vault }: SyncContext,
  target: string,
  after: Date,
  to: Date,
): Promise<void> {
  const found = await driftsFound(client, vault, target, { class: 'level-added', after, before: to })
  await insertDrifts(
    client,
    vault,
    found.map((row) => ({
      ...{ ...row, account: row.account_id, externalDigest: row.external_digest, sealId: null },
      // What a person said stands; the configuration accepts what it finds, whenever that is.
      accepted: row.accepted_by === null ? null : acceptanceOf(row),
    })),
    to,
  )
}

/** What was given by hand before is noted with the accounts: whoever deletes rows of drifts takes nothing from anybody by that. */
async function noteGiven(client: pg.ClientBase, context: SyncContext, target: string, at: Date): Promise<void> {
  const always = { after: new Date(0), before: new Date(context.now().getTime() + 1) }
  const found = await driftsFound(client, context.vault, target, { class: 'level-added', ...always })
  const given = found.filter((row) => isGivenBefore(row, at))
  const of = given.map((row) => ({ account: row.account_id as AccountId, drift: row }))
  await changeNotes(client, context, of, (owned, { part }) => {
    const before = owned.given?.at === at.toISOString() ? owned.given.levels : []
    return { ...owned, given: { at: at.toISOString(), levels: [...before, ...levelsIn([part])] } }
  })
}

function isGivenBefore({ found_at, accepted_by }: DriftRow, restoredAt: Date): boolean {
  return found_at < restoredAt || accepted_by !== null
}

function levelsIn(parts: readonly string[]): readonly AccessLevelId[] {
  return parts.flatMap((part) => {
    const named = partOf(part)
    return named.is === 'level' ? [named.id] : []
  })
}

/**
 * A person has looked at it, and lets it go on: every account is looked at by a worker and made as desired again. What came back with
 * the old state is taken away, where Gatehouse hands it out; what was there by hand before stays. Killed half-way, it is called again.
 * @throws Refusal `target.unknown`, `target.not-restored`.
 */
export async function settleTarget(
  context: SyncContext,
  target: string,
  subject: SubjectId,
  reason: string,
  brakes: Brakes,
): Promise<{ accounts: number }> {
  if (!context.targets.has(target)) throw new Refusal('target.unknown')
  const before = await inTransaction(context.database.pool, (client) => lockTargetMode(client, context.vault, target))
  if (before === null || before.restored_at === null) throw new Refusal('target.not-restored')
  const accounts = await lookAtAll(context, target, before.restored_at)
  await inTransaction(context.database.pool, async (client) => {
    const row = await lockTargetMode(client, context.vault, target)
    if (row === null || row.restored_at === null) throw new Refusal('target.not-restored')
    await saveTargetMode(client, context.vault, { ...row, restored_at: null })
    await clearAlarm(client, context.vault, 'target.restored', target)
    await wakeLanes(client, target)
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'target.settled',
      object: target,
      details: { reason, accounts },
    })
  })
  await replan(context, target, brakes)
  return { accounts }
}

async function lookAtAll(context: SyncContext, target: string, restoredAt: Date): Promise<number> {
  let after: AccountId | null = null
  let count = 0
  for (;;) {
    const page = await inTransaction(context.database.pool, (client) =>
      lookAtPage(client, context, target, after, restoredAt),
    )
    if (page.last === null) return count
    after = page.last
    count += page.count
  }
}

type Row = Pick<AccountRow, (typeof guardedOfAccount)[number] | 'guard' | 'owned' | 'owned_guard'> & {
  /** It was read since the target forgot, or is being read: what was noted then is no sign of what was there before. */
  readonly read_since: boolean
}

/** Puts one page of primary accounts on the list, as if each had been changed by a run whose end nobody noted. */
async function lookAtPage(
  client: pg.ClientBase,
  context: SyncContext,
  target: string,
  after: AccountId | null,
  restoredAt: Date,
): Promise<{ last: AccountId | null; count: number }> {
  const { vault } = context
  const { rows } = await client.query<Row>(
    `select ${[...guardedOfAccount, 'guard', 'owned', 'owned_guard'].join(', ')},
            actual_at is not null or exists (select from account_work w where w.account_id = account.id and ${isLeased('w')}) as read_since
       from account
      where target = $1 and desired is not null and is_primary and ($2::uuid is null or id > $2) order by id limit ${batch} for update`,
    [target, after],
  )
  const genuine = rows.filter((row) => vault.verifyGuard('account', accountGuard(row), row.guard))
  const people = ownersOf(genuine)
  const cards = await cardsOf(client, context, people)
  const levels = await levelsOf(client, context, target, people)
  const byHand = await givenByHand(
    client,
    context,
    genuine.map(({ id }) => id),
    restoredAt,
  )
  const intents = genuine.map((row) => {
    const desired = decodeParts(row.desired as string)
    const person = row.person_id as PersonId
    const noted = unlessRowFault(() => ownedOf(vault, row))?.given
    const kept = new Set([
      ...(byHand.get(row.id) ?? []),
      ...(noted?.at === restoredAt.toISOString() ? noted.levels : []),
    ])
    const handed = [...levels.all, ...(levels.of.get(person) ?? [])].filter((id) => !kept.has(id))
    const text = encodeParts({
      ...desired,
      cards: { ...Object.fromEntries((cards.get(person) ?? []).map((id) => [id, 'on' as const])), ...desired.cards },
      levels: [...new Set([...desired.levels, ...handed])],
      ...(row.read_since ? { cameBack: true as const } : {}),
    })
    const mac = vault.guard('account_intent', intentGuard(row.id, text)).toString('base64')
    return JSON.stringify([{ desired: text, mac }])
  })
  const ids = genuine.map(({ id }) => id)
  await client.query(
    `insert into account_work (account_id, target, lane, due_at, intents)
     select id, $3, 'bulk', now(), intents from unnest($1::uuid[], $2::jsonb[]) as v(id, intents)
     on conflict (account_id) do update set intents = account_work.intents || excluded.intents, attempts = 0, dead_at = null,
       due_at = least(account_work.due_at, now())`,
    [ids, intents, target],
  )
  await client.query('update account set applied_version = desired_version - 1 where id = any($1::uuid[])', [ids])
  return { last: rows.at(-1)?.id ?? null, count: ids.length }
}

async function cardsOf(
  client: pg.ClientBase,
  context: SyncContext,
  people: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, readonly CredentialId[]>> {
  const { rows } = await client.query<CredentialRow>('select * from credential where person_id = any($1::uuid[])', [
    people,
  ])
  const genuine = await genuineAmong(client, context, rows, (row) =>
    context.vault.verifyGuard('credential', credentialGuard(row), row.guard),
  )
  return idsByPerson(genuine, ({ id }) => id)
}

/** What is signed below comes from rows that are right; whose are not, are told about. */
async function genuineAmong<Row extends { readonly person_id: PersonId }>(
  client: pg.ClientBase,
  context: SyncContext,
  rows: readonly Row[],
  isGenuine: (row: Row) => boolean,
): Promise<readonly Row[]> {
  const { genuine = [], forged = [] } = Object.groupBy(rows, (row) => (isGenuine(row) ? 'genuine' : 'forged'))
  await tellForged(client, context, ...new Set(forged.map(({ person_id }) => person_id)))
  return genuine
}

function idsByPerson<Row extends { readonly person_id: PersonId }, Id>(
  rows: readonly Row[],
  id: (row: Row) => Id,
): ReadonlyMap<PersonId, readonly Id[]> {
  return new Map([...Map.groupBy(rows, ({ person_id }) => person_id)].map(([person, own]) => [person, own.map(id)]))
}

/** Levels that Gatehouse hands out at the target: by rules to anybody, and by name to these people, now or once. */
async function levelsOf(client: pg.ClientBase, context: SyncContext, target: string, people: readonly PersonId[]) {
  const { levels, policy, vault } = context
  const all = policy.levels().flatMap((ref) => (ref.startsWith(`${target}/`) ? (levels.byRef(ref) ?? []) : []))
  const { rows } = await client.query<GrantRow>(
    `select g.* from individual_grant g join access_level l on l.id = g.access_level_id
      where g.person_id = any($1::uuid[]) and l.target = $2`,
    [people, target],
  )
  const genuine = await genuineAmong(client, context, rows, (row) =>
    vault.verifyGuard('individual_grant', grantGuard(row), row.guard),
  )
  return { all, of: idsByPerson(genuine, ({ access_level_id }) => access_level_id) }
}

/** Levels that were known, before the target forgot, to have been given by hand since the account was last read. */
async function givenByHand(
  client: pg.ClientBase,
  { vault }: SyncContext,
  accounts: readonly AccountId[],
  restoredAt: Date,
): Promise<ReadonlyMap<AccountId, readonly AccessLevelId[]>> {
  const known = (await driftsOf(client, vault, accounts)).filter(
    (row) => row.class === 'level-added' && isGivenBefore(row, restoredAt),
  )
  return new Map(
    [...Map.groupBy(known, ({ account_id }) => account_id as AccountId)].map(([id, own]) => [
      id,
      levelsIn(own.map(({ part }) => part)),
    ]),
  )
}
