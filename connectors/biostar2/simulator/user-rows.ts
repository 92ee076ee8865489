/** A stored person as the server shows it: the short row of lists and the full record of the detail call. */
import { createHash } from 'node:crypto'
import { cardRow } from './card-rows.ts'
import { type Fields, v1Moment, v2Moment } from './dialects.ts'
import type { Dialect } from './envelope.ts'
import type { User } from './model.ts'
import type { Simulation } from './simulation.ts'
import { toWire } from './validity.ts'

/** A list row. Empty texts are left out, not null (v2 samples of the API collection). */
export function userRow({ world, clock, quirks }: Simulation, user: User, dialect: Dialect): Fields {
  const asMoment = (ms: number) => (dialect === 'v1' ? v1Moment : v2Moment)(toWire(quirks, ms))
  const row: Fields = {
    user_id: user.id,
    name: user.name,
    email: filled(user.email),
    department: filled(user.department),
    user_title: filled(user.title),
    phone: filled(user.phone),
    user_group_id: { id: user.groupId, name: world.userGroups.get(user.groupId)?.name },
    operator_level: user.permission === null ? undefined : { id: user.permission },
    fingerprint_template_count: user.fingerprints,
    face_count: user.faces,
    visual_face_count: user.visualFaces,
    mobile_count: 0,
    qr_count: 0,
    card_count: user.cards.length,
    start_datetime: asMoment(user.startMs),
    expiry_datetime: asMoment(user.expiryMs),
    last_modified: user.lastModified,
    updated_count: user.updatedCount,
    login_id: filled(user.loginId),
    disabled: user.disabled,
  }
  if (dialect === 'v2') return { ...row, have_pin: user.pinExists, have_lock_override: false }
  return {
    ...row,
    pin_exists: user.pinExists,
    photo_exists: user.photo !== '',
    expired: user.expiryMs < clock.now(),
    idx_last_modified: user.lastModified,
  }
}

/** The full record of `GET /api/users/:id`. The PIN is never in it, only whether there is one. */
export function userDetail(simulation: Simulation, user: User): Fields {
  const { world, sync } = simulation
  const inherited = sync.rightsNow().inherited.get(user.groupId) ?? []
  return {
    ...userRow(simulation, user, 'v1'),
    gender: 0,
    security_level: 0,
    display_duration: 0,
    display_count: 0,
    password_exists: user.password !== null,
    permission: user.permission === null ? undefined : { id: user.permission },
    user_ip: filled(user.ip),
    inherited: inherited.length > 0,
    idx_user_id: user.id,
    cards: user.cards.map((row) => cardRow(simulation, world.card(row))),
    access_groups: user.accessGroups.map((id) => ({ id, name: world.accessGroup(id).name })),
    fingerprint_templates: made(user.fingerprints, (at) => ({
      finger_index: at,
      finger_mask: false,
      template0: madeUp(user, 'finger', at, 0),
      template1: madeUp(user, 'finger', at, 1),
    })),
    credentials: {
      faces: made(user.faces, (at) => ({ raw_image: '', templates: [{ template: madeUp(user, 'face', at) }] })),
      visualFaces: made(user.visualFaces, (at) => ({
        template_ex_normalized_image: madeUp(user, 'picture', at),
        templates: visualTypes.map((type) => ({
          credential_bin_type: type,
          template_ex: madeUp(user, 'visual-face', at, type),
        })),
      })),
    },
    photo: filled(user.photo),
    user_custom_fields: user.customFields.map(({ item, fieldId }) => ({ item, custom_field: { id: fieldId } })),
    isExludeSyncADUser: false,
  }
}

/** Biometric fields the detail of this person holds, for the record of requests. */
export function biometricFieldsOf(user: User): string[] {
  const counts = { fingerprint_templates: user.fingerprints, faces: user.faces, visualFaces: user.visualFaces }
  const fields = Object.entries(counts).flatMap(([field, count]) => (count > 0 ? [field] : []))
  return user.photo !== '' ? [...fields, 'photo'] : fields
}

// The templates of a visual face: 5 for FaceStation F2, 9 for BioStation 3 and BioEntry W3 (BioStar 2 API, Users, visual face).
const visualTypes = [5, 9]
/** So long the vendor says that a template of a visual face is. */
const templateBytes = 544

/**
 * Looks like a template to a client and is that of nobody: random bytes that are the same at each read, and others once what the person
 * presents was enrolled anew.
 */
function madeUp(user: User, kind: 'finger' | 'face' | 'picture' | 'visual-face', ...which: number[]): string {
  const version = kind === 'finger' ? user.fingerprintVersion : user.faceVersion
  const seed = ['simulated', user.id, kind, version, ...which].join('/')
  return createHash('shake256', { outputLength: templateBytes }).update(seed).digest('base64')
}

function made(count: number, item: (at: number) => Fields): Fields[] {
  return Array.from({ length: count }, (_, at) => item(at))
}

function filled(value: string): string | undefined {
  return value === '' ? undefined : value
}
