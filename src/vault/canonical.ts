/** One byte sequence per list of values and one list per byte sequence: what is signed can't be read in two ways. */
import { VaultError } from './vault-error.ts'

export type GuardValue = string | number | boolean | null | Buffer | Date

const tag = { null: 0, false: 1, true: 2, number: 3, date: 4, text: 5, halfText: 6, bytes: 7 } as const

// Calls are synchronous and never nest, so all share one buffer; it is replaced when something larger comes.
let scratch = Buffer.allocUnsafeSlow(4096)

function reserve(used: number, more: number): void {
  if (used + more <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(used + more, scratch.length * 2))
  scratch.copy(larger, 0, 0, used)
  scratch.fill(0)
  scratch = larger
}

function putText(at: number, text: string, encoding: 'utf8' | 'utf16le'): number {
  // Three bytes of UTF-8 per UTF-16 unit at most.
  reserve(at, 4 + text.length * 3)
  const length = scratch.write(text, at + 4, encoding)
  scratch.writeUInt32BE(length, at)
  return at + 4 + length
}

function putFloat(at: number, kind: number, value: number): number {
  reserve(at, 9)
  scratch[at] = kind
  // Adding 0 makes -0 into 0: both are stored alike, so both must be signed alike.
  scratch.writeDoubleBE(value + 0, at + 1)
  return at + 9
}

function put(at: number, value: GuardValue): number {
  if (typeof value === 'string') {
    reserve(at, 1)
    // UTF-8 would turn every lone surrogate into the same replacement character.
    const whole = value.isWellFormed()
    scratch[at] = whole ? tag.text : tag.halfText
    return putText(at + 1, value, whole ? 'utf8' : 'utf16le')
  }
  if (typeof value === 'number') return putFloat(at, tag.number, value)
  if (value instanceof Date) return putFloat(at, tag.date, value.getTime())
  if (Buffer.isBuffer(value)) {
    reserve(at, 5 + value.length)
    scratch[at] = tag.bytes
    scratch.writeUInt32BE(value.length, at + 1)
    value.copy(scratch, at + 5)
    return at + 5 + value.length
  }
  reserve(at, 1)
  if (value === null) scratch[at] = tag.null
  else if (value === true) scratch[at] = tag.true
  else if (value === false) scratch[at] = tag.false
  else throw new TypeError('not a value that can be guarded')
  return at + 1
}

/**
 * `name`, then each value, as a tag byte and the value, with
 * a four-byte length where the length varies. Every value has an encoding, NaN and invalid dates too: a row that somebody tampered with must fail its check, not stop the checker.
 * The result is valid until the next call; whoever keeps it copies it.
 * @throws TypeError for what the types don't allow, such as undefined: encoding it as anything would be a lie.
 */
export function encodeValues(name: string, values: readonly GuardValue[]): Buffer {
  let end = put(0, name)
  for (const value of values) end = put(end, value)
  return scratch.subarray(0, end)
}

/** Where a sealed value lives. `row` is the row's random id; `version` counts writes, so that an old value can't be put back. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly row: string
  readonly version: number
}

/**
 * The associated data of a sealed value: format, gateway, key id, table, column, row, version. Valid until the next call.
 * @throws VaultError `vault.bad-version` or `vault.malformed-text` for a place that can't exist.
 */
export function encodePlace(format: number, gatewayId: string, keyId: string, place: Place): Buffer {
  const { table, column, row, version } = place
  if (!Number.isSafeInteger(version) || version < 0) throw new VaultError('vault.bad-version')
  if (!table.isWellFormed() || !column.isWellFormed() || !row.isWellFormed()) {
    throw new VaultError('vault.malformed-text')
  }
  scratch[0] = format
  let end = putText(1, gatewayId, 'utf8')
  end = putText(end, keyId, 'utf8')
  end = putText(end, table, 'utf8')
  end = putText(end, column, 'utf8')
  end = putText(end, row, 'utf8')
  reserve(end, 8)
  scratch.writeUInt32BE(Math.floor(version / 2 ** 32), end)
  scratch.writeUInt32BE(version % 2 ** 32, end + 4)
  return scratch.subarray(0, end + 8)
}
