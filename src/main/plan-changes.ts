/** The changes of a plan as callers see them: people by random id only, levels by name, and cards by number for whoever may see people. */
import type { Paged } from '../api/acts/paged.ts'
import type { PlanChangeView } from '../api/acts/plans.ts'
import { type Actor, holdsRole } from '../auth/actor.ts'
import { type Card, cardText } from '../model/card.ts'
import type { AccessLevelId, AccountId, CredentialId } from '../model/id.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  guardedOfAccount,
} from '../store/guards.ts'
import type { SyncContext } from '../sync/context.ts'
import { decodeParts, fingerprint, type Parts, partOf } from '../sync/parts.ts'
import { refuseForged } from '../sync/plan/apply-plan.ts'
import { isRowFault } from '../vault/vault-error.ts'
import { checkedCursor } from './cursor.ts'
import { findPlan } from './plan-views.ts'

type ChangeRow = Omit<PlanChangeView, 'name' | 'brings'>

/** `after` is `account/part` of the last row. */
export async function planChanges(
  context: SyncContext,
  actor: Actor,
  id: string,
  filter: { dropped?: boolean },
  page: { after?: string; limit: number },
): Promise<Paged<PlanChangeView>> {
  const plan = await findPlan(context, id)
  // Who releases must have seen what is released.
  if (plan.state === 'held') await refuseForged(context, plan.id, { held: true, digest: plan.hash })
  const after = checkedCursor(page.after, 'change')
  const [account, part] = after === null ? [null, null] : [after.slice(0, 36), after.slice(37)]
  const { rows } = await context.database.pool.query<ChangeRow>(
    `select c.account_id as account, a.person_id as person, c.target, c.kind, c.part, c.before, c.after, c.held_for is not null as held, c.dropped
       from plan_change c left join account a on a.id = c.account_id
      where c.plan_id = $1 and ($2::uuid is null or (c.account_id, c.part) > ($2, $3)) and (c.dropped or not $5)
      order by c.account_id, c.part limit $4`,
    [id, account, part, page.limit, filter.dropped === true],
  )
  const begun = await creations(context, rows)
  const named = rows.flatMap(({ part }) => {
    const name = partOf(part)
    return name.is === 'card' ? [name.id] : []
  })
  const brought = [...begun.values()].flatMap(({ cards }) => Object.keys(cards) as CredentialId[])
  const cards = holdsRole(actor, 'operator') ? await cardTexts(context, [...named, ...brought]) : new Map()
  const last = rows.at(-1)
  return {
    rows: rows.map((row) => ({
      ...row,
      name: nameOf(context, cards, row.part),
      brings: bringing(context, cards, row.part === 'account' ? begun.get(row.account as AccountId) : undefined),
    })),
    next: rows.length === page.limit && last !== undefined ? `${last.account}/${last.part}` : null,
  }
}

type CardTexts = ReadonlyMap<CredentialId, string>

function levelName({ levels }: SyncContext, id: AccessLevelId): string | null {
  return levels.nameOf(id) ?? null
}

function nameOf(context: SyncContext, cards: CardTexts, part: string): string | null {
  const named = partOf(part)
  if (named.is === 'card') return cards.get(named.id) ?? null
  return named.is === 'level' ? levelName(context, named.id) : null
}

function bringing(context: SyncContext, cards: CardTexts, parts: Parts | undefined): PlanChangeView['brings'] {
  if (parts === undefined) return null
  return {
    levels: parts.levels.map((id) => levelName(context, id) ?? id).sort(),
    cards: (Object.keys(parts.cards) as CredentialId[]).flatMap((id) => cards.get(id) ?? []),
  }
}

/** What the accounts begin with that these changes create, as far as exactly that is still wanted: a plan holds its digest only. */
async function creations(
  { database, vault }: SyncContext,
  changes: readonly ChangeRow[],
): Promise<ReadonlyMap<AccountId, Parts>> {
  const planned = new Map(
    changes.flatMap(({ account, part, after }) => (part === 'account' ? [[account as AccountId, after]] : [])),
  )
  if (planned.size === 0) return new Map()
  const { rows } = await database.pool.query<AccountRow>(
    `select ${guardedOfAccount.join(', ')}, guard from account where id = any($1::uuid[])`,
    [[...planned.keys()]],
  )
  return new Map(
    rows.flatMap((row) => {
      if (!vault.verifyGuard('account', accountGuard(row), row.guard)) return []
      const parts = decodeParts(row.wanted)
      return fingerprint(parts) === planned.get(row.id) ? [[row.id, parts] as const] : []
    }),
  )
}

/** Opened for this answer; a card whose row was changed stays an id. */
async function cardTexts({ database, vault }: SyncContext, ids: readonly CredentialId[]): Promise<CardTexts> {
  if (ids.length === 0) return new Map()
  const { rows } = await database.pool.query<
    CredentialRow & Pick<AccountRow, 'key_id'> & { epoch: string; wrapped: Buffer }
  >(
    `select c.*, p.key_id, k.epoch, k.wrapped from credential c join person p on p.id = c.person_id join person_key k on k.id = p.key_id
      where c.id = any($1::uuid[])`,
    [ids],
  )
  const texts = new Map<CredentialId, string>()
  for (const row of rows) {
    if (!vault.verifyGuard('credential', credentialGuard(row), row.guard)) continue
    try {
      const key = vault.unwrap({ id: row.key_id, epoch: row.epoch, wrapped: row.wrapped })
      const card = vault.open(key, { table: 'credential', column: 'card', row: row.id, version: 1 }, row.card)
      texts.set(row.id, cardText(JSON.parse(card) as Card))
    } catch (error) {
      if (!isRowFault(error)) throw error
    }
  }
  return texts
}
