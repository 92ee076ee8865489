/** The vendor's records as schemas, in either dialect; only the fields that are used. */
import { z } from 'zod'
import { flag, listOf, reference, text } from './envelope.ts'

export const cardRecord = z
  .object({
    id: text,
    card_id: text,
    card_type: reference,
    wiegand_format_id: reference,
    is_blocked: flag,
    is_assigned: flag,
    user_id: z
      .unknown()
      .optional()
      .transform((value) => (typeof value === 'object' && value !== null && 'user_id' in value ? value.user_id : value))
      .pipe(text.catch(undefined)),
  })
  .transform((row) => ({
    ref: row.id ?? '',
    number: row.card_id ?? '',
    type: row.card_type,
    wiegandFormat: row.wiegand_format_id,
    blocked: row.is_blocked,
    /** User id of the owner; empty text when there is one who is not named. */
    owner: row.user_id ?? (row.is_assigned ? '' : null),
  }))
export type CardRecord = z.output<typeof cardRecord>

const profileFields = { name: text, email: text, department: text, user_title: text }

const userBase = {
  ...profileFields,
  user_id: text.pipe(z.string()),
  login_id: text,
  start_datetime: text,
  expiry_datetime: text,
  disabled: flag,
  user_group_id: reference,
  // Only how many there are: templates are taken out before the answer is parsed.
  fingerprint_template_count: text,
  face_count: text,
  visual_face_count: text,
  mobile_count: text,
  last_modified: text,
  updated_count: text,
}

/** `GET /api/users/:id`. */
export const userDetail = z.object({
  ...userBase,
  permission: reference,
  pin_exists: flag,
  photo: text,
  cards: listOf(cardRecord),
  access_groups: listOf(reference),
})
export type UserDetail = z.output<typeof userDetail> & {
  /** Keyed digests of its templates, where they are made. */
  readonly templates?: readonly string[]
}

/** A row of `POST /api/v2/users/search`. */
export const userRow = z.object({ ...userBase, operator_level: reference, have_pin: flag })
export type UserRow = z.output<typeof userRow>

/** A row of `GET /api/access_groups/:id/users`. */
export const member = z.object({ user_id: text.pipe(z.string()) })
export type Member = z.output<typeof member>

/** An operator level. Its filters list the groups that it is limited to. */
const groupIds = listOf(reference).optional().catch(undefined)
const operatorLevel = z
  .object({
    id: text,
    filter: z.object({ UserGroup: groupIds, DeviceGroup: groupIds, AccessGroup: groupIds }).optional().catch({}),
  })
  .catch({ id: undefined, filter: {} })

/** The user in the answer of a login. */
export const loginUser = z.object({
  user_id: text,
  permission: operatorLevel.default({ id: undefined }),
  need_to_update_pw: flag,
})
export type LoginUser = z.output<typeof loginUser>

/** A row of `POST /api/v2/devices/search`. */
export const reader = z.object({ status: text, user_sync_status: text })
export type Reader = z.output<typeof reader>

/** A row of `POST /api/v2/doors/search`. */
export const door = z
  .object({ id: text, entry_device_id: reference, exit_device_id: reference })
  .transform((row) => ({ id: row.id, entry: row.entry_device_id, exit: row.exit_device_id }))
export type Door = z.output<typeof door>

/** User groups inside an access group may be written as a tree. */
interface GroupNode {
  readonly id: string | undefined
  readonly children: readonly GroupNode[]
}
const groupNode: z.ZodType<GroupNode> = z.lazy(() =>
  z
    .object({ id: text, user_groups: listOf(groupNode) })
    .transform((node) => ({ id: node.id, children: node.user_groups })),
)
const flatten = (nodes: readonly GroupNode[]): string[] =>
  nodes.flatMap((node) => [...(node.id === undefined ? [] : [node.id]), ...flatten(node.children)])

export const accessGroup = z
  .object({ id: text.pipe(z.string()), name: text, user_groups: listOf(groupNode) })
  .transform((row) => ({ id: row.id, name: row.name ?? '', userGroups: flatten(row.user_groups) }))
export type AccessGroup = z.output<typeof accessGroup>
