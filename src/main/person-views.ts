/** One person as an authorised caller sees them: opened for this answer, and not kept. */
import type {
  AccountSuspensionView,
  ActualView,
  ExplanationView,
  LeaverView,
  PartsView,
  PersonView,
} from '../api/acts/people.ts'
import { type Card, cardText, readCard } from '../model/card.ts'
import type { AccountId, PersonId } from '../model/id.ts'
import type { PersonFacts } from '../model/person.ts'
import { Refusal } from '../model/refusal.ts'
import { leaverTimes } from '../policy/leaver.ts'
import type { Dossier } from '../store/dossier.ts'
import { blindIndexGuard, type CredentialRow, credentialGuard } from '../store/guards.ts'
import { cardDigest, employeeNumberDigest } from '../store/identifiers.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { type SaidSuspension, suspensionsSaid } from '../store/suspensions.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { openExternalId } from '../sync/external-id.ts'
import type { Levels } from '../sync/levels.ts'
import { waitingForMatch } from '../sync/match/waiting.ts'
import { decodeParts, type Parts } from '../sync/parts.ts'
import type { NotedAccount } from '../sync/reconcile/noted-account.ts'
import { understand } from '../sync/resolve/resolve.ts'
import { isDeleted } from '../sync/resolve/stages.ts'
import { modesOf } from '../sync/target-modes.ts'
import { grantViews } from './grant-views.ts'
import { lockoutsOf } from './lockout-views.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * By person id, card (`H10301:facility:number`, `CSN:hex`) or employee number; exactly one or an error. For whoever is `acting`, a card that
 * is lost or that somebody else waits for names nobody: it need not be in its holder's hands. @throws Refusal `person.not-found`,
 * `person.ambiguous`, `card.lost`, `card.contested`.
 */
export async function findPerson(context: SyncContext, by: string, acting: boolean): Promise<PersonId> {
  const { pool } = context.database
  const text = by.trim()
  if (uuid.test(text)) {
    const { rows } = await pool.query<{ id: PersonId }>('select id from person where id = $1', [text])
    return only(rows.map(({ id }) => id))
  }
  const card = readCard(text)
  if (card !== null) return findHolder(context, card, acting)
  const digest = employeeNumberDigest(context.vault, text)
  if (digest === null) return only([])
  const { rows } = await pool.query<{ person_id: PersonId; guard: Buffer }>(
    `select person_id, guard from blind_index where purpose = 'employee-number' and digest = $1`,
    [digest],
  )
  return only(
    rows
      .filter(({ person_id, guard }) =>
        context.vault.verifyGuard('blind_index', blindIndexGuard('employee-number', digest, person_id), guard),
      )
      .map(({ person_id }) => person_id),
  )
}

async function findHolder({ database, vault }: SyncContext, card: Card, acting: boolean): Promise<PersonId> {
  const { rows } = await database.pool.query<CredentialRow>(
    `select * from credential where digest = $1 and state <> 'returned'`,
    [cardDigest(vault, card)],
  )
  const genuine = rows.filter((row) => vault.verifyGuard('credential', credentialGuard(row), row.guard))
  const holders = genuine.filter(({ waits }) => !waits)
  if (acting && holders.some(({ state }) => state === 'lost')) throw new Refusal('card.lost')
  if (acting && genuine.length > holders.length) throw new Refusal('card.contested')
  return only(holders.map(({ person_id }) => person_id))
}

function only(ids: readonly PersonId[]): PersonId {
  const [id, other] = ids
  if (id === undefined) throw new Refusal('person.not-found')
  if (other !== undefined) throw new Refusal('person.ambiguous')
  return id
}

export async function openDossier(context: SyncContext, id: string): Promise<Dossier> {
  if (!uuid.test(id)) throw new Refusal('person.unknown')
  const { dossiers, frozen } = await inTransaction(context.database.pool, (client) =>
    loadDossiers(client, context.vault, [id as PersonId]),
  )
  if (frozen.length > 0) throw new Refusal('person.frozen')
  const dossier = dossiers.get(id as PersonId)
  if (dossier === undefined) throw new Refusal('person.unknown')
  return dossier
}

export async function personView(context: SyncContext, levels: Levels, id: string): Promise<PersonView> {
  const dossier = await openDossier(context, id)
  const { person, standing } = understand(context, dossier, context.now())
  const lockouts = await lockoutsOf(context, id)
  const waiting = await waitingAmong(context, dossier)
  const suspended = await suspensionsAmong(context, dossier)
  return {
    id: dossier.person.id,
    state: standing.state,
    protected: dossier.person.protected,
    lockedByOperator: dossier.person.locked_at !== null,
    nextChangeAt: dossier.person.next_change_at?.toISOString() ?? null,
    leaver: leaverView(context, dossier),
    profile: {
      facts: factsShown(person.facts),
      kind: person.kind,
      employments: person.employments,
      cards: dossier.credentials.map(({ card, row }) => ({ card: cardText(card), state: row.state, waits: row.waits })),
    },
    accounts: dossier.accounts.map(({ row }) => ({
      target: row.target,
      account: row.id,
      externalId: openExternalId(context.vault, dossier.key, row),
      wanted: shown(context, dossier, decodeParts(row.wanted)),
      desired: row.desired === null ? null : shown(context, dossier, decodeParts(row.desired)),
      settled: row.desired !== null && row.desired_version === row.applied_version && !row.pending,
      waits: waiting.has(row.id) ? 'match' : null,
      suspension: suspended.get(row.id) ?? null,
      failures: row.failures === null ? null : (JSON.parse(row.failures) as Failures),
      actual: actualOf(context, levels, dossier, row),
      actualAt: row.actual_at?.toISOString() ?? null,
    })),
    grants: await grantViews(context, dossier),
    lockouts,
  }
}

async function suspensionsAmong(
  { database, vault }: SyncContext,
  { accounts }: Dossier,
): Promise<ReadonlyMap<AccountId, AccountSuspensionView>> {
  const ids = accounts.map(({ row }) => row.id)
  const said = await suspensionsSaid(database.pool, vault, ids)
  return new Map(said.map((each) => [each.account, suspensionOf(each)]))
}

/** Where the account and its suspension do not say the same, somebody had a hand in one of them. */
function suspensionOf({ said, found }: SaidSuspension): AccountSuspensionView {
  const id = found?.row.id ?? said ?? ''
  if (found?.genuine !== true || said !== (found.row.state === 'shut' ? id : null))
    return { id, state: 'forged', since: null }
  const { state, shut_at, found_at } = found.row
  return { id, state: state === 'waits' ? 'waits' : 'shut', since: (shut_at ?? found_at).toISOString() }
}

function waitingAmong(context: SyncContext, { accounts }: Dossier): ReturnType<typeof waitingForMatch> {
  return inTransaction(context.database.pool, async (client) => {
    const unmade = accounts.filter(
      (account) => account.row.pending && (account.row.desired === null || isDeleted(account)),
    )
    return waitingForMatch(
      client,
      context,
      await modesOf(client, context),
      unmade.map(({ row }) => row),
    )
  })
}

/** What each employment says besides is shown with it, and the digest of a picture tells nobody anything. */
function factsShown({ attrs: _, photo: __, ...facts }: PersonFacts): PersonView['profile']['facts'] {
  return facts
}

type Failures = PersonView['accounts'][number]['failures']

function actualOf(
  context: SyncContext,
  levels: Levels,
  dossier: Dossier,
  row: Dossier['accounts'][number]['row'],
): ActualView | null {
  if (row.actual === null || row.actual_version === null) return null
  const place = { table: 'account', column: 'actual', row: row.id, version: row.actual_version }
  const noted = JSON.parse(context.vault.open(dossier.key, place, row.actual)) as NotedAccount | null
  if (noted === null) return null
  // The digest of a picture tells nobody anything; whether it is as ordered, the failures say. What is noted for the guard is its own.
  const { photo: _, photoFor: __, marks: ___, changedAt: ____, lookedAt: _____, ...actual } = noted
  const offered = levels.all().filter(({ target }) => target === row.target)
  const names = new Map(offered.map(({ external_id, name }) => [external_id, `${row.target}/${name}`]))
  const named = (id: string): string => names.get(id) ?? id
  return {
    ...actual,
    cards: actual.cards.map((each) => ({ ...each, card: each.card === null ? null : cardText(each.card) })),
    levels: actual.levels.map(named),
    inheritedLevels: actual.inheritedLevels.map(named),
  }
}

/** Parts with names instead of ids. */
function shown(context: SyncContext, dossier: Dossier, parts: Parts): PartsView {
  const names = new Map(dossier.credentials.map(({ row, card }) => [row.id, cardText(card)]))
  return {
    lock: parts.lock,
    deleted: parts.gone === true,
    cards: Object.fromEntries(Object.entries(parts.cards).map(([id, state]) => [names.get(id as never) ?? id, state])),
    levels: parts.levels.map((id) => context.levels.nameOf(id) ?? id),
  }
}

function leaverView({ leaver }: SyncContext, { person: { left_at } }: Dossier): LeaverView | null {
  if (left_at === null) return null
  const { levelsOffAt, cardsOffAt, deletedAt } = leaverTimes(left_at, leaver)
  return {
    leftAt: left_at.toISOString(),
    levelsOffAt: levelsOffAt.toISOString(),
    cardsOffAt: cardsOffAt.toISOString(),
    deletedAt: deletedAt?.toISOString() ?? null,
  }
}

function shutDespite(context: SyncContext, levels: Levels, dossier: Dossier): ExplanationView['shutDespite'] {
  return dossier.accounts.flatMap(({ row }) => {
    const isShut = row.desired !== null && decodeParts(row.desired).lock === 'closed'
    const inherited = isShut ? (actualOf(context, levels, dossier, row)?.inheritedLevels ?? []) : []
    return inherited.length === 0 ? [] : [{ target: row.target, levels: inherited }]
  })
}

/** Why this person has what they have: rule by rule, and what would be written. */
export async function explainPerson(context: SyncContext, levels: Levels, id: string): Promise<ExplanationView> {
  const dossier = await openDossier(context, id)
  const now = context.now()
  const { person, standing } = understand(context, dossier, now)
  const { rules, ...explanation } = context.policy.explain(person, standing, now)
  return {
    ...explanation,
    rules: rules.map((rule) => ({
      ...rule,
      employments: rule.employments.map(({ code = null, failedAt = null, fields, ...verdict }) => ({
        ...{ ...verdict, code, failedAt },
        fields: fields.map(({ value = null, ...field }) => ({ ...field, value })),
      })),
    })),
    individual: await grantViews(context, dossier),
    lockedByOperator: dossier.person.locked_at !== null,
    heldOpenUntil: dossier.person.unlocked_until?.toISOString() ?? null,
    leaver: leaverView(context, dossier),
    shutDespite: shutDespite(context, levels, dossier),
    records: dossier.records.map(({ row }) => ({
      source: row.source,
      presence: row.presence,
      missingSince: row.missing_since?.toISOString() ?? null,
    })),
    written: [...context.targets.values()].map(({ id: target, connection }) => ({
      target,
      profile: connection.accounts.render(person.facts),
    })),
  }
}
