/**
 * A punch as it is stored: sealed with its person's key, and that with the gateway's own, since even the name of the key would show a dump which
 * punches of two days are of one person. Found by a digest under a key of its day in UTC, which is that of its event: who sees in a dump which
 * punch was written behind which event joins no two days by it.
 */
import type { PunchKind } from '../../model/events/punch.ts'
import type { KeyId, PersonId, SubjectId } from '../../model/id.ts'
import { parseJson } from '../../model/parse-json.ts'
import type { DataKey, Place, Sealed, Vault } from '../../vault/vault.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import type { PunchRow } from '../guards.ts'

/** What is sealed with the person's key. */
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
  /** When it was written down, in ms since 1970; not there of what was written before that was noted. */
  readonly written?: number
  /** What receivers know it by, since numbers may come again: the id of its event, or a random one. Not there of what was written before that was noted. */
  readonly id?: string
  /** Of one that takes another back: what that one was, for whoever no longer finds it. Not there of what was written before that was noted. */
  readonly takes?: { readonly kind: PunchKind; readonly id: string | null }
}

/** A punch as the gateway's own seal holds it. */
export interface WrappedPunch {
  /** Whose key opens the rest. */
  readonly key: KeyId
  readonly inner: string
}

type Placed = Pick<PunchRow, 'n' | 'day'>

export const punchDigestBytes = 16

/** At a time in ms since 1970: `2026-03-28`. */
export function dayInUtc(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** By what the punches of a person are found that are filed on one day: 16 bytes of an HMAC, under a key of ours. */
export function punchDigest(vault: Vault, key: KeyId, day: string): Buffer {
  return vault.digest('punch', [key, day]).subarray(0, punchDigestBytes)
}

/** With the key of its person, for its own number and day, and that with the gateway's own. */
export function sealPunch(vault: Vault, key: DataKey, placed: Placed, content: PunchContent): Sealed {
  const inner = vault.seal(key, placeOf(placed, 'inner'), JSON.stringify(content)).toString('base64')
  return vault.sealSystem(placeOfPunch(placed), JSON.stringify({ key: key.id, inner } satisfies WrappedPunch))
}

/** What the gateway's own seal holds; null where somebody else wrote it. */
export function unwrapPunch(vault: Vault, row: Placed & Pick<PunchRow, 'sealed'>): WrappedPunch | null {
  const text = unlessRowFault(() => vault.openSystem(placeOfPunch(row), row.sealed))
  return text === null ? null : wrappedIn(text)
}

/** With one of the keys of its person, the newest first; null where somebody else wrote it. */
export function openPunch(
  vault: Vault,
  keys: readonly DataKey[],
  row: Placed,
  { inner }: WrappedPunch,
): PunchContent | null {
  const sealed = Buffer.from(inner, 'base64')
  for (const key of keys) {
    const text = unlessRowFault(() => vault.open(key, placeOf(row, 'inner'), sealed))
    if (text !== null) return parseJson(text) as PunchContent
  }
  return null
}

export function placeOfPunch(placed: Placed): Place {
  return placeOf(placed, 'sealed')
}

/** Of the text that the gateway's own seal holds. */
export function wrappedIn(text: string): WrappedPunch {
  return parseJson(text) as WrappedPunch
}

function placeOf({ n, day }: Placed, column: 'sealed' | 'inner'): Place {
  return { table: 'punch', column, row: `${n}/${day}`, version: 1 }
}
