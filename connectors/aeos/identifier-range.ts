/** What a number must be by what AEOS says of its identifier type: digits of a kind, within a range; pure. */
import type { IdentifierTypeRecord } from './soap/records.ts'

/** How the numbers of a type are read; null where AEOS does not say, or they are just text. */
export function baseOf({ IdentificationType }: IdentifierTypeRecord): 'decimal' | 'hex' | null {
  const said = IdentificationType?.toLowerCase()
  if (said === 'number' || said === 'bcd') return 'decimal'
  return said === 'hexadecimal' ? 'hex' : null
}

export interface Range {
  readonly least: bigint
  readonly most: bigint
}

/**
 * Null where there is none, or none that can be read. No document says whether the limits of a hexadecimal type are hexadecimal
 * themselves: such digits are taken as whatever leaves more room.
 */
export function rangeShown(type: IdentifierTypeRecord): Partial<Range> | null {
  const base = baseOf(type)
  if (base === null) return null
  const least = limit(type.MinimumValue, base, 'decimal')
  const most = limit(type.MaximumValue, base, 'hex')
  if (least !== null && most !== null && least > most) return null
  return { ...(least === null ? {} : { least }), ...(most === null ? {} : { most }) }
}

/** `roomy` is the reading of plain digits that leaves more room, where the type does not settle it. */
function limit(text: string | undefined, base: 'decimal' | 'hex', roomy: 'decimal' | 'hex'): bigint | null {
  if (text === undefined) return null
  const isPlain = /^\d{1,32}$/.test(text)
  if (base === 'decimal') return isPlain ? BigInt(text) : null
  if (isPlain && roomy === 'decimal') return BigInt(text)
  return /^[\dA-Fa-f]{1,32}$/.test(text) ? BigInt(`0x${text}`) : null
}

/** Why AEOS would not take this number as one of the type; null where nothing speaks against it. */
export function misfitOf(number: string, type: IdentifierTypeRecord): 'digits' | 'range' | null {
  const base = baseOf(type)
  if (base === null) return null
  if (!(base === 'hex' ? /^[\dA-Fa-f]+$/ : /^\d+$/).test(number)) return 'digits'
  const value = BigInt(base === 'hex' ? `0x${number}` : number)
  const { least, most } = rangeShown(type) ?? {}
  return (least !== undefined && value < least) || (most !== undefined && value > most) ? 'range' : null
}
