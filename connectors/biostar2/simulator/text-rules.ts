/** What BioStar accepts in single text fields; every rule throws the code of its own field. */
import { Refusal } from './envelope.ts'
import { isNumeric } from './roster.ts'

const nameLengthMax = 48
const departmentLengthMax = 64
const phoneLengthMax = 32
const pinDigitsMax = 32

/** Up to 48 characters, no single quote, only some specials: 131074. Letters of every script pass. */
export function checkName(name: string, specials: string): string {
  if (name.length > nameLengthMax || hasForbidden(name, specials)) throw new Refusal('131074')
  return name
}

/** Department and title: symbols are refused since 2.8.16 (release notes). */
export function checkSymbols(value: string, specials: string): string {
  if (value.length > departmentLengthMax || hasForbidden(value, specials)) throw new Refusal('30')
  return value
}

function hasForbidden(value: string, specials: string): boolean {
  for (const sign of value) {
    const code = sign.codePointAt(0) ?? 0
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0)
    const special = code < 0x7f && !/[A-Za-z0-9 ]/.test(sign)
    if (control || sign === "'" || (special && !specials.includes(sign))) return true
  }
  return false
}

export function checkPhone(phone: string): string {
  if (phone.length > phoneLengthMax) throw new Refusal('131076')
  if (!/^[0-9+()\- .#*]*$/.test(phone)) throw new Refusal('131077')
  return phone
}

/** `digitsMin` to 32 digits; '' takes the PIN away. */
export function checkPin(pin: string, digitsMin: number): string {
  if (pin.length > pinDigitsMax || (pin !== '' && pin.length < digitsMin)) throw new Refusal('131080')
  if (pin !== '' && !isNumeric(pin)) throw new Refusal('131081')
  return pin
}

/** Number mode: 1 to the limit. Alphanumeric mode: letters, digits, `-` and `_`, no spaces, up to 32. */
export function checkUserId(id: string, alphanumeric: boolean, numberMax: number): void {
  const fits = alphanumeric ? /^[A-Za-z0-9_-]{1,32}$/.test(id) : isNumeric(id) && Number(id) <= numberMax
  if (!fits || /^0+$/.test(id)) throw new Refusal('30')
}
