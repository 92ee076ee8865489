/** Between Gatehouse's words and BioStar's, without any call: ids, names, cards and whole users. */
import type { ActualAccount, CredentialMarks, ListedAccount, Profile } from '../../src/connector/contract.ts'
import { known, present } from '../../src/connector/profile.ts'
import { type Card, cardKey, csn } from '../../src/model/card.ts'
import { reversedBytes } from '../../src/model/cards/chip-orders.ts'
import { CardError } from '../../src/model/cards/coding.ts'
import { cardOfJoined, joinedNumber } from '../../src/model/cards/forms.ts'
import type { WiegandFormat } from '../../src/model/cards/layouts.ts'
import type { PersonFacts } from '../../src/model/person.ts'
import { pictureDigest } from '../../src/model/photo.ts'
import { ownFailure } from './errors.ts'
import type { CardRecord, UserDetail, UserRow } from './records.ts'
import type { Settings } from './settings.ts'
import { modelValidity } from './validity.ts'

// ---------------------------------------------------------------- user ids

/** The first administrator: can be neither edited nor deleted (BioStar 2 API, Users). */
export const firstAdministrator = '1'
// The API text says ..4294967295, the console text ..4294967294: the smaller one is right either way.
const userIdMax = 4_294_967_294

/** @throws ConnectorError `rejected` when the facts give no id that the server could take. The texts never hold the number. */
export function userIdOf(facts: PersonFacts, settings: Settings): string {
  const number = facts.employeeNumber?.trim() ?? ''
  if (number === '') throw ownFailure('rejected', 'biostar2.user-id-missing', 'The person has no employee number.')
  if (settings.user_id_format === 'alphanumeric') {
    if (/^[A-Za-z0-9_-]{1,32}$/.test(number) && !/^0+$/.test(number)) return number
    throw ownFailure(
      'rejected',
      'biostar2.user-id-invalid',
      'An id is up to 32 letters, digits, - and _, not only zeros.',
    )
  }
  const id = number.replace(/^0+/, '')
  if (/^\d{1,10}$/.test(id) && Number(id) <= userIdMax) return id
  throw ownFailure(
    'rejected',
    'biostar2.user-id-invalid',
    `An id is a number from 1 to ${userIdMax}, as the server is set.`,
  )
}

// ---------------------------------------------------------------- profile

const nameMax = 48
const departmentMax = 64
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

// The API text forbids the single quote, the console allows "some" special characters without naming them, and symbols are
// refused in department and title since 2.8.16. So: letters, digits, their marks and joiners, spaces and three signs of any name.
const allowed = /^(?:[\p{L}\p{N}\p{M} .-]|\u200C|\u200D)+$/u
const startsWell = /^[\p{L}\p{N} .-]/u

/** One code point a character, nothing to replace, to join or to cut: most names, and every one costs time a hundred thousand times. */
const plain = /^[\p{L}\p{N}.-]+(?: [\p{L}\p{N}.-]+)*$/u

/** The text with refused characters replaced, single spaces, cut between graphemes to at most `max` UTF-16 units. */
export function writable(value: string, replacement: string, max: number): string {
  if (value.length <= max && plain.test(value) && value === value.normalize('NFC')) return value
  const replaced = Array.from(graphemes.segment(value.normalize('NFC')), ({ segment }) => {
    if (/^\s+$/u.test(segment)) return ' '
    return allowed.test(segment) && startsWell.test(segment) ? segment : replacement
  }).join('')
  let cut = ''
  for (const { segment } of graphemes.segment(replaced.normalize('NFC').replace(/ +/g, ' ').trim())) {
    if (cut.length + segment.length > max) break
    cut += segment
  }
  return cut.trim()
}

/**
 * Only what the facts speak of: a field that they do not know is left alone at the server, as is one whose text can't be written. What they
 * know to be nothing is empty, but for the name, by which a user is known.
 */
export function profileOf(facts: PersonFacts, settings: Settings): Profile {
  const text = (fact: string | null | undefined, write: (text: string) => string): string | undefined => {
    if (fact === undefined || fact === null) return fact === null ? '' : undefined
    return write(fact) || undefined
  }
  const detail = (fact: string | null | undefined) =>
    text(fact, (each) => writable(each, settings.name_replacement, departmentMax))
  return known({
    name: writable(fullName(facts, settings), settings.name_replacement, nameMax) || undefined,
    email: text(facts.email, (each) => each.trim()),
    department: detail(facts.department),
    user_title: detail(facts.title),
  })
}

function fullName(facts: PersonFacts, settings: Settings): string {
  const given = facts.preferredName ?? facts.givenName ?? ''
  const family = facts.familyName ?? ''
  return (settings.name === 'given-family' ? [given, family] : [family, given]).join(' ')
}

// ---------------------------------------------------------------- cards

/** A card as the server is asked for it: kind, number, and of a Wiegand card its format. */
export interface VendorCard {
  readonly type: '0' | '1'
  readonly number: string
  readonly wiegandFormat?: string
}

/** What of the settings says how cards are written. */
export type CardSettings = Pick<Settings, 'csn_byte_order'>

const serialNumberType = '0'
const wiegandType = '1'

/** The formats that every server has, by `wiegand_format_id`; what is set up on one server alone (5 to 14) is not told by its number. */
const wiegandFormats: readonly WiegandFormat[] = ['H10301', 'H10302', 'H10304', 'C1000-35', 'C1000-48']

export function isWiegandFormat(format: Card['format']): boolean {
  return format !== 'CSN' && wiegandFormats.includes(format)
}

// UIDs of ISO/IEC 14443 have 4, 7 or 10 bytes, of ISO/IEC 15693 8; 125 kHz tags have 5.
const serialNumberBytes = [4, 5, 7, 8, 10]

/**
 * Wiegand: facility and number without parity as one decimal, 8 + 16 bits for the 26-bit format (BioStar 2 API, Cards). A chip serial
 * number is its decimal without leading zeros (since 2.9.4, code 415).
 * @throws ConnectorError `rejected` when the server has no such format, or the card would come back as another one, or not at all.
 */
export function vendorCardOf(card: Card, settings: CardSettings): VendorCard {
  const written = writeCard(card, settings)
  const readBack = modelCardOf({ wiegandFormat: undefined, ...written }, settings)
  if (readBack !== null && cardKey(readBack) === cardKey(card)) return written
  throw ownFailure(
    'rejected',
    'biostar2.card-ambiguous',
    'The server keeps serial numbers as a decimal, which this one would not survive.',
  )
}

function writeCard(card: Card, settings: CardSettings): VendorCard {
  if (card.format === 'CSN')
    return { type: serialNumberType, number: BigInt(`0x${inOrder(card.raw, settings)}`).toString() }
  const id = wiegandFormats.indexOf(card.format)
  if (id < 0) {
    throw ownFailure(
      'rejected',
      'biostar2.card-format',
      `The server knows cards of the formats ${wiegandFormats.join(', ')} and chip serial numbers.`,
    )
  }
  try {
    return { type: wiegandType, number: String(joinedNumber(card)), wiegandFormat: String(id) }
  } catch (error) {
    if (!(error instanceof CardError)) throw error
    throw ownFailure('rejected', 'biostar2.card-invalid', `The card is no valid card of the format ${card.format}.`)
  }
}

/** The card behind a row; null when its kind, format or number is none that is known here, or its format is not told. */
export function modelCardOf(
  row: { readonly type: string | undefined; readonly number: string; readonly wiegandFormat: string | undefined },
  settings: CardSettings,
): Card | null {
  if (!/^[1-9]\d{0,31}$|^0$/.test(row.number)) return null
  const value = BigInt(row.number)
  if (row.type === wiegandType) {
    const format = /^\d$/.test(row.wiegandFormat ?? '') ? wiegandFormats[Number(row.wiegandFormat)] : undefined
    return format === undefined ? null : joinedCard(format, value)
  }
  if (row.type !== serialNumberType || value === 0n) return null
  const hex = value.toString(16)
  const bytes = serialNumberBytes.find((length) => length * 2 >= hex.length)
  return bytes === undefined ? null : csn(inOrder(hex.padStart(bytes * 2, '0'), settings))
}

function joinedCard(format: WiegandFormat, value: bigint): Card | null {
  try {
    return cardOfJoined(format, value)
  } catch (error) {
    if (error instanceof CardError) return null
    throw error
  }
}

function inOrder(hex: string, settings: CardSettings): string {
  return settings.csn_byte_order === 'as-read' ? hex : reversedBytes(hex)
}

// ---------------------------------------------------------------- accounts

/** Operator levels that make nobody an operator: 255 User, 100000 Visitor, and the ways to write none. */
const ordinaryLevels: ReadonlySet<string> = new Set(['255', '100000', '0', '-1', 'User', 'Visitor'])

/** The gateway's own account, as far as it is known. */
export interface OwnAccount {
  readonly loginId: string
  readonly userId: string | null
}

export function isProtectedId(userId: string, own: OwnAccount): boolean {
  return userId === firstAdministrator || userId === own.userId
}

function isUntouchable(
  user: { user_id: string; login_id?: string | undefined },
  level: string | undefined,
  own: OwnAccount,
): boolean {
  const operator = level !== undefined && !ordinaryLevels.has(level)
  return operator || isProtectedId(user.user_id, own) || user.login_id === own.loginId
}

export function accountOfDetail(
  user: UserDetail,
  inheritedLevels: readonly string[],
  settings: Settings,
  own: OwnAccount,
): ActualAccount {
  return {
    ...common(user, settings),
    marks: { ...marksOf(user), ...(user.templates === undefined ? {} : { templates: user.templates }) },
    cards: user.cards.map((row) => actualCard(row, settings)),
    levels: user.access_groups.filter((id) => id !== undefined),
    inheritedLevels,
    pin: user.pin_exists,
    untouchable: isUntouchable(user, user.permission, own),
  }
}

/** SHA-256 of the profile photo; null where there is none. */
export function photoShown({ photo }: UserDetail): string | null {
  return photo === undefined ? null : pictureDigest(Buffer.from(photo, 'base64'))
}

/** What other lists say of a user, since a row of the list of users shows neither cards nor levels. */
export interface Listed {
  /** Null: they are not told. */
  readonly cards: readonly CardRecord[] | null
  readonly levels: readonly string[]
  readonly inheritedLevels: readonly string[]
  /** The levels of which the two tell. */
  readonly toldLevels: ReadonlySet<string>
}

export function accountOfRow(row: UserRow, listed: Listed, settings: Settings, own: OwnAccount): ListedAccount {
  const { cards, levels, inheritedLevels, toldLevels } = listed
  return {
    ...common(row, settings),
    ...{ levels, inheritedLevels, pin: row.have_pin },
    cards: (cards ?? []).map((card) => actualCard(card, settings)),
    untouchable: isUntouchable(row, row.operator_level, own),
    told: { lock: true, cards: cards !== null, levels: toldLevels },
  }
}

function common(user: UserDetail | UserRow, settings: Settings) {
  const { name, email, department, user_title } = user
  return {
    externalId: user.user_id,
    lock: user.disabled ? ('closed' as const) : ('open' as const),
    validity: modelValidity(user, settings),
    profile: present({ name, email, department, user_title }),
    marks: marksOf(user),
  }
}

/** `last_modified` is a counter of the server, `updated_count` one of the user; the vendor says of neither what makes it grow. */
function marksOf(user: UserDetail | UserRow): CredentialMarks {
  const { fingerprint_template_count, face_count, visual_face_count, mobile_count } = user
  const revision = [user.last_modified, user.updated_count]
  return {
    fingers: sumOf(fingerprint_template_count),
    faces: sumOf(face_count, visual_face_count),
    mobiles: sumOf(mobile_count),
    revision: revision.every((part) => part === undefined) ? null : revision.map((part) => part ?? '').join('/'),
  }
}

/** Of what is told; null where nothing is. */
function sumOf(...counts: readonly (string | undefined)[]): number | null {
  const told = counts.filter((count) => count !== undefined && /^\d{1,9}$/.test(count))
  return told.length === 0 ? null : told.reduce((sum, count) => sum + Number(count), 0)
}

function actualCard(row: CardRecord, settings: Settings): ActualAccount['cards'][number] {
  return { card: modelCardOf(row, settings), ref: row.ref, state: row.blocked ? 'blocked' : 'on' }
}
