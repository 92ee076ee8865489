/** Texts about an account that hold keyed names: what is wanted, desired and ours, what runs set out for, and cards that nobody knows. */
import { wireKey } from '../../model/card.ts'
import { parseJson } from '../../model/parse-json.ts'
import type { AccountRow, DriftRow } from '../../store/guards.ts'
import { intentGuard } from '../../store/guards.ts'
import type { AccountWorkTable, Intent } from '../../store/schema.ts'
import type { DataKey, Vault } from '../../vault/vault.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import { encodeOwned, type Owned } from '../owned-row.ts'
import { isUnnumbered, shownKey, strangeName } from '../strange-card.ts'
import { type Rename, renamedCards, renamedParts, renaming } from './names.ts'
import type { Cell, Turn } from './turn.ts'

/** What is read of the account beside a row that speaks of one. */
export const ofAccount = {
  join: 'left join account a on a.id = t.account_id left join person_key k on k.id = a.key_id',
  columns: `a.target as _target, a.wanted as _wanted, a.wanted_facts as _wanted_facts, a.wanted_facts_version as _wanted_version,
    a.desired_facts as _desired_facts, a.desired_facts_version as _desired_version,
    a.external_digest as _digest, a.actual as _actual, a.actual_version as _actual_version`,
}

/** Null where there is no such account. */
export interface BesideAccount {
  readonly account_id: AccountRow['id'] | null
  readonly _target: string | null
  readonly _wanted: string | null
  readonly _wanted_facts: Buffer | null
  readonly _wanted_version: number | null
  readonly _desired_facts: Buffer | null
  readonly _desired_version: number | null
  readonly _digest: Buffer | null
  readonly _actual: Buffer | null
  readonly _actual_version: number | null
}

export function besideOf({ was }: Pick<Cell<unknown>, 'was'>): BesideAccount {
  return was as BesideAccount
}

const renamings = new WeakMap<object, Rename>()

function ownRenaming(cell: Cell<AccountRow>): Rename {
  const { turn, was, opened } = cell
  const rename =
    renamings.get(cell) ?? renaming(turn, was.target, [opened.get('wanted_facts'), opened.get('desired_facts')])
  renamings.set(cell, rename)
  return rename
}

export function renamedWanted(cell: Cell<AccountRow>): string {
  return renamedParts(cell.was.wanted, ownRenaming(cell))
}

export function renamedDesired(cell: Cell<AccountRow>): string | null {
  return cell.was.desired === null ? null : renamedParts(cell.was.desired, ownRenaming(cell))
}

export function renamedOwned({ turn: { old, next }, was, opened }: Cell<AccountRow>): string | null {
  if (was.owned === null) return null
  const owned = parseJson(was.owned) as Owned | undefined
  if (owned === undefined || [owned.maybe, owned.strange, owned.reverts].every((each) => each === undefined))
    return was.owned
  const { maybe, strange, reverts } = owned
  const named = (vault: Vault) => (key: string) => vault.index('card', key).toString('base64url')
  const known = renamedCards(onWire, opened.get('actual'), named(old), named(next))
  const cards = maybe?.cards.map(
    (name) => known.get(name) ?? next.carryOver.index('card', Buffer.from(name, 'base64url')).toString('base64url'),
  )
  const renamed = strangeRenaming(opened.get('actual'), { old, next }, was.id)
  return encodeOwned({
    ...owned,
    ...(strange === undefined ? {} : { strange: strange.map(renamed) }),
    ...(maybe === undefined || cards === undefined ? {} : { maybe: { ...maybe, cards } }),
    ...(reverts === undefined
      ? {}
      : { reverts: reverts.map((each) => ({ ...each, part: renamedStrange(each, renamed) })) }),
  })
}

/** By what cards are found in the database. */
function onWire(shown: Parameters<typeof shownKey>[0]): string {
  return shown.card === null ? shownKey(shown) : wireKey(shown.card)
}

/** Names of cards of nobody, by what the target showed of the account. */
function strangeRenaming(
  shown: string | null | undefined,
  { old, next }: Pick<Turn, 'old' | 'next'>,
  account: AccountRow['id'],
): (name: string) => string {
  const named = (vault: Vault) => (key: string) => strangeName(vault, account, key)
  const known = renamedCards(shownKey, shown, named(old), named(next))
  return (name) => known.get(name) ?? next.carryOver.name(name)
}

/** Of the account beside a row, while its seals are still the old ones. */
export function besideRenaming(turn: Turn, beside: BesideAccount, key: DataKey | null): Rename {
  const { account_id: row, _target: target } = beside
  const open = (sealed: Buffer | null, version: number | null): string | null =>
    sealed === null || version === null || row === null || key === null
      ? null
      : unlessRowFault(() => turn.old.open(key, { table: 'account', column: 'facts', row, version }, sealed))
  const facts = [
    open(beside._wanted_facts, beside._wanted_version),
    open(beside._desired_facts, beside._desired_version),
  ]
  return renaming(turn, target ?? '', facts)
}

type WorkRow = Pick<AccountWorkTable, 'account_id'> & { readonly intents: unknown }

/** One that was never desired of this account counts for nothing today, and is left out. */
export function renamedIntents(cell: Pick<Cell<WorkRow>, 'turn' | 'was' | 'keys'>): string {
  const { turn, was, keys } = cell
  const stored: readonly (Partial<Intent> | null)[] = Array.isArray(was.intents) ? was.intents : []
  if (stored.length === 0) return '[]'
  const rename = besideRenaming(turn, besideOf(cell), keys?.old ?? null)
  const genuine = stored.flatMap((intent): Intent[] => {
    if (typeof intent?.desired !== 'string' || typeof intent.mac !== 'string') return []
    const mac = Buffer.from(intent.mac, 'base64')
    if (!turn.old.verifyGuard('account_intent', intentGuard(was.account_id, intent.desired), mac)) return []
    const desired = renamedParts(intent.desired, rename)
    return [
      { desired, mac: turn.next.guard('account_intent', intentGuard(was.account_id, desired)).toString('base64') },
    ]
  })
  return JSON.stringify(genuine)
}

const cardPart = /^card:(.{16})$/

/** Only a card that nobody knows is named by its number. */
function renamedStrange(
  { class: is, part }: Pick<DriftRow, 'class' | 'part'>,
  rename: (name: string) => string,
): string {
  const [, name] = cardPart.exec(part) ?? []
  if (is !== 'card-added' || name === undefined) return part
  // A card without a number is told anew, under the name that it has then.
  return isUnnumbered(part) ? `card:~${rename(name.slice(1)).slice(1)}` : `card:${rename(name)}`
}

/** After the account itself. */
export function renamedDriftPart(cell: Cell<DriftRow>): string {
  const { turn, was, keys } = cell
  const { _actual: actual, _actual_version: version, account_id: row } = besideOf(cell)
  const shown =
    actual === null || version === null || row === null || keys === null
      ? null
      : unlessRowFault(() => turn.next.open(keys.next, { table: 'account', column: 'actual', row, version }, actual))
  return row === null ? was.part : renamedStrange(was, strangeRenaming(shown, turn, row))
}
