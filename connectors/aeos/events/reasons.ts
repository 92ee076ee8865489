/** Why AEOS let nobody in: the reasons of its manual (version 33), of which the first is told by what stands beside it; pure. */
import type { EventType } from '../../../src/model/events/types.ts'

type Denied = Extract<EventType, `access.denied.${string}`>

interface ReasonRow {
  readonly from: number
  readonly to: number
  readonly type: Denied
}

/** Whatever is in no row, and what AEOS itself leaves open, is `access.denied.other`: its number stands in the detail. */
export const reasonRows: readonly ReasonRow[] = [
  // A finger or face that is false; a negative match (102) may be one of a PIN.
  { from: 109, to: 109, type: 'access.denied.biometric_mismatch' },
  { from: 200, to: 201, type: 'access.denied.schedule' },
  { from: 300, to: 306, type: 'access.denied.antipassback' },
  { from: 400, to: 405, type: 'access.denied.occupancy' },
]

/** No authorisation, and why so stands in the attributes. */
export const noAuthorisation = 100
export const negativeMatch = 102

/** `isDevice`: a biometric device itself refused, whose match is never one of a PIN. */
export function deniedFor(
  reason: number,
  of: { readonly carrier: string | undefined; readonly attribute: string | undefined; readonly isDevice: boolean },
): Denied {
  if (reason === noAuthorisation && !of.isDevice) return unauthorised(of.carrier, attributesOf(of.attribute))
  if (reason === negativeMatch && of.isDevice) return 'access.denied.biometric_mismatch'
  return reasonRows.find(({ from, to }) => reason >= from && reason <= to)?.type ?? 'access.denied.other'
}

interface AttributeRow {
  readonly key: string
  /** Null: whatever it holds. */
  readonly values: readonly string[] | null
  readonly type: Denied
}

/** Why there is no authorisation, where the event names a carrier: in the order of the manual, of which the first that fits counts. */
export const attributeRows: readonly AttributeRow[] = [
  // Blocked, or on the black list.
  { key: 'P', values: ['1', '2'], type: 'access.denied.disabled' },
  // The badge is blocked; what the reason of this site means nobody but the site knows.
  { key: 'B', values: null, type: 'access.denied.disabled' },
  { key: 'A', values: ['1'], type: 'access.denied.not_yet_active' },
  { key: 'E', values: ['1'], type: 'access.denied.expired' },
]

function unauthorised(carrier: string | undefined, attributes: ReadonlyMap<string, string>): Denied {
  if (carrier === undefined) return 'access.denied.unknown_credential'
  const fits = ({ key, values }: AttributeRow): boolean => {
    const value = attributes.get(key)
    return value !== undefined && (values === null || values.includes(value))
  }
  return attributeRows.find(fits)?.type ?? 'access.denied.no_permission'
}

/** `key<=>value`, joined by `|||`. */
function attributesOf(text = ''): ReadonlyMap<string, string> {
  return new Map(
    text.split('|||').flatMap((entry) => {
      const at = entry.indexOf('<=>')
      return at < 0 ? [] : [[entry.slice(0, at).trim(), entry.slice(at + 3).trim()] as const]
    }),
  )
}
