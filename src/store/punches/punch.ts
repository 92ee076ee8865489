/** A punch as it is stored: sealed with its person's key, found by a digest under a key of its day. */
import type { PunchKind } from '../../model/events/punch.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import type { Place, Vault } from '../../vault/vault.ts'
import type { PunchRow } from '../guards.ts'

/** What the seal holds. */
export interface PunchContent {
  readonly person: PersonId
  /** When it happened, in ms since 1970. */
  readonly at: number
  /** Null: it only takes another one back. */
  readonly kind: PunchKind | null
  /** Number of the punch that does not count because of this one. */
  readonly voids: number | null
  /** Who corrected, why, and when; null: an event said so. */
  readonly by: { readonly subject: SubjectId; readonly reason: string; readonly at: number } | null
}

export const punchDigestBytes = 16

export function punchDigest(vault: Vault, person: PersonId, day: string): Buffer {
  return vault.digest('punch', [person, day]).subarray(0, punchDigestBytes)
}

export function placeOfPunch({ n, day }: Pick<PunchRow, 'n' | 'day'>): Place {
  return { table: 'punch', column: 'sealed', row: `${n}/${day}`, version: 1 }
}
