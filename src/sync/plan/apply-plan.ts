/** Makes the changes of a plan official: copies them from wanted into desired, and nothing that is no longer wanted exactly so. */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { AccountId, CredentialId, PersonId, PlanId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { nextChanges, type PlannedChange } from '../../store/plans.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import { enqueue } from '../../store/work.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { desire } from '../desire.ts'
import { tellForged } from '../forged.ts'
import { noteReopened, type PassedLockout, recordLockouts } from '../lock-out.ts'
import { type Unmade, waitingForMatch } from '../match/waiting.ts'
import { ownersOf } from '../owners-of.ts'
import { type Change, type ChangeKind, changesBetween, decodeIfAny, decodeParts, partOf, takesAway } from '../parts.ts'
import { giveBackWithdrawn } from '../resolve/credentials.ts'
import { resolveAndPass } from '../resolve/resolve-and-pass.ts'
import { modesOf } from '../target-modes.ts'
import { PlanGroups } from './plan-groups.ts'

export interface ApplyRequest {
  /** The changes that were held, or those that passed. */
  readonly held: boolean
  /** What these changes hash to, from a guarded row or from memory: any others in the table are forged. */
  readonly digest: Buffer
  readonly actor: string
  readonly arrivedAt: Date
  /** On release: the world may have moved since the plan was made. */
  readonly resolveFirst: boolean
}

/** Accounts per transaction. */
const batch = 500

/**
 * Changes at targets that are only observed, or wait to be settled, are left out, and so are accounts that a match made since leads to
 * somebody's, and those that would pass where a person has frozen meanwhile (`halted`); they are planned again. Repeating it is harmless: what was applied is no longer a difference, so it is
 * skipped. @throws Refusal `plan.forged`: nothing was applied that the plan does not name; `plan.frozen`: a release stops there, and is
 * finished later.
 */
export async function applyPlan(
  context: SyncContext,
  plan: PlanId,
  request: ApplyRequest,
): Promise<{ applied: number; dropped: number; halted: boolean }> {
  const expected = await refuseForged(context, plan, request)
  const modes = await modesOf(context.database.pool, context)
  let applied = 0
  let dropped = 0
  let halted = false
  let at = 0
  for await (const planned of batches(context.database.pool, plan, request.held)) {
    // What is read to be applied is what was hashed, batch by batch: nothing slips in between.
    if (expected[at]?.equals(digestOf(planned)) !== true) await refuse(context, plan)
    at += 1
    const open = planned.filter(({ target, dropped: gone }) => !gone && modes.get(target)?.writes === true)
    const frozen = await context.standings.frozen()
    const free = open.filter(({ target }) => !frozen(target))
    if (free.length < open.length) {
      halted = true
      // A release is begun again from the start, in the order that its hash covers.
      if (request.held) throw new Refusal('plan.frozen')
    }
    if (free.length === 0) continue
    const done = await context.traces.span('plan.apply', {}, async (span) => {
      const made = await applyBatch(context, plan, free, request)
      span.set(made)
      return made
    })
    applied += done.applied
    dropped += done.dropped
  }
  return { applied, dropped, halted }
}

async function* batches(
  client: pg.ClientBase | pg.Pool,
  plan: PlanId,
  held: boolean,
): AsyncGenerator<readonly PlannedChange[]> {
  let after: AccountId | null = null
  for (;;) {
    const planned: readonly PlannedChange[] = await nextChanges(client, plan, held, after, batch)
    if (planned.length === 0) return
    yield planned
    after = certain(planned.at(-1)).account_id
  }
}

/**
 * Returns a digest for each batch of changes. @throws Refusal `plan.forged` when the held (or passed) changes in the table are not those
 * that the plan was made of; alarmed.
 */
export async function refuseForged(
  context: SyncContext,
  plan: PlanId,
  { held, digest }: Pick<ApplyRequest, 'held' | 'digest'>,
): Promise<readonly Buffer[]> {
  const groups = new PlanGroups()
  const digests: Buffer[] = []
  for await (const planned of batches(context.database.pool, plan, held)) {
    digests.push(digestOf(planned))
    for (const { account_id: account, kind, held_for: why, ...step } of planned)
      groups.add({ ...step, account, kind: kind as ChangeKind, alone: why === 'brake' ? null : why })
  }
  if (groups.digest(() => true)?.equals(digest) !== true) await refuse(context, plan)
  return digests
}

async function refuse(context: SyncContext, plan: PlanId): Promise<never> {
  await tellForged(context.database.pool, context, plan)
  throw new Refusal('plan.forged')
}

function digestOf(planned: readonly PlannedChange[]): Buffer {
  const hash = createHash('sha256')
  for (const { account_id, kind, target, part, before, after } of planned)
    hash.update(JSON.stringify([account_id, kind, target, part, before, after]))
  return hash.digest()
}

async function applyBatch(
  context: SyncContext,
  plan: PlanId,
  planned: readonly PlannedChange[],
  request: ApplyRequest,
): Promise<{ applied: number; dropped: number }> {
  const byAccount = Map.groupBy(planned, ({ account_id }) => account_id)
  return inTransaction(context.database.pool, async (client) => {
    const loaded = await loadDossiers(client, context.vault, ownersOf(planned))
    const dossiers = wholeAndTorn(loaded)
    await tellForged(client, context, ...loaded.frozen)
    if (request.resolveFirst) {
      confirmReleased(dossiers.values(), byAccount)
      await resolveAndPass(client, context, [...dossiers.values()], 'operator', {
        actor: request.actor,
        because: 'record',
        arrivedAt: request.arrivedAt,
      })
    }
    const shut = { record: [] as PassedLockout[], absence: [] as PassedLockout[] }
    const work: { id: AccountId; target: string }[] = []
    const reopened: AccountId[] = []
    const cardsOn: CredentialId[] = []
    const gone: { account: AccountId; part: string }[] = []
    const waiting = await waitingForMatch(client, context, await modesOf(client, context), unmadeBy(planned))
    let applied = 0
    for (const [id, changes] of byAccount) {
      const dossier = dossiers.get(changes[0]?.person_id as PersonId)
      const account = dossier?.accounts.find(({ row }) => row.id === id)
      const still = account === undefined || waiting.has(id) ? [] : stillWanted(account, allowed(dossier, changes))
      const made = new Set(still.map(({ part }) => part))
      if (still.length > 0 && account !== undefined && dossier !== undefined) {
        applied += still.length
        const { whole, cardsShut, cardsOn: on } = desire(account, still)
        const byRecord = changes.some(({ part, kind }) => made.has(part) && kind === 'lockout-record')
        if (whole || cardsShut.length > 0)
          shut[byRecord ? 'record' : 'absence'].push({ dossier, account, whole, cardsShut })
        else work.push({ id, target: account.row.target })
        if ((made.has('lock') && !whole) || isBegun(account, made)) reopened.push(id)
        cardsOn.push(...on)
        giveBackWithdrawn(context, dossier, withdrawn(still))
        leaveToClock(dossier, account, context.now())
      }
      gone.push(...changes.filter(({ part }) => !made.has(part)).map(({ part }) => ({ account: id, part })))
    }
    await saveDossiers(client, context.vault, dossiers.values())
    const { actor, arrivedAt, held } = request
    for (const because of ['record', 'absence'] as const)
      await recordLockouts(client, context, shut[because], { actor, because: held ? 'release' : because, arrivedAt })
    await noteReopened(client, context, reopened, cardsOn)
    await enqueue(client, 'bulk', work)
    await client.query(
      `update plan_change c set dropped = true from unnest($2::uuid[], $3::text[]) as v(account, part)
        where c.plan_id = $1 and c.account_id = v.account and c.part = v.part`,
      [plan, gone.map(({ account }) => account), gone.map(({ part }) => part)],
    )
    return { applied, dropped: gone.length }
  })
}

function unmadeBy(planned: readonly PlannedChange[]): readonly Unmade[] {
  const created = planned.filter(({ kind }) => kind === 'create')
  return created.map(({ account_id: id, target, person_id }) => ({ id, target, person_id }))
}

/** Made anew where it was deleted, or for the first time. */
function isBegun({ row }: DossierAccount, made: ReadonlySet<string>): boolean {
  return made.has('account') && row.desired !== null && !decodeParts(row.desired).gone
}

function withdrawn(changes: readonly Change[]): ReadonlySet<CredentialId> {
  const parts = changes.filter(({ after }) => after === null).map(({ part }) => partOf(part))
  return new Set(parts.flatMap((named) => (named.is === 'card' ? [named.id] : [])))
}

/** An account of which all is off by now may be deleted: that comes with no delivery, but with the time. */
function leaveToClock(dossier: Dossier, { row }: DossierAccount, now: Date): void {
  if (!row.pending || !decodeParts(row.wanted).gone) return
  row.wanted_by = 'clock'
  dossier.person.next_change_at = now
  touch(dossier)
}

/** Whoever releases a plan says that these people are gone: their absence is confirmed by name. */
function confirmReleased(
  dossiers: Iterable<Dossier>,
  byAccount: ReadonlyMap<AccountId, readonly PlannedChange[]>,
): void {
  for (const dossier of dossiers) {
    const lockedByPlan = dossier.accounts.some(({ row }) =>
      byAccount.get(row.id)?.some(({ kind }) => kind === 'lockout-absence'),
    )
    if (!lockedByPlan) continue
    for (const record of dossier.records) {
      if (record.row.presence !== 'missing') continue
      record.row.presence = 'gone'
      touch(record)
    }
  }
}

/** Who was protected since the plan was made loses nothing by it: a person must have seen that they are. */
function allowed(dossier: Dossier | undefined, changes: readonly PlannedChange[]): readonly PlannedChange[] {
  if (dossier?.torn === true) return changes.filter(({ kind }) => kind.startsWith('lockout-'))
  if (dossier?.person.protected !== true) return changes
  return changes.filter(({ kind, held_for }) => held_for === 'protected' || !takesAway(kind as ChangeKind))
}

/** Those planned changes that are still wanted exactly so. */
function stillWanted({ row }: DossierAccount, planned: readonly PlannedChange[]): readonly Change[] {
  const before = decodeIfAny(row.desired)
  return changesBetween(before, decodeParts(row.wanted), 'lockout-absence').filter(
    ({ part, before: from, after: to }) =>
      planned.some((change) => change.part === part && change.before === from && change.after === to),
  )
}
