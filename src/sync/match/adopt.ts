/** Links existing accounts to their people: changes nothing at the target, and makes what differs the target's next plan. */
import type pg from 'pg'
import { type AuditRecord, recordAuditMany } from '../../audit/record.ts'
import type { ActualAccount } from '../../connector/contract.ts'
import { errorCode } from '../../model/error-code.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { Dossier, DossierAccount } from '../../store/dossier.ts'
import type { MatchRow, MatchRunRow } from '../../store/guards.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { isGenuineMatchRow, latestMatchRun, linkMatchRows, matchRowOf, matchRows } from '../../store/match-runs.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { targetOrigin } from '../origin.ts'
import { ownersOf } from '../owners-of.ts'
import { replan } from '../plan/replan.ts'
import { resolveAll } from '../resolve/resolve-all.ts'
import { resolveAndPass } from '../resolve/resolve-and-pass.ts'
import { AccountBook } from './account-book.ts'
import { openFound } from './found.ts'
import { beginLink, findPlaces, finishLink, noteFound } from './link-account.ts'
import { metOf, shownBy } from './marks.ts'

/** After so long the look is too old to link by: a person looks once more. */
const staleMs = 24 * 3_600_000
/** Accounts per transaction. */
const batch = 200
/** A person waits for it. */
const readMs = 20_000

export interface Adopted {
  readonly linked: number
  /** Certain when they were looked at, and not any more: left to a person. */
  readonly left: number
}

/**
 * Links every account that the last look is certain about, and that still is. Killed half-way, it goes on where it was when it is
 * called again. @throws Refusal `target.unknown`, `match.none`, `match.running`, `match.stale`.
 */
export async function adoptMatches(
  context: SyncContext,
  targetId: string,
  subject: SubjectId,
  reason: string,
  brakes: Brakes,
): Promise<Adopted> {
  const { target, run } = await freshRun(context, targetId)
  let linked = 0
  let left = 0
  let after = 0
  for (;;) {
    const rows = await matchRows(context.database.pool, run.id, 'certain', after, batch)
    if (rows.length === 0) break
    after = certain(rows.at(-1)).n
    const done = await inTransaction(context.database.pool, (client) =>
      linkRows(client, context, target, rows, { subject, reason, byHand: null }),
    )
    linked += done
    left += rows.length - done
  }
  await sweepSoon(context, targetId)
  await replan(context, targetId, brakes)
  return { linked, left }
}

/**
 * Links one account by hand, whatever its class; of somebody who has one there already it becomes an extra account, which only
 * lock-outs touch. @throws Refusal as `adoptMatches`, and `match.no-such-account`, `match.already-linked`, `match.forged`,
 * `match.id-taken`, `match.untouchable`, `match.unread`, `match.not-read`, `match.busy`, `person.unknown`, `person.frozen`.
 */
export async function linkByHand(
  context: SyncContext,
  targetId: string,
  externalId: string,
  person: PersonId,
  subject: SubjectId,
  reason: string,
  brakes: Brakes,
): Promise<void> {
  const { target, run } = await freshRun(context, targetId)
  const rowToLink = async (client: pg.ClientBase) => {
    const row = await matchRowOf(client, run.id, accountDigest(context.vault, targetId, externalId))
    if (row === null) throw new Refusal('match.no-such-account')
    if (row.class === 'linked') throw new Refusal('match.already-linked')
    if (row.class === 'untouchable') throw new Refusal('match.untouchable')
    if (row.class === 'unread') throw new Refusal('match.unread')
    return row
  }
  const judged = await inTransaction(context.database.pool, rowToLink)
  const read = await readUnlessWhole(context, target, judged, externalId)
  await inTransaction(context.database.pool, async (client) => {
    const row = await rowToLink(client)
    await linkRows(client, context, target, [row], { subject, reason, byHand: { person, read } })
  })
  await replan(context, targetId, brakes)
}

/** Null when the look has read it singly, or the row is forged. Else as it is now: what a list leaves out would pass for changed by hand, and stay after a move. */
async function readUnlessWhole(
  context: SyncContext,
  target: TargetSetup,
  row: MatchRow,
  externalId: string,
): Promise<ActualAccount | null> {
  if (!isGenuineMatchRow(context.vault, row) || openFound(context.vault, row)?.whole === true) return null
  const signal = AbortSignal.timeout(readMs)
  const account = await target.connection.accounts.read(externalId, signal).catch((failure: unknown) => {
    context.log('warn', 'match.not-read', { target: target.id, code: errorCode(failure) })
    throw new Refusal('match.not-read')
  })
  if (account === null) throw new Refusal('match.no-such-account')
  if (account.untouchable) throw new Refusal('match.untouchable')
  return account
}

/** What is on the accounts besides, and stays, is told by the next sweep: at once. */
async function sweepSoon({ database }: SyncContext, target: string): Promise<void> {
  await database.pool.query('update target set swept_at = null where id = $1', [target])
}

async function freshRun(context: SyncContext, id: string): Promise<{ target: TargetSetup; run: MatchRunRow }> {
  const target = context.targets.get(id)
  if (target === undefined) throw new Refusal('target.unknown')
  const latest = await latestMatchRun(context.database.pool, context.vault, id)
  if (latest?.state === 'requested' || latest?.state === 'running') throw new Refusal('match.running')
  const run = await latestMatchRun(context.database.pool, context.vault, id, true)
  if (run === null || run.finished_at === null) throw new Refusal('match.none')
  if (context.now().getTime() - run.finished_at.getTime() > staleMs) throw new Refusal('match.stale')
  return { target, run }
}

interface Linking {
  readonly subject: SubjectId
  readonly reason: string
  /** Whom a person named; null links by what the look says, if that still holds. */
  readonly byHand: { readonly person: PersonId; readonly read: ActualAccount | null } | null
}

interface Pair {
  readonly row: MatchRow
  readonly found: ActualAccount
  readonly dossier: Dossier
  readonly account: DossierAccount
}

/** Returns how many were linked. */
async function linkRows(
  client: pg.ClientBase,
  context: SyncContext,
  target: TargetSetup,
  rows: readonly MatchRow[],
  linking: Linking,
): Promise<number> {
  const genuine: MatchRow[] = []
  for (const row of rows) {
    if (isGenuineMatchRow(context.vault, row)) genuine.push(row)
    else await forged(client, context, row, linking)
  }
  const people = linking.byHand === null ? ownersOf(genuine) : [linking.byHand.person]
  const { dossiers, frozen } = await loadDossiers(client, context.vault, people)
  await tellForged(client, context, ...frozen)
  if (linking.byHand !== null && frozen.length > 0) throw new Refusal('person.frozen')
  if (linking.byHand !== null && dossiers.size === 0) throw new Refusal('person.unknown')
  const places = await findPlaces(client, target, genuine, dossiers)
  const pairs: Pair[] = []
  for (const row of genuine) {
    const dossier = dossiers.get(linking.byHand?.person ?? (row.person_id as PersonId))
    if (dossier === undefined) continue
    const found = linking.byHand?.read ?? foundOf(context, row)
    if (found === null) continue
    // What was found is linked as the account that the row is of, and as no other.
    if (!accountDigest(context.vault, target.id, found.externalId).equals(row.external_digest)) {
      await forged(client, context, row, linking)
      continue
    }
    if (linking.byHand === null && !isCertain(context, target, dossier, found)) continue
    const account = beginLink(context, target, dossier, found, places)
    if (typeof account !== 'string') pairs.push({ row, found, dossier, account })
    else if (linking.byHand !== null) throw new Refusal(account)
  }
  const touched = [...new Set(pairs.map(({ dossier }) => dossier))]
  await resolveAll(client, context, touched, targetOrigin(target.id))
  const links = pairs.map((pair) => ({ ...pair, version: finishLink(context, target, pair) }))
  await resolveAndPass(client, context, touched, targetOrigin(target.id), {
    actor: linking.subject,
    because: 'record',
    arrivedAt: context.now(),
  })
  await noteFound(client, context, links)
  await linkMatchRows(
    client,
    context.vault,
    pairs.map(({ row, dossier }) => ({ ...row, person_id: dossier.person.id })),
  )
  await recordAuditMany(client, context.vault, pairs.map(auditOf(target, linking)))
  return pairs.length
}

/** Null of which not all is known that a plan may be about: it would be given what it has already, and keep it for ever. */
function foundOf({ vault }: SyncContext, row: MatchRow): ActualAccount | null {
  const found = openFound(vault, row)
  return found?.enough === true ? found.account : null
}

async function forged(client: pg.ClientBase, context: SyncContext, row: MatchRow, { byHand }: Linking): Promise<void> {
  await tellForged(client, context, row.id)
  if (byHand !== null) throw new Refusal('match.forged')
}

/** Held once more against what is known of the person now: cards move, and so do mailboxes. */
function isCertain(context: SyncContext, target: TargetSetup, dossier: Dossier, found: ActualAccount): boolean {
  const book = new AccountBook()
  book.add(1, shownBy(context.vault, target, found))
  book.meet(metOf(context, target, dossier))
  return book.verdicts().get(1)?.is === 'certain'
}

function auditOf(target: TargetSetup, { subject, reason }: Linking) {
  return ({ row, dossier, account }: Pair): AuditRecord => ({
    actor: subject,
    action: 'account.linked',
    object: account.row.id,
    details: {
      reason,
      target: target.id,
      person: dossier.person.id,
      because: JSON.parse(certain(row.reasons)) as unknown,
      extra: !account.row.is_primary,
    },
    about: dossier.key,
  })
}
