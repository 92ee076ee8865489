/** What a badge number and a reason must be. */
import { type Call, refuse } from './call.ts'
import type { Row } from './row.ts'

const badgeLength = 32

// Digits by IdentificationType; a String may hold anything.
const digits: Readonly<Record<string, RegExp>> = {
  Number: /^\d+$/,
  BCD: /^\d+$/,
  Hexadecimal: /^[\dA-Fa-f]+$/,
}

/** Refuses a number that its type does not take. */
export function checkBadge(call: Call, typeId: number, number: string): void {
  const { world, quirks } = call.simulation
  const type = world.table('IdentifierType').rows.get(typeId) ?? refuse(call, 'Identifier type not found')
  if (number.length < 1 || number.length > badgeLength) {
    refuse(call, `Identifier.badgeNumber size must be between 1 and ${badgeLength}`)
  }
  if (quirks.rangeChecked && !isInRange(type, number)) refuse(call, 'Badge number is out of range')
}

function isInRange({ IdentificationType, MinimumValue, MaximumValue }: Row, number: string): boolean {
  const shape = digits[String(IdentificationType)]
  if (shape === undefined) return true
  if (!shape.test(number)) return false
  const prefix = IdentificationType === 'Hexadecimal' ? '0x' : ''
  const value = BigInt(prefix + number)
  const bound = (limit: unknown) => (typeof limit === 'string' && limit !== '' ? BigInt(prefix + limit) : null)
  const [least, most] = [bound(MinimumValue), bound(MaximumValue)]
  return (least === null || value >= least) && (most === null || value <= most)
}

/** The reason itself, if it exists and its flag says that it is meant for this. */
export function checkReason(call: Call, reason: number, flag: string): number {
  const { world, quirks } = call.simulation
  const row = world.table('BlockReason').rows.get(reason)
  if (quirks.reasonsChecked && row?.[flag] !== true) return refuse(call, 'Block reason not found')
  return reason
}
