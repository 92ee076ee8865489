/** Keeps a person's cards in step with what the sources claim: a card's life only goes forward, and nothing revives by itself. */
import { type CardState, cardKey } from '../../model/card.ts'
import { type CredentialId, newId } from '../../model/id.ts'
import type { Person } from '../../model/person.ts'
import { type Dossier, type DossierCredential, touch } from '../../store/dossier.ts'
import type { SyncContext } from '../context.ts'
import type { Finding } from './resolve.ts'

/** Updates the dossier's credentials; returns the digests of cards that are free again. New ones may still have to wait: `holdTakenCards` decides. */
export function mergeCredentials(
  context: SyncContext,
  dossier: Dossier,
  person: Person,
  findings: Finding[],
): readonly Buffer[] {
  const freed: Buffer[] = []
  const claims = new Map(person.cards.map((claim) => [cardKey(claim.card), claim]))
  for (const credential of dossier.credentials) {
    const { row } = credential
    const claim = claims.get(cardKey(credential.card))
    claims.delete(cardKey(credential.card))
    if (claim === undefined) {
      if (row.source !== null && speaksOfCards(dossier, row.source)) giveBack(credential, freed)
    } else if (claim.state === 'returned') {
      giveBack(credential, freed)
    } else if (follows(row.state, claim.state)) {
      row.state = claim.state
      touch(credential)
    } else if (isUsable(claim.state) && !isUsable(row.state)) {
      findings.push({ code: 'card.not-revived', scope: dossier.person.id })
    }
  }
  for (const [key, { card, state }] of claims) {
    if (state === 'returned') continue
    const id = newId<CredentialId>()
    dossier.credentials.push({
      mark: 'fresh',
      card,
      row: {
        id,
        person_id: dossier.person.id,
        digest: context.vault.index('card', key),
        card: context.vault.seal(
          dossier.key,
          { table: 'credential', column: 'card', row: id, version: 1 },
          JSON.stringify(card),
        ),
        state,
        source: claimant(dossier, key)?.row.source ?? null,
        waits: false,
        held_at: null,
        issued_over: null,
        guard: Buffer.alloc(0),
      },
    })
  }
  return freed
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

function claimant({ records }: Dossier, key: string): Dossier['records'][number] | undefined {
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

export function isUsable(state: CardState): boolean {
  return state === 'issued' || state === 'active'
}

/** A claim moves a card on (issued, active, suspended and back), and into lost, but never out of lost or returned. */
function follows(from: CardState, to: CardState): boolean {
  if (from === to || from === 'lost' || from === 'returned') return false
  return true
}
