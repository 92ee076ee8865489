/** People who are erased: what will happen, what is under way, and what was stated about it. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

/** What erasing somebody would come to; no personal data. */
export interface ErasurePreview {
  readonly person: string
  /** Where an account is to be removed, and what stands in the way there. */
  readonly accounts: readonly { readonly target: string; readonly made: boolean; readonly waits: string | null }[]
  /** Sources that may bring the person again: they are held. */
  readonly sources: readonly string[]
  readonly records: number
  readonly cards: number
  /** Deliveries that are kept may hold the person until then; null: none are kept. */
  readonly archivesUntil: string | null
  /** When backups can't be opened either, if no epoch is begun sooner. */
  readonly backupsUntil: string
}

export interface ErasureView {
  readonly id: string
  readonly person: string
  readonly askedAt: string
  readonly askedBy: string
  /** `removing` until the person is left at no target; `forged`: the row was changed from outside. */
  readonly state: 'removing' | 'deleted' | 'closed' | 'forged'
  readonly accounts: readonly { readonly target: string; readonly outcome: string | null; readonly at: string | null }[]
  readonly deletedAt: string | null
  /** Since when backups don't open either. */
  readonly backupsUnreadableSince: string | null
  readonly liftedAt: string | null
  /** Signed lines for auditors; see `gatehouse keys public`. */
  readonly statement: string | null
  readonly closing: string | null
}

export interface ErasureActs {
  previewErasure(person: string): Promise<ErasurePreview>
  erasePerson(
    actor: Actor,
    person: string,
    reason: string,
  ): Promise<{ readonly erasure: string; readonly lockouts: readonly string[] }>
  erasures(page: { after?: string; limit: number }): Promise<Paged<ErasureView>>
  erasure(id: string): Promise<ErasureView>
  /** Lets the erased be brought in again; by the erasure's id, or an employee number that they had. */
  liftErasure(actor: Actor, by: string, reason: string): Promise<{ readonly erasure: string }>
  /** Does without a target that is gone for good. */
  signOffErasure(actor: Actor, id: string, target: string, reason: string): Promise<void>
}
