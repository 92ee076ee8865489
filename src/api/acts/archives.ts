/** Deliveries kept as they came. */
import type { Actor } from '../../auth/actor.ts'
import type { Paged } from './paged.ts'

export interface ArchiveView {
  readonly id: string
  readonly source: string
  /** The pull that took the delivery in. */
  readonly pull: string
  readonly createdAt: string
  /** When its key is destroyed. */
  readonly expiresAt: string
  readonly bytes: number
  /** `forged`: the row was changed from outside; it can't be opened, and somebody should ask who did it. */
  readonly state: 'kept' | 'forged'
}

export interface ArchiveActs {
  archives(source: string | undefined, page: { after?: string; limit: number }): Promise<Paged<ArchiveView>>
  /** The delivery as it came: plain personal data, after an entry in the audit trail. */
  openArchive(
    actor: Actor,
    id: string,
    reason: string,
  ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>
  /** At once and for ever: the key goes first, then the file. */
  destroyArchive(actor: Actor, id: string, reason: string): Promise<void>
}
