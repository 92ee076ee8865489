/** One account of a target made a row of ours, as it was found: what is on it stays as it is, and is only ours where policy wants it. */
import type pg from 'pg'
import type { ActualAccount } from '../../connector/contract.ts'
import { isShown } from '../../connector/profile.ts'
import { cardKey } from '../../model/card.ts'
import type { AccountId, CredentialId } from '../../model/id.ts'
import type { PersonFacts } from '../../model/person.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { type AccountFacts, type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import { type MatchRow, ownedGuard } from '../../store/guards.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { openFacts, sealFacts } from '../account-facts.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { sealExternalId } from '../external-id.ts'
import { addAccount } from '../new-account.ts'
import { targetOrigin } from '../origin.ts'
import { encodeOwned, isMade, type Owned } from '../owned-row.ts'
import { decodeParts, encodeParts, isPending, type Parts } from '../parts.ts'
import { cardStates, sameValidity } from '../reconcile/compare.ts'
import { profileDigest, withoutPhoto } from '../resolve/profile-digest.ts'
import { validityDigest } from '../resolve/validity-digest.ts'
import { textKey } from '../text-key.ts'

/** Nothing that a profile could be written from: the account keeps what it shows. */
const noFacts: PersonFacts = {}

/** Facts as found are sealed apart from those that resolving writes, whose versions begin with 1. */
const foundVersion = 0

/** What stands in the way of links, read once for all of them. */
export interface Places {
  /** By digest of their external id: rows that bear it. */
  readonly taken: ReadonlyMap<string, AccountId>
  /** Rows that a worker is at. */
  readonly busy: ReadonlySet<AccountId>
}

/** For these rows of a look; what was planned for an account that is there by somebody else is taken off the list. */
export async function findPlaces(
  client: pg.ClientBase,
  target: TargetSetup,
  rows: readonly MatchRow[],
  dossiers: ReadonlyMap<string, Dossier>,
): Promise<Places> {
  const ids = [...dossiers.values()].flatMap(({ accounts }) =>
    accounts.filter(({ row }) => row.target === target.id).map(({ row }) => row.id),
  )
  const busy = await client.query<{ account_id: AccountId }>(
    'select account_id from account_work where account_id = any($1::uuid[]) and lease_until >= now() for update',
    [ids],
  )
  const taken = await client.query<{ i: number; id: AccountId }>(
    forEachDigest('$2', 16, 'select id from account where target = $1 and external_digest = d.digest'),
    [target.id, Buffer.concat(rows.map(({ external_digest }) => external_digest))],
  )
  return {
    taken: new Map(taken.rows.map(({ i, id }) => [textKey(rows[i]?.external_digest as Buffer), id])),
    busy: new Set(busy.rows.map(({ account_id }) => account_id)),
  }
}

/**
 * Gives the dossier a row for this account: the one that was planned for the person, or else a new one, extra where they have one
 * already. Else says why not: the id is that of somebody else's row, or a worker is just making the planned one.
 */
export function beginLink(
  context: SyncContext,
  target: TargetSetup,
  dossier: Dossier,
  found: ActualAccount,
  { taken, busy }: Places,
): DossierAccount | 'match.id-taken' | 'match.busy' {
  const digest = accountDigest(context.vault, target.id, found.externalId)
  const primary = dossier.accounts.find(({ row }) => row.target === target.id && row.is_primary)
  const planned = primary !== undefined && !isMade(context.vault, primary.row) ? primary : null
  const holder = taken.get(textKey(digest))
  if (holder !== undefined && holder !== planned?.row.id) return 'match.id-taken'
  if (planned === null)
    return addAccount(context, dossier, {
      ...{ target: target.id, externalId: found.externalId, isPrimary: primary === undefined },
      ...{ wanted: partsAsFound(context, found), facts: factsAsFound(found) },
      ...{ wantedBy: targetOrigin(target.id), pending: false },
    })
  const { row } = planned
  if (busy.has(row.id)) return 'match.busy'
  row.external_digest = digest
  row.external_id = sealExternalId(context.vault, dossier.key, row.id, found.externalId)
  touch(planned)
  return planned
}

/** Nothing of the person is known to be on it: what it shows stays. */
const factsAsFound = ({ validity }: ActualAccount): AccountFacts => ({ facts: noFacts, validity })

/** Open, whatever its lock: who shut it is not known, and so it is not ours to lift. */
function partsAsFound(context: SyncContext, found: ActualAccount): Parts {
  return {
    lock: 'open',
    profile: profileDigest(context.vault, found.profile),
    validity: validityDigest(context.vault, found.validity),
    cards: {},
    levels: [],
  }
}

interface Link {
  readonly dossier: Dossier
  readonly account: DossierAccount
  readonly found: ActualAccount
}

/**
 * What was found becomes desired, once it is known what is wanted: levels and cards are ours where policy wants exactly them. Returns
 * the desired version that the target shows so.
 */
export function finishLink(context: SyncContext, target: TargetSetup, { dossier, account, found }: Link): number {
  const { row } = account
  const wanted = decodeParts(row.wanted)
  const asFound = {
    ...partsAsFound(context, found),
    ...(row.is_primary ? oursOf(context, dossier, found, wanted) : {}),
  }
  const facts = wantedFacts(context, dossier, account)
  const sameProfile = isShown(target.connection.accounts.render(facts.facts), found.profile)
  const desired: Parts = {
    ...asFound,
    // Nobody looked at its picture.
    profile: sameProfile ? withoutPhoto(wanted.profile) : asFound.profile,
    validity: sameValidity(facts.validity, found.validity, context.now()) ? wanted.validity : asFound.validity,
  }
  const isAsWanted = desired.profile === wanted.profile && desired.validity === wanted.validity
  row.desired = encodeParts(desired)
  row.desired_facts = isAsWanted
    ? row.wanted_facts
    : sealFacts(context.vault, dossier.key, row.id, foundVersion, factsAsFound(found))
  row.desired_facts_version = isAsWanted ? row.wanted_facts_version : foundVersion
  row.desired_version += 1
  row.wanted_by = targetOrigin(target.id)
  row.pending = isPending(row.desired, wanted)
  const { levels, cards } = desired
  const owned: Owned = {
    made: true,
    adopted: true,
    levels,
    cards: Object.keys(cards) as CredentialId[],
    blocked: [],
    closed: false,
  }
  row.owned = encodeOwned(owned)
  row.owned_guard = context.vault.guard('account_owned', ownedGuard(row.id, row.owned))
  touch(account)
  return row.desired_version
}

function oursOf(
  context: SyncContext,
  dossier: Dossier,
  found: ActualAccount,
  wanted: Parts,
): Pick<Parts, 'cards' | 'levels'> {
  const states = cardStates(found)
  const cards = dossier.credentials.flatMap(({ row, card }) => {
    const state = states.get(cardKey(card))
    // Whoever is to be shut out has no card that is wanted; theirs they are all the same, and so is what blocks them.
    const theirs = wanted.cards[row.id] !== undefined || (wanted.lock === 'closed' && row.state !== 'returned')
    return state === undefined || !theirs ? [] : [[row.id, state] as const]
  })
  return {
    cards: Object.fromEntries(cards),
    levels: wanted.levels.filter((id) => found.levels.some((level) => level === context.levels.externalId(id))).sort(),
  }
}

function wantedFacts({ vault }: SyncContext, { key }: Dossier, { row }: DossierAccount): AccountFacts {
  return openFacts(vault, key, row.id, row.wanted_facts_version, row.wanted_facts)
}

/** Notes what the target showed, as the settlement of work would have, and takes what was planned before off the list. */
export async function noteFound(
  client: pg.ClientBase,
  { vault }: SyncContext,
  links: readonly (Link & { readonly version: number })[],
): Promise<void> {
  const seen = links.map(({ dossier, account: { row }, found, version: applied }) => {
    const version = (row.actual_version ?? 0) + 1
    const place = { table: 'account', column: 'actual', row: row.id, version }
    return { id: row.id, version, applied, actual: vault.seal(dossier.key, place, JSON.stringify(found)) }
  })
  await client.query(
    `update account a set actual = v.actual, actual_version = v.version, actual_at = now(), failures = null,
            applied_version = v.applied
       from unnest($1::uuid[], $2::bytea[], $3::int[], $4::int[]) as v(id, actual, version, applied) where a.id = v.id`,
    [
      seen.map(({ id }) => id),
      seen.map(({ actual }) => actual),
      seen.map(({ version }) => version),
      seen.map(({ applied }) => applied),
    ],
  )
  await client.query(
    'delete from account_work w using account a where a.id = w.account_id and a.id = any($1::uuid[]) and a.desired_version = a.applied_version',
    [seen.map(({ id }) => id)],
  )
}
