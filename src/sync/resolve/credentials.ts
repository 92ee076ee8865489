/** Keeps a person's cards in step with what the sources claim: a card's life only goes forward, and nothing revives by itself. */
import { type Card, type CardClaim, type CardState, cardKey } from '../../model/card.ts'
import { type CredentialId, newId } from '../../model/id.ts'
import type { Person } from '../../model/person.ts'
import { type Dossier, type DossierCredential, touch } from '../../store/dossier.ts'
import { cardDigest } from '../../store/identifiers.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { decodeIfAny } from '../parts.ts'
import type { Finding } from './resolve.ts'
import { isSpokenOfByNobody } from './stages.ts'

/** Updates the dossier's credentials; returns the digests of cards that are free again. New ones may still have to wait: `holdTakenCards` decides. */
export function mergeCredentials(
  context: SyncContext,
  dossier: Dossier,
  person: Person,
  findings: Finding[],
): readonly Buffer[] {
  const freed: Buffer[] = []
  const claims = new Map(person.cards.map((claim) => [cardKey(claim.card), claim]))
  const gone = dossier.credentials.filter(({ row }) => isOver(row.state))
  for (const credential of dossier.credentials) {
    const { row } = credential
    const claim = claims.get(cardKey(credential.card))
    claims.delete(cardKey(credential.card))
    if (claim === undefined) {
      // A lost card is lost until somebody says in words that it is back.
      if (row.source !== null && row.state !== 'lost' && speaksOfCards(dossier, row.source)) giveBack(credential, freed)
      continue
    }
    if (row.source === null) {
      // An operator issued it over this very claim: it counts when it becomes another one.
      if (claim.state === row.issued_over) continue
      row.source = certain(claimant(dossier, cardKey(credential.card))).row.source
      row.issued_over = null
      touch(credential)
    }
    if (claim.state === 'returned') {
      giveBack(credential, freed)
    } else if (follows(row.state, claim.state)) {
      row.state = claim.state
      touch(credential)
    } else if (isUsableState(claim.state) && !isUsableState(row.state)) {
      findings.push({ code: 'card.not-revived', scope: dossier.person.id })
    }
  }
  for (const [key, { card, state }] of claims) {
    if (state === 'returned') continue
    // Under another format it is the same card: lost or given back before this delivery, it does not come back by a new name.
    const digest = gone.length === 0 ? null : cardDigest(context.vault, card)
    if (digest !== null && gone.some(({ row }) => row.digest.equals(digest))) {
      findings.push({ code: 'card.not-revived', scope: dossier.person.id })
      continue
    }
    dossier.credentials.push(
      newCredential(context, dossier, card, { state, source: certain(claimant(dossier, key)).row.source }),
    )
  }
  return freed
}

/** A card that this person is to hold; it is not saved yet, nor known to be free. */
export function newCredential(
  { vault }: SyncContext,
  { person, key }: Dossier,
  card: Card,
  how: Pick<DossierCredential['row'], 'state' | 'source'>,
): DossierCredential {
  const id = newId<CredentialId>()
  const place = { table: 'credential', column: 'card', row: id, version: 1 }
  return {
    mark: 'fresh',
    card,
    row: {
      id,
      person_id: person.id,
      digest: cardDigest(vault, card),
      card: vault.seal(key, place, JSON.stringify(card)),
      waits: false,
      held_at: null,
      issued_over: null,
      ...how,
      guard: Buffer.alloc(0),
    },
  }
}

/** What the sources claim of a card of this person; undefined when they name it no more. */
export function claimOf(person: Person, card: Card): CardClaim | undefined {
  return person.cards.find((claim) => cardKey(claim.card) === cardKey(card))
}

/**
 * Whoever no source speaks of any more, and whose cards were taken off the targets, holds none: somebody may wait for them. A lost one
 * stays lost.
 */
export function giveBackAll(dossier: Dossier): readonly Buffer[] {
  const freed: Buffer[] = []
  for (const credential of dossier.credentials) if (credential.row.state !== 'lost') giveBack(credential, freed)
  return freed
}

/**
 * Cards that were just taken off an account of somebody who left: those that an operator issued, and all of whom nobody speaks of any
 * more, are returned once no account is to have them. What a source still names stays its card, for when the person comes back.
 */
export function giveBackWithdrawn(
  { targets }: SyncContext,
  dossier: Dossier,
  withdrawn: ReadonlySet<CredentialId>,
): void {
  if (dossier.person.left_at === null) return
  const held = new Set(
    dossier.accounts.flatMap(({ row }) =>
      targets.has(row.target) ? Object.keys(decodeIfAny(row.desired)?.cards ?? {}) : [],
    ),
  )
  for (const credential of dossier.credentials) {
    const { id, state, source } = credential.row
    const isNamed = source !== null && !isSpokenOfByNobody(dossier)
    // Whoever waits for it is woken when the account was read without it.
    if (withdrawn.has(id) && state !== 'lost' && !isNamed && !held.has(id)) giveBack(credential, [])
  }
}

/** The same card to a reader, held by this person under another format: whoever names one of them must say which is meant. */
export function twins({ credentials }: Dossier, { row }: DossierCredential): readonly DossierCredential[] {
  return credentials.filter(
    (other) => other.row.id !== row.id && other.row.state !== 'returned' && other.row.digest.equals(row.digest),
  )
}

/** The record that names a card. */
export function claimant({ records }: Dossier, key: string): Dossier['records'][number] | undefined {
  return records.find(({ record }) => record.cards?.some(({ card }) => cardKey(card) === key))
}

function giveBack(credential: DossierCredential, freed: Buffer[]): void {
  const { row } = credential
  if (row.state === 'returned') return
  row.state = 'returned'
  row.waits = false
  touch(credential)
  freed.push(row.digest)
}

function speaksOfCards(dossier: Dossier, source: string): boolean {
  return dossier.records.some(
    ({ row, record }) => row.source === source && row.presence !== 'gone' && record.cards !== undefined,
  )
}

/** Whether the card opens anything: no operator suspended it, and its state is one that does. */
export function isUsable({ state, held_at }: DossierCredential['row']): boolean {
  return isUsableState(state) && held_at === null
}

export function isUsableState(state: CardState): boolean {
  return state === 'issued' || state === 'active'
}

/** A claim moves a card on (issued, active, suspended and back), and into lost, but never out of lost or returned. */
function follows(from: CardState, to: CardState): boolean {
  return from !== to && !isOver(from)
}

function isOver(state: CardState): boolean {
  return state === 'lost' || state === 'returned'
}
