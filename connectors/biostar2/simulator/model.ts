/** What the simulated server stores; every name here is BioStar's own, told in plain types. */

export interface CustomValue {
  item: string
  fieldId: number
}

export interface PasswordDigest {
  salt: string
  digest: string
}

export interface User {
  readonly id: string
  name: string
  email: string
  department: string
  title: string
  phone: string
  groupId: number
  /** Validity as UTC milliseconds; the wire has no zone of its own. */
  startMs: number
  expiryMs: number
  disabled: boolean
  /** Own access groups, in the order written; those of the user group are not repeated here. */
  accessGroups: number[]
  /** Card row ids, in the order written. */
  cards: number[]
  pinExists: boolean
  /** Base64; empty where there is none. */
  photo: string
  fingerprints: number
  faces: number
  visualFaces: number
  /** How often the fingerprints, and the faces of both kinds, were written: who swaps one keeps the counts. Nobody is told of these. */
  fingerprintVersion: number
  faceVersion: number
  permission: number | null
  loginId: string
  password: PasswordDigest | null
  ip: string
  customFields: CustomValue[]
  lastModified: number
  updatedCount: number
}

export interface Card {
  readonly row: number
  /** The number on the card, a decimal as text. */
  readonly number: string
  readonly typeId: number
  readonly formatId: number | null
  owner: string | null
  blocked: boolean
  issueCount: number
}

export interface UserGroup {
  readonly id: number
  name: string
  readonly parentId: number | null
  readonly depth: number
  children: number[]
  members: Set<string>
}

export interface AccessGroup {
  readonly id: number
  name: string
  description: string
  levels: number[]
  userGroups: number[]
  members: Set<string>
}

export interface LevelItem {
  readonly id: number
  doors: number[]
  scheduleId: number
}

export interface AccessLevel {
  readonly id: number
  name: string
  description: string
  items: LevelItem[]
}

export interface DaySegments {
  dayIndex: number
  /** Minutes of the day, start inclusive, end exclusive, 0 to 1440. */
  segments: { start: number; end: number }[]
}

export interface Schedule {
  readonly id: number
  name: string
  description: string
  days: DaySegments[]
}

export type DoorMode = 'normal' | 'locked' | 'unlocked'

export interface Door {
  readonly id: number
  name: string
  description: string
  entryDeviceId: number
  mode: DoorMode
}

export interface CustomField {
  id: number
  name: string
  type: string
  order: number
}
