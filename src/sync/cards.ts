/** What an operator says about one card: lost, returned, suspended, resumed, issued; his word outranks what the sources said before. */
import type pg from 'pg'
import type { AuditAction } from '../audit/actions.ts'
import { recordAudit } from '../audit/record.ts'
import { type Card, cardKey, isRandomSerial } from '../model/card.ts'
import type { CredentialId, PersonId, SubjectId } from '../model/id.ts'
import { Refusal } from '../model/refusal.ts'
import { type CardRow, cardRows, lockCards, wakeWaiting } from '../store/card-holders.ts'
import { type Dossier, type DossierCredential, touch } from '../store/dossier.ts'
import { credentialGuard } from '../store/guards.ts'
import { cardDigest } from '../store/identifiers.ts'
import { cardRefusal } from './card-refusal.ts'
import { certain } from './certain.ts'
import { changePerson } from './change-person.ts'
import type { SyncContext } from './context.ts'
import { carryOutAct } from './named-act.ts'
import { claimant, claimOf, isUsable, isUsableState, newCredential } from './resolve/credentials.ts'
import { understand } from './resolve/resolve.ts'

/** A card, and whose it must be, if that was said. */
export interface CardRef {
  readonly card: Card
  readonly person: PersonId | null
}

export interface CardDone {
  readonly person: PersonId
  readonly credential: CredentialId
  /** Of this card alone; none when it was shut already. */
  readonly lockouts: readonly string[]
  /** Until it was seen to be gone from the accounts of whoever gave it back. */
  readonly waits: boolean
  /** Targets of the person that can not take a card of this format, and why; of an issued card alone. */
  readonly refused: readonly { readonly target: string; readonly code: string }[]
}

/** Blocks the card everywhere, now and until somebody says in words that it is back. @throws Refusal `card.unknown`, `card.returned`, `card.waits`, `card.not-theirs`, `card.forged`, `person.frozen`. */
export function loseCard(context: SyncContext, ref: CardRef, subject: SubjectId, reason: string): Promise<CardDone> {
  return act(
    context,
    ref,
    subject,
    reason,
    'credential.blocked',
    ({ row }) => {
      row.state = 'lost'
    },
    true,
  )
}

/** Takes the card off its holder's accounts; whoever is to have it then, gets it when it was seen to be gone there. @throws Refusal as `loseCard`. */
export function returnCard(context: SyncContext, ref: CardRef, subject: SubjectId, reason: string): Promise<CardDone> {
  return act(context, ref, subject, reason, 'credential.returned', ({ row }) => {
    row.state = 'returned'
    row.waits = false
    row.held_at = null
  })
}

/** Blocks the card until `resumeCard`, whatever the sources say of it meanwhile. @throws Refusal as `loseCard`, and `card.lost`. */
export function suspendCard(context: SyncContext, ref: CardRef, subject: SubjectId, reason: string): Promise<CardDone> {
  return act(context, ref, subject, reason, 'credential.blocked', ({ row }) => {
    if (row.state === 'lost') throw new Refusal('card.lost')
    row.held_at ??= context.now()
  })
}

/** Lifts an operator's suspension and nothing else: a card that a source suspended, or that is lost, stays blocked. @throws Refusal as `loseCard`, and `card.not-suspended`. */
export function resumeCard(context: SyncContext, ref: CardRef, subject: SubjectId, reason: string): Promise<CardDone> {
  return act(context, ref, subject, reason, 'credential.unblocked', ({ row }) => {
    if (row.held_at === null) throw new Refusal('card.not-suspended')
    row.held_at = null
  })
}

/**
 * Gives a card to a person: one that nobody has, or that was lost or given back before. It waits while it is still on the account of
 * whoever gave it back. @throws Refusal `card.held` when somebody else has it, `card.issued` when this person has it and it is on,
 * `card.two-formats` when they have it under another format, `card.random-serial`, `person.unknown`, `person.frozen`, `card.person-left`.
 */
export async function issueCard(
  context: SyncContext,
  person: PersonId,
  card: Card,
  subject: SubjectId,
  reason: string,
): Promise<CardDone> {
  if (isRandomSerial(card)) throw new Refusal('card.random-serial')
  return changePerson(context, person, async (dossier, client) => {
    await context.refuseSuperseded(client)
    const same = sameIn(context, dossier, card)
    const known = same.find((credential) => cardKey(credential.card) === cardKey(card))
    if (known !== undefined && !known.row.waits && isUsable(known.row)) throw new Refusal('card.issued')
    if (same.some((other) => other !== known && other.row.state !== 'returned')) throw new Refusal('card.two-formats')
    const { person: merged, standing } = understand(context, dossier, context.now())
    const { unlocked_until } = dossier.person
    if (standing.state === 'left' && (unlocked_until === null || unlocked_until <= context.now()))
      throw new Refusal('card.person-left')
    await lockCards(client)
    const others = (await rowsOf(client, context, card)).filter((row) => row.person_id !== person)
    if (others.some(isHeld)) throw new Refusal('card.held')
    const claim = claimOf(merged, card)
    const isClaimed = claim !== undefined && isUsableState(claim.state)
    const how = {
      state: isClaimed ? claim.state : ('issued' as const),
      // What a source names as usable is its card from here on; over anything else it said, this word stands.
      source: isClaimed ? certain(claimant(dossier, cardKey(card))).row.source : null,
    }
    const credential = known ?? newCredential(context, dossier, card, how)
    if (known === undefined) dossier.credentials.push(credential)
    Object.assign(credential.row, how, {
      issued_over: claim?.state ?? 'none',
      held_at: null,
      // Until it is looked at who has it.
      waits: true,
    })
    touch(credential)
    const done = await finish(client, context, dossier, [credential], subject, reason, 'credential.issued')
    return { ...done, refused: refusedBy(context, dossier, card) }
  })
}

async function act(
  context: SyncContext,
  ref: CardRef,
  subject: SubjectId,
  reason: string,
  action: AuditAction,
  change: (credential: DossierCredential) => void,
  losing = false,
): Promise<CardDone> {
  const { person_id: person } = await holderOf(context.database.pool, context, ref, losing)
  const say = async (dossier: Dossier, client: pg.PoolClient) => {
    // A card that was lost is blocked whatever came into force meanwhile.
    if (!losing) await context.refuseSuperseded(client)
    await lockCards(client)
    // Decided about by somebody else since it was looked up.
    const holder = await holderOf(client, context, ref, losing)
    if (holder.person_id !== person) throw new Refusal('card.returned')
    // Whatever it is called, it is the same card to a reader: when it is lost, that must not be a matter of words.
    const meant = sameIn(context, dossier, ref.card).filter(
      ({ row, card }) =>
        (losing && row.id === holder.id) ||
        (row.state !== 'returned' && (losing || cardKey(card) === cardKey(ref.card))),
    )
    if (meant.length === 0) throw new Refusal('card.other-format')
    for (const credential of meant) {
      change(credential)
      touch(credential)
    }
    return finish(client, context, dossier, meant, subject, reason, action)
  }
  return changePerson(context, person, say, { shutsOut: losing })
}

async function finish(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  credentials: readonly DossierCredential[],
  subject: SubjectId,
  reason: string,
  action: AuditAction,
): Promise<CardDone> {
  const parts = new Set(credentials.map(({ row }) => `card:${row.id}`))
  const lockouts = await carryOutAct(client, context, dossier, subject, (part) => parts.has(part))
  for (const { row } of credentials) {
    await recordAudit(client, context.vault, {
      actor: subject,
      action,
      object: row.id,
      details: { person: dossier.person.id, state: row.state, suspended: row.held_at !== null, reason },
      about: dossier.key,
    })
    if (row.state === 'returned') await wakeWaiting(client, [row.digest], context.now())
  }
  // Of several that are lost together, the one that opened doors.
  const { row } = certain(credentials.find((credential) => !credential.row.waits) ?? credentials[0])
  return { person: dossier.person.id, credential: row.id, lockouts, waits: row.waits, refused: [] }
}

function refusedBy({ targets }: SyncContext, { accounts }: Dossier, card: Card): CardDone['refused'] {
  return accounts.flatMap(({ row: { target } }) => {
    const setup = targets.get(target)
    const refusal = setup === undefined ? null : cardRefusal(setup.connection.accounts, card)
    return refusal === null ? [] : [{ target, code: refusal.code }]
  })
}

/** What a person has of a card: under the format that was named, and under others that a reader can not tell from it. */
function sameIn({ vault }: SyncContext, { credentials }: Dossier, card: Card): readonly DossierCredential[] {
  const digest = cardDigest(vault, card)
  return credentials.filter(({ row }) => row.digest.equals(digest))
}

/**
 * Who has the card: never a guess. Only losing may concern one that was given back, as long as it is still on an account. Of somebody who
 * is to have it under two formats, neither is given, and both are theirs to speak of.
 */
async function holderOf(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
  { card, person }: CardRef,
  losing: boolean,
): Promise<CardRow> {
  const all = await rowsOf(client, context, card)
  const rows = person === null ? all : all.filter((row) => row.person_id === person)
  const held =
    rows.find(isHeld) ??
    (losing ? rows.find(({ state, lingers }) => state === 'returned' && lingers) : undefined) ??
    rows.find((row) => rows.some((other) => isTwin(row, other)))
  if (held !== undefined) {
    if (!context.vault.verifyGuard('credential', credentialGuard(held), held.guard)) throw new Refusal('card.forged')
    return held
  }
  if (rows.some(({ waits }) => waits)) throw new Refusal('card.waits')
  if (rows.length > 0) throw new Refusal('card.returned')
  throw new Refusal(all.length > 0 ? 'card.not-theirs' : 'card.unknown')
}

function isTwin(one: CardRow, other: CardRow): boolean {
  const isOpen = one.state !== 'returned' && other.state !== 'returned'
  return isOpen && one.id !== other.id && one.person_id === other.person_id
}

function isHeld({ state, waits }: CardRow): boolean {
  return state !== 'returned' && !waits
}

function rowsOf(
  client: pg.ClientBase | pg.Pool,
  { vault, targets }: SyncContext,
  card: Card,
): Promise<readonly CardRow[]> {
  return cardRows(client, [cardDigest(vault, card)], [...targets.keys()])
}
