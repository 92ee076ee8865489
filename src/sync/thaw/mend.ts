/**
 * Of a person some of whose rows can't be trusted: keeps what is as Gatehouse wrote it, drops what a source will tell again, and puts the
 * safest thing in the place of the rest. Nothing that somebody else wrote is signed: neither a right, nor an open door, nor a card that opens.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { type Card, cardKey } from '../../model/card.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import type { Dossier, DossierAccount } from '../../store/dossier.ts'
import {
  type AccountRow,
  accountGuard,
  type CredentialRow,
  credentialGuard,
  type GrantRow,
  grantGuard,
  ownedGuard,
  type PersonRow,
  personGuard,
  type SourceRecordRow,
  sourceRecordGuard,
} from '../../store/guards.ts'
import { accountHolding, cardHolding, grantHolding, namesOf, recordHolding } from '../../store/holdings.ts'
import { cardDigest } from '../../store/identifiers.ts'
import { findMoved } from '../../store/load-dossiers.ts'
import type { DataKey } from '../../vault/vault.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { openFacts, sealFacts } from '../account-facts.ts'
import type { SyncContext } from '../context.ts'
import { openExternalId } from '../external-id.ts'
import { encodeOwned, nothingOwned, ownedOf } from '../owned-row.ts'
import { encodeParts, type Parts } from '../parts.ts'
import { newCredential } from '../resolve/credentials.ts'
import { understand } from '../resolve/resolve.ts'

/** How many rows of each kind were not as Gatehouse wrote them. */
export interface Mended {
  readonly person: boolean
  /** Here and below also those that are gone, or that the person's own row does not name. */
  readonly records: number
  readonly cards: number
  readonly grants: number
  /** Accounts that are closed now, whatever they were. */
  readonly accounts: number
  /** Accounts that nobody can address any more: they have to be closed at the door system by hand. By target. */
  readonly lost: readonly { readonly account: AccountId; readonly target: string }[]
}

export interface MendedDossier {
  readonly dossier: Dossier
  /** Those whose rows were not right: closed, and to be proven so. */
  readonly closed: readonly DossierAccount[]
  readonly mended: Mended
  /** Accounts of theirs that were marked as frozen, whether they had to be or not: the mark is gone. */
  readonly unmarked: number
  /** The row of an account is gone. */
  readonly lacksAccount: boolean
}

/** Loads and locks. Deletes rows; changed ones are the caller's to save. @throws Refusal `person.unknown`, `frozen.no-key`. */
export async function mendPerson(client: pg.ClientBase, context: SyncContext, id: PersonId): Promise<MendedDossier> {
  const { vault } = context
  const found = await client.query<PersonRow & { epoch: string | null; wrapped: Buffer | null }>(
    'select p.*, k.epoch, k.wrapped from person p left join person_key k on k.id = p.key_id where p.id = $1 for update of p',
    [id],
  )
  const [stored] = found.rows
  if (stored === undefined) throw new Refusal('person.unknown')
  const { epoch, wrapped, ...person } = stored
  const key = unlessRowFault(() =>
    epoch === null || wrapped === null ? null : vault.unwrap({ id: person.key_id, epoch, wrapped }),
  )
  if (key === null) throw new Refusal('frozen.no-key')
  const genuine = vault.verifyGuard('person', personGuard(person), person.guard)
  const dossier: Dossier = {
    mark: 'changed',
    // Nobody is protected from lock-outs, or held open, by what somebody else wrote.
    person: genuine ? person : { ...person, protected: false, left_at: null, unlocked_until: null },
    key,
    newKey: null,
    ...{ records: [], credentials: [], grants: [], accounts: [], newIndexes: [], torn: false },
  }
  const named = new Named(person.holdings, genuine)
  const records = await keepRecords(client, context, dossier, named)
  const cards = await keepCards(client, context, dossier, named)
  const grants = await keepGrants(client, context, dossier, named)
  const { closed, lost, unmarked, gone, moved } = await keepAccounts(client, context, dossier, named)
  return {
    dossier,
    closed,
    mended: { person: !genuine, records, cards, grants, accounts: closed.length + gone, lost },
    unmarked,
    lacksAccount: gone > moved,
  }
}

/** What the person's own row names of the rows that belong to them; where that can't be believed, or is of before, every row is named. */
class Named {
  /** The row that names them is not as Gatehouse wrote it: nobody can tell what was taken away, or put back as it was. */
  readonly isDoubtful: boolean
  /** By kind and id. */
  readonly #names: Map<string, string> | null

  constructor(holdings: string | null, genuine: boolean) {
    this.isDoubtful = !genuine
    this.#names = holdings === null || !genuine ? null : new Map(namesOf(holdings).map((name) => [rowOf(name), name]))
  }

  /** Each is asked for once: what is left over was taken away. False also for a row of another state than the one that is named. */
  take(name: string): boolean {
    if (this.#names === null) return true
    const isNamed = this.#names.get(rowOf(name)) === name
    this.#names.delete(rowOf(name))
    return isNamed
  }

  left(kind: string): number {
    return [...(this.#names?.keys() ?? [])].filter((row) => row.startsWith(`${kind}:`)).length
  }
}

function rowOf(name: string): string {
  return name.split(':', 2).join(':')
}

/**
 * A record that opens says whose it is; what else its row says counts only until the source has told it again, which the next delivery
 * does as if it had never been seen. One that does not open is dropped.
 */
async function keepRecords(
  client: pg.ClientBase,
  { vault, sources }: SyncContext,
  { person, key, records }: Dossier,
  named: Named,
): Promise<number> {
  const { rows } = await client.query<SourceRecordRow>('select * from source_record where person_id = $1', [person.id])
  const dropped: string[] = []
  let bad = 0
  for (const row of rows) {
    const place = { table: 'source_record', column: 'record', row: row.id, version: row.version }
    const text = unlessRowFault(() => vault.open(key, place, row.record))
    const isNamed = named.take(recordHolding(row))
    const genuine = isNamed && text !== null && vault.verifyGuard('source_record', sourceRecordGuard(row), row.guard)
    if (!genuine) bad += 1
    if (text === null || !(genuine || sources.has(row.source))) {
      dropped.push(row.id)
      continue
    }
    const untold = {
      ...row,
      key_id: person.key_id,
      row_digest: unseen(),
      presence: 'missing' as const,
      missing_since: null,
    }
    records.push({
      mark: genuine ? 'stored' : 'changed',
      row: genuine ? row : untold,
      record: JSON.parse(text) as SourceRecord,
    })
  }
  await client.query('delete from source_record where id = any($1::uuid[])', [dropped])
  bad += named.left('record')
  // Of which source a bad row is, it can't be asked.
  if (bad > 0 || named.isDoubtful) await client.query('update source set fingerprint = null')
  return bad
}

/** The digest of no row. */
function unseen(): Buffer {
  return randomBytes(32)
}

/**
 * A card whose row is bad counts as lost, which nothing revives by itself. One that can't even be read is dropped, or is gone, or may be:
 * nobody can say which it was, so every card that the records name and no row knows counts as lost too.
 */
async function keepCards(client: pg.ClientBase, context: SyncContext, dossier: Dossier, named: Named): Promise<number> {
  const { vault, sources } = context
  const { person, key, credentials } = dossier
  const { rows } = await client.query<CredentialRow>('select * from credential where person_id = $1', [person.id])
  let bad = 0
  let unreadable = 0
  for (const row of rows) {
    const place = { table: 'credential', column: 'card', row: row.id, version: 1 }
    const text = unlessRowFault(() => vault.open(key, place, row.card))
    const isNamed = named.take(cardHolding(row))
    const genuine = isNamed && text !== null && vault.verifyGuard('credential', credentialGuard(row), row.guard)
    if (!genuine) bad += 1
    if (text === null) {
      await client.query('delete from credential where id = $1', [row.id])
      unreadable += 1
      continue
    }
    const card = JSON.parse(text) as Card
    const source = row.source !== null && sources.has(row.source) ? row.source : null
    credentials.push({
      mark: genuine ? 'stored' : 'changed',
      card,
      row: genuine
        ? row
        : {
            ...row,
            ...{ state: 'lost', source, waits: false, held_at: null, issued_over: null },
            digest: cardDigest(vault, card),
          },
    })
  }
  const gone = named.left('card')
  if (unreadable + gone > 0 || named.isDoubtful) loseUnknownCards(context, dossier)
  return bad + gone
}

function loseUnknownCards(context: SyncContext, dossier: Dossier): void {
  const known = new Set(dossier.credentials.map(({ card }) => cardKey(card)))
  for (const { row, record } of dossier.records) {
    for (const { card, state } of record.cards ?? []) {
      if (state === 'returned' || known.has(cardKey(card))) continue
      known.add(cardKey(card))
      dossier.credentials.push(newCredential(context, dossier, card, { state: 'lost', source: row.source }))
    }
  }
}

/** A right that nobody can be shown to have given is none, nor is one that may have ended: its older row would be as genuine. */
async function keepGrants(
  client: pg.ClientBase,
  { vault }: SyncContext,
  { person, grants }: Dossier,
  named: Named,
): Promise<number> {
  const { rows } = await client.query<GrantRow>(
    'select * from individual_grant where person_id = $1 and ended_at is null',
    [person.id],
  )
  const bad: GrantRow[] = []
  for (const row of rows) {
    const isNamed = named.take(grantHolding(row)) && !named.isDoubtful
    if (isNamed && vault.verifyGuard('individual_grant', grantGuard(row), row.guard))
      grants.push({ mark: 'stored', row })
    else bad.push(row)
  }
  await client.query('delete from individual_grant where id = any($1::uuid[])', [bad.map((row) => row.id)])
  return bad.length + named.left('grant')
}

interface Kept extends Pick<Mended, 'lost'>, Pick<MendedDossier, 'closed' | 'unmarked'> {
  /** That the person's own row names, and that were not theirs any more; and those of them that were found again. */
  readonly gone: number
  readonly moved: number
}

/** An account is known by its sealed id at the target; whatever else was said of a bad one, it is to be closed and to have nothing. */
async function keepAccounts(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  named: Named,
): Promise<Kept> {
  const { rows } = await client.query<AccountRow>('select * from account where person_id = $1 order by id for update', [
    dossier.person.id,
  ])
  const closed: DossierAccount[] = []
  const lost: { account: AccountId; target: string }[] = []
  for (const row of rows) {
    const isNamed = named.take(accountHolding(row))
    if (isNamed && isWhole(context, dossier.key, row)) {
      dossier.accounts.push({ mark: 'stored', row })
      continue
    }
    if (await giveBack(client, context, row)) continue
    const account = closeBlindly(context, dossier, row)
    if (account === null) {
      lost.push({ account: row.id, target: row.target })
      await client.query('delete from account_work where account_id = $1', [row.id])
      await client.query('delete from account where id = $1', [row.id])
      continue
    }
    dossier.accounts.push(account)
    closed.push(account)
  }
  const gone = named.left('account')
  const here = dossier.accounts.length
  if (gone > 0) await findMoved(client, context.vault, [dossier])
  const moved = dossier.accounts.length - here
  // What the target showed, and what came of work, is asked and done anew.
  await client.query(
    `update account set frozen_at = null, applied_version = 0, actual = null, actual_at = null, failures = null, failing_since = null,
            discarded_version = null, discarded_guard = null where id = any($1::uuid[])`,
    [closed.map((account) => account.row.id)],
  )
  const { rowCount } = await client.query(
    'update account set frozen_at = null where person_id = $1 and frozen_at is not null',
    [dossier.person.id],
  )
  return { closed, lost, unmarked: rowCount ?? 0, gone, moved }
}

/** An account that somebody moved here from another person is theirs again: with their id in it, its row is as Gatehouse wrote it. */
async function giveBack(client: pg.ClientBase, { vault }: SyncContext, row: AccountRow): Promise<boolean> {
  const { rows } = await client.query<{ id: PersonId }>('select id from person where key_id = $1', [row.key_id])
  const owner = rows.find(({ id }) => vault.verifyGuard('account', accountGuard({ ...row, person_id: id }), row.guard))
  if (owner === undefined || owner.id === row.person_id) return false
  await client.query('update account set person_id = $2, frozen_at = null where id = $1', [row.id, owner.id])
  return true
}

/** All that a worker needs of it is as Gatehouse wrote it. */
function isWhole({ vault }: SyncContext, key: DataKey, row: AccountRow): boolean {
  return (
    unlessRowFault(() => {
      if (!vault.verifyGuard('account', accountGuard(row), row.guard)) return null
      openExternalId(vault, key, row)
      const { desired_facts, desired_facts_version: version } = row
      if (desired_facts !== null && version !== null) openFacts(vault, key, row.id, version, desired_facts)
      ownedOf(vault, row)
      return true
    }) ?? false
  )
}

/** Null when nobody can tell which account at which target it is. */
function closeBlindly(context: SyncContext, dossier: Dossier, row: AccountRow): DossierAccount | null {
  const { vault, targets } = context
  const target = [row.target, ...targets.keys()].find(
    (id) => unlessRowFault(() => openExternalId(vault, dossier.key, { ...row, target: id })) !== null,
  )
  if (target === undefined) return null
  // So that their blocks count as ours, and go with the lock.
  const cards = dossier.credentials.flatMap((card) => (card.row.state === 'returned' ? [] : [[card.row.id, 'blocked']]))
  const parts = { lock: 'closed', profile: '', validity: '', levels: [] } as const
  const closed = encodeParts({ ...parts, cards: Object.fromEntries(cards) as Parts['cards'] })
  const { facts } = understand(context, dossier, context.now()).person
  const version = after(Math.max(row.wanted_facts_version, row.desired_facts_version ?? 0))
  const sealed = sealFacts(vault, dossier.key, row.id, version, { facts, validity: { from: null, until: null } })
  // That the account is not ours nobody may say: it would then count as shut without being looked at.
  const owned = encodeOwned({ ...(unlessRowFault(() => ownedOf(vault, row)) ?? nothingOwned), made: true })
  return {
    mark: 'changed',
    row: {
      ...row,
      target,
      person_id: dossier.person.id,
      key_id: dossier.person.key_id,
      ...{ wanted: closed, wanted_facts: sealed, wanted_facts_version: version, wanted_by: 'operator', pending: false },
      ...{ desired: closed, desired_facts: sealed, desired_facts_version: version },
      desired_version: after(row.desired_version),
      applied_version: 0,
      owned,
      owned_guard: vault.guard('account_owned', ownedGuard(row.id, owned)),
      frozen_at: null,
      suspect_at: null,
      // Where it really is suspended, its own row says so, and it is again within seconds.
      suspension: null,
    },
  }
}

/** Counts on, also from a number that somebody wrote there to end all counting. */
function after(version: number): number {
  return version < 2_000_000_000 && version >= 0 ? version + 1 : 1
}
