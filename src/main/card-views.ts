/** One card as authorised callers see it: whose it is, who waits for it, and what each door system has of it. */
import type { CardUse, CardView } from '../api/acts/cards.ts'
import type { ActualAccount } from '../connector/contract.ts'
import { type Card, cardKey, cardText, readCard } from '../model/card.ts'
import { Refusal } from '../model/refusal.ts'
import { cardRows } from '../store/card-holders.ts'
import type { Dossier, DossierCredential } from '../store/dossier.ts'
import type { LockoutRow } from '../store/guards.ts'
import { cardDigest } from '../store/identifiers.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { decodeParts } from '../sync/parts.ts'
import { understand } from '../sync/resolve/resolve.ts'
import { lockoutView } from './lockout-views.ts'

/** @throws Refusal `card.unreadable`. */
export function cardOf(text: string): Card {
  const card = readCard(text)
  if (card === null) throw new Refusal('card.unreadable')
  return card
}

/** Who has it first. @throws Refusal `card.unreadable`, `card.unknown`, `person.frozen`. */
export async function cardViews(context: SyncContext, text: string): Promise<CardView[]> {
  const card = cardOf(text)
  const { database, vault } = context
  const digest = cardDigest(vault, card)
  const { dossiers, frozen, rows } = await inTransaction(database.pool, async (client) => {
    const all = await cardRows(client, [digest], [...context.targets.keys()])
    const people = all.map(({ person_id }) => person_id)
    return { rows: all, ...(await loadDossiers(client, vault, people)) }
  })
  if (rows.length === 0) throw new Refusal('card.unknown')
  if (frozen.length > 0) throw new Refusal('person.frozen')
  const views = await Promise.all(
    [...dossiers.values()].flatMap((dossier) =>
      dossier.credentials
        // Under another format it is the same card to a reader.
        .filter(({ row }) => row.digest.equals(digest))
        .map((credential) => viewOf(context, dossier, credential)),
    ),
  )
  const order = (view: CardView): number => (view.state === 'returned' ? 2 : view.waits ? 1 : 0)
  return views.sort((a, b) => order(a) - order(b))
}

/** For a number that can be meant in several ways. @throws Refusal `card.unreadable`. */
export async function cardUses(context: SyncContext, texts: readonly string[]): Promise<CardUse[]> {
  const { database, vault } = context
  const digests = texts.map((text) => cardDigest(vault, cardOf(text)))
  const { rows, dossiers } = await inTransaction(database.pool, async (client) => {
    const found = await cardRows(client, digests, [...context.targets.keys()])
    const { dossiers: loaded } = await loadDossiers(client, vault, [...new Set(found.map((row) => row.person_id))])
    return { rows: found, dossiers: loaded }
  })
  return rows.map(({ i, id, person_id: person, state, waits }) => {
    const asked = texts[i] ?? ''
    const dossier = dossiers.get(person)
    const credential = dossier?.credentials.find(({ row }) => row.id === id)
    // What a thief may have written of a frozen person is not repeated.
    if (dossier === undefined || credential === undefined)
      return { asked, card: null, person, state: 'frozen', waits: false, accounts: [] }
    return {
      asked,
      card: cardText(credential.card),
      person,
      state,
      waits,
      accounts: accountsOf(context, dossier, credential),
    }
  })
}

async function viewOf(context: SyncContext, dossier: Dossier, { row, card }: DossierCredential): Promise<CardView> {
  const { facts } = understand(context, dossier, context.now()).person
  const lockouts = await context.database.pool.query<LockoutRow>(
    'select * from lockout where credential_id = $1 order by arrived_at desc, id limit 50',
    [row.id],
  )
  return {
    credential: row.id,
    card: cardText(card),
    person: dossier.person.id,
    name: [facts.preferredName ?? facts.givenName, facts.familyName].filter((part) => part !== null).join(' '),
    state: row.state,
    waits: row.waits,
    suspendedSince: row.held_at?.toISOString() ?? null,
    source: row.source,
    accounts: accountsOf(context, dossier, { row, card }),
    lockouts: lockouts.rows.map((each) => lockoutView(context, each)),
  }
}

function accountsOf(
  context: SyncContext,
  dossier: Dossier,
  { row, card }: Pick<DossierCredential, 'row' | 'card'>,
): CardView['accounts'] {
  return dossier.accounts.map(({ row: account }) => ({
    target: account.target,
    desired: account.desired === null ? null : (decodeParts(account.desired).cards[row.id] ?? null),
    actual: actualState(context, dossier, account, card),
    actualAt: account.actual_at?.toISOString() ?? null,
  }))
}

function actualState(
  { vault }: SyncContext,
  { key }: Dossier,
  { id, actual, actual_version: version }: Dossier['accounts'][number]['row'],
  card: Card,
): string | null {
  if (actual === null || version === null) return null
  const place = { table: 'account', column: 'actual', row: id, version }
  const seen = JSON.parse(vault.open(key, place, actual)) as ActualAccount | null
  const found = seen?.cards.find((each) => each.card !== null && cardKey(each.card) === cardKey(card))
  return found?.state ?? null
}
