/** Turns the `User` object of a request into checked changes, or refuses it with the code BioStar gives for that field. */
import { cardChange } from './card-ownership.ts'
import { Refusal } from './envelope.ts'
import { flag, idIn, list, moment, type Row, record, text } from './input.ts'
import type { CustomValue, User } from './model.ts'
import { checkPassword, digestPassword } from './password.ts'
import type { Simulation } from './simulation.ts'
import { checkName, checkPhone, checkPin, checkSymbols, checkUserId } from './text-rules.ts'
import { fromWire, toWire } from './validity.ts'
import { rootGroupId } from './world.ts'

// Validity range of the API text, first and last minute (codes 131085 and 131086).
const earliestMs = Date.UTC(2001, 0, 1)
const latestMs = Date.UTC(2037, 11, 31, 23, 59, 59, 999)
const groupsMax = 16
export const facesMax = 5
export const visualFacesMax = 2

// Operator levels of a fresh installation; 4 to 252 are made by the customer.
const levels = [1, 2, 3, 253, 254, 255, 100_000]

export function blankUser(id: string): User {
  return {
    id,
    name: '',
    email: '',
    department: '',
    title: '',
    phone: '',
    groupId: rootGroupId,
    startMs: earliestMs,
    expiryMs: Date.UTC(2030, 11, 31, 23, 59),
    disabled: false,
    accessGroups: [],
    cards: [],
    pinExists: false,
    photo: '',
    fingerprints: 0,
    faces: 0,
    visualFaces: 0,
    fingerprintVersion: 0,
    faceVersion: 0,
    permission: null,
    loginId: '',
    password: null,
    ip: '',
    customFields: [],
    lastModified: 0,
    updatedCount: 0,
  }
}

/** A person ready to be stored. Required: `user_id`, `user_group_id`, start and expiry. */
export function draftUser(simulation: Simulation, sent: Row): User {
  for (const field of ['user_id', 'user_group_id', 'start_datetime', 'expiry_datetime']) {
    if (sent[field] === undefined || sent[field] === '') throw new Refusal('30')
  }
  const id = text(sent.user_id)
  checkUserId(id, simulation.settings.use_alphanumeric, simulation.quirks.userIdMax)
  if (simulation.world.users.has(id)) throw new Refusal('202')
  const user = blankUser(id)
  return Object.assign(user, draftChanges(simulation, user, sent))
}

/** The checked changes to `user`. Lists that are sent replace the whole list; fields that are not sent stay. */
export function draftChanges(simulation: Simulation, user: User, sent: Row): Partial<User> {
  if (sent.user_id !== undefined && text(sent.user_id) !== user.id) throw new Refusal('207')
  return {
    ...texts(simulation, user, sent),
    ...period(simulation, user, sent),
    ...memberships(simulation, user, sent),
    ...biometrics(user, sent),
    ...operator(simulation, user, sent),
  }
}

function texts(simulation: Simulation, user: User, sent: Row): Partial<User> {
  const { world, quirks } = simulation
  const changes: Partial<User> = {}
  if (sent.name !== undefined) changes.name = checkName(text(sent.name), quirks.nameSpecials)
  if (sent.email !== undefined) {
    changes.email = text(sent.email)
    const holder = world.emails.get(changes.email.toLowerCase())
    // Since 2.8.16 one's own address on an update is no conflict (release notes).
    if (holder !== undefined && holder !== user.id) throw new Refusal('212')
  }
  if (sent.department !== undefined) changes.department = checkSymbols(text(sent.department), quirks.nameSpecials)
  if (sent.user_title !== undefined) changes.title = checkSymbols(text(sent.user_title), quirks.nameSpecials)
  if (sent.phone !== undefined) changes.phone = checkPhone(text(sent.phone))
  if (sent.disabled !== undefined) changes.disabled = flag(sent.disabled)
  if (sent.pin !== undefined) changes.pinExists = checkPin(text(sent.pin), quirks.pinDigitsMin) !== ''
  if (sent.photo !== undefined) {
    const photo = text(sent.photo)
    if (photo.startsWith('data:')) throw new Refusal('30')
    changes.photo = photo === '' || quirks.photos === 'kept' ? photo : madeAnew(photo)
  }
  if (sent.user_custom_fields !== undefined) {
    changes.customFields = list(sent.user_custom_fields).map((item) => customValue(simulation, record(item)))
  }
  return changes
}

/** Another file of the same picture. */
function madeAnew(photo: string): string {
  return Buffer.concat([Buffer.from(photo, 'base64'), Buffer.from('made anew')]).toString('base64')
}

function customValue(simulation: Simulation, sent: Row): CustomValue {
  const fieldId = idIn(sent.custom_field)
  if (!simulation.world.customFields.some((field) => field.id === fieldId)) throw new Refusal('30')
  return { fieldId, item: text(sent.item ?? '') }
}

function period(simulation: Simulation, user: User, sent: Row): Partial<User> {
  if (sent.start_datetime === undefined && sent.expiry_datetime === undefined) return {}
  const { quirks } = simulation
  const written = (value: unknown, storedMs: number) => {
    if (value === undefined) return toWire(quirks, storedMs)
    const ms = moment(value)
    if (ms < earliestMs || ms > latestMs) throw new Refusal('131085')
    return ms
  }
  const startMs = written(sent.start_datetime, user.startMs)
  const expiryMs = written(sent.expiry_datetime, user.expiryMs)
  if (expiryMs <= startMs) throw new Refusal('131086')
  const { validityYearsMax } = quirks
  if (validityYearsMax !== null && simulation.world.users.has(user.id)) {
    const limit = new Date(startMs)
    limit.setUTCFullYear(limit.getUTCFullYear() + validityYearsMax)
    // The text names years only, so the last day itself still counts.
    if (expiryMs >= limit.getTime() + 86_400_000) throw new Refusal('131085')
  }
  return { startMs: fromWire(quirks, startMs), expiryMs: fromWire(quirks, expiryMs) }
}

function memberships({ world, quirks }: Simulation, user: User, sent: Row): Partial<User> {
  const changes: Partial<User> = {}
  if (sent.user_group_id !== undefined) changes.groupId = world.userGroup(idIn(sent.user_group_id)).id
  if (sent.access_groups !== undefined) {
    const ids = [...new Set(list(sent.access_groups).map(idIn))]
    if (ids.length > groupsMax) throw new Refusal('131090')
    changes.accessGroups = ids.map((id) => world.accessGroup(id).id)
  }
  if (sent.cards !== undefined) changes.cards = cardChange(world, user, list(sent.cards).map(idIn), quirks)
  return changes
}

// Only counts are kept: the simulator has no use for a template and must not become a place where one lies around.
function biometrics({ fingerprintVersion, faceVersion }: User, sent: Row): Partial<User> {
  const changes: Partial<User> = {}
  if (sent.fingerprint_templates !== undefined) {
    changes.fingerprints = list(sent.fingerprint_templates).length
    changes.fingerprintVersion = fingerprintVersion + 1
  }
  if (sent.credentials === undefined) return changes
  const { faces, visualFaces } = record(sent.credentials)
  if (faces !== undefined) changes.faces = atMost(facesMax, list(faces))
  if (visualFaces !== undefined) changes.visualFaces = atMost(visualFacesMax, list(visualFaces))
  if (faces !== undefined || visualFaces !== undefined) changes.faceVersion = faceVersion + 1
  return changes
}

function atMost(limit: number, items: readonly unknown[]): number {
  if (items.length > limit) throw new Refusal('30')
  return items.length
}

function operator({ world }: Simulation, user: User, sent: Row): Partial<User> {
  const changes: Partial<User> = {}
  if (sent.login_id !== undefined) {
    changes.loginId = text(sent.login_id)
    const holder = world.logins.get(changes.loginId)
    if (holder !== undefined && holder !== user.id) throw new Refusal('208')
  }
  if (sent.password !== undefined) {
    const password = text(sent.password)
    checkPassword(password, user.id, user.password)
    changes.password = digestPassword(password)
  }
  if (sent.user_ip !== undefined) changes.ip = text(sent.user_ip)
  if (sent.permission !== undefined && sent.permission !== '') {
    const level = idIn(sent.permission)
    if (!levels.includes(level) && !(level >= 4 && level <= 252)) throw new Refusal('606')
    changes.permission = level
    // An operator level without a login is refused (API collection, create user).
    if ((changes.loginId ?? user.loginId) === '' || (changes.password ?? user.password) === null) {
      throw new Refusal('30')
    }
  }
  return changes
}
