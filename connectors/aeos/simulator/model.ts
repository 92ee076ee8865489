/** What the simulated server stores. Rows hold the vendor's own element names; moments in them are UTC milliseconds. */
import type { Row } from './row.ts'

export const carrierKinds = ['Employee', 'Contractor', 'Visitor', 'Car'] as const

export type CarrierKind = (typeof carrierKinds)[number]

export interface CarrierStates {
  blocked: boolean
  blockReason: number | null
  excludedFromApb: boolean
  autoBlock: boolean
  special: boolean
  invisible: boolean
  excludedFromVerification: boolean
}

export interface Profile {
  /** Entries by block and list, such as `AuthorisationOnline` and `TemplateAuthorisation`. */
  blocks: Record<string, Record<string, Row[]>>
  /** AccessDuringHoliday and the like. */
  settings: Row
}

export interface Carrier {
  readonly id: number
  readonly kind: CarrierKind
  /** Kept by something else: the service shows it and does not change it. */
  readonly readOnly: boolean
  /** The fields of its info type, without what the server says of itself (Id, CarrierType, ReadOnly). */
  fields: Row
  states: CarrierStates
  profile: Profile
  /** Ids of the tokens that are assigned to it. */
  tokens: number[]
  images: Row[]
  /** One for each type of verification. */
  verifications: Row[]
}

/** 0 free, 1 in use, 2 permanently blocked, 3 temporarily blocked, 4 in use as a replacement. */
export type TokenStatus = 0 | 1 | 2 | 3 | 4

export interface Token {
  readonly id: number
  /** Id of its identifier type. */
  readonly type: number
  readonly number: string
  status: TokenStatus
  carrier: number | null
  /** The token that stands in for this one, which waits (3). */
  replacedBy: number | null
  /** The token that this one stands in for. */
  replaces: number | null
  blockReason: number | null
  blockedAt: number | null
  unit: number | null
  /** Until when a replacement is valid. */
  endValidity: number | null
}

/** A login of the SOAP service, which AEOS calls a system user. */
export interface SystemUser {
  username: string
  password: string
  /** What the role lacks: `External calls`, or the search function of a type of carrier. */
  lacks: readonly string[]
  /** Units whose carriers and tokens are seen; null for all. */
  units: readonly number[] | null
  /** Entrances that are seen; null for all. */
  entrances: readonly number[] | null
  /** Definitions of free fields that are assigned to the role; null for all. */
  freeFields: readonly number[] | null
}

export interface LoggedEvent {
  readonly id: number
  readonly typeId: number
  /** When it happened, by the controller's clock. */
  readonly at: number
  /** When the server heard of it. */
  readonly heardAt: number
  /** From when on it can be found. */
  readonly shownAt: number
  readonly entrance: number | null
  readonly token: number | null
  /** As presented, also when no such token is known. */
  readonly badge: string | null
  readonly carrier: number | null
  readonly intValue: number | null
  readonly attribute: string | null
}

export interface LoggedChange {
  readonly id: number
  readonly typeId: number
  readonly at: number
  readonly user: string
  readonly carrier: number | null
  readonly carrierName: string | null
  readonly details: readonly string[]
}
