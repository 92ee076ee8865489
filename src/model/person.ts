/** One human, merged from source records: employments, facts for policy and doors, and the state derived from them. */
import type { CardClaim } from './card.ts'
import type { PersonId } from './id.ts'
import type { SourceRecord } from './source-record.ts'

/**
 * - `future`: every start lies ahead. - `active`: some employment covers now. - `suspended`: access rests.
 * - `left`: all employments have ended. - `unknown`: a needed field is hidden or absent: neither grant nor revoke.
 */
export type PersonState = 'future' | 'active' | 'suspended' | 'left' | 'unknown'

/** One job, contract or visit. Dates are plain; `zone` turns them into instants. */
export interface Employment {
  readonly key: string
  readonly source: string
  readonly kind: string | null
  readonly start: string | null
  /** Last day with access, inclusive: the earlier of the employment's end and the last day of work. */
  readonly end: string | null
  readonly left: boolean
  readonly suspended: boolean
  readonly zone: string
  readonly title: string | null
  readonly department: string | null
  readonly company: string | null
  readonly site: string | null
  readonly attrs: SourceRecord['attrs']
  /** Fields that the source hides or does not give. */
  readonly unknown: readonly string[]
}

/**
 * What accounts are written from: only facts about the person as a whole. A text is written; `null` is cleared, since whoever is asked
 * says that there is none; what is absent nobody speaks of, or somebody hides, and it is left alone.
 */
export interface PersonFacts {
  readonly employeeNumber?: string | null
  readonly email?: string | null
  readonly givenName?: string | null
  readonly familyName?: string | null
  readonly preferredName?: string | null
  readonly department?: string | null
  readonly title?: string | null
  /** As the person's; for targets that keep employees, contractors and visitors apart. */
  readonly kind?: string | null
  /** SHA-256 of the picture's bytes, in hex: the picture itself is fetched when it is written, and kept nowhere. */
  readonly photo?: string | null
  readonly company?: string | null
  /** Declared custom fields, as text; lists are for rules alone. */
  readonly attrs?: Readonly<Record<string, string | null>>
}

/** A person as merged at one moment; never stored in clear. */
export interface Person {
  readonly id: PersonId
  readonly facts: PersonFacts
  readonly kind: string | null
  readonly employments: readonly Employment[]
  readonly cards: readonly CardClaim[]
}

/** A source record together with where it came from, as input of the merge. */
export interface SourcedRecord {
  readonly source: string
  /** IANA zone used when the record names none. */
  readonly zone: string
  readonly record: SourceRecord
  /** The source no longer contains the record, and that absence has been confirmed or released. */
  readonly gone: boolean
}
