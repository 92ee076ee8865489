/** What one source says about one employment of a person, after mapping; each field is value, null, absent or hidden. */
import { z } from 'zod'
import { cardClaim } from './card.ts'
import { isPhotoText } from './photo.ts'

/** A calendar date without a zone, `YYYY-MM-DD`; what it means as an instant depends on the site's zone. */
export const plainDate = z.iso.date()

const text = z.string().max(512)

/** More than any system grants one person, and few enough to be written with each of their records. */
export const listMax = 512

/**
 * Fields that a mapping may fill. A key that is missing is *absent* (the source does not speak of it), `null` is an
 * explicit *null*, and a name in `hidden` means that the source may know but does not show it to us.
 */
export const sourceFields = z.strictObject({
  kind: z.enum(['employee', 'contingent', 'intern', 'visitor', 'other']).nullable().optional(),
  employeeNumber: text.nullable().optional(),
  email: text.nullable().optional(),
  givenName: text.nullable().optional(),
  familyName: text.nullable().optional(),
  preferredName: text.nullable().optional(),
  title: text.nullable().optional(),
  department: text.nullable().optional(),
  company: text.nullable().optional(),
  site: text.nullable().optional(),
  zone: text.nullable().optional(),
  /** First day with access. */
  start: plainDate.nullable().optional(),
  /** Last day of the employment, inclusive. */
  end: plainDate.nullable().optional(),
  /** Last day of work, inclusive; access ends with the earlier of `end` and this. */
  lastWorkingDay: plainDate.nullable().optional(),
  /** The source says in words that this employment has ended, whatever the dates. */
  left: z.boolean().nullable().optional(),
  /** The source says that access rests (garden leave, disabled login). */
  suspended: z.boolean().nullable().optional(),
  /** Which picture, never the picture: see `model/photo.ts`. */
  photo: text.refine(isPhotoText).nullable().optional(),
})

export type SourceFields = z.output<typeof sourceFields>
export type SourceFieldName = keyof SourceFields

/** What a record may claim: a source that names more is wrong about something. */
export const cardsMax = 64

export const sourceRecord = z.strictObject({
  /** The source's own immutable key of this record. */
  key: z.string().min(1).max(256),
  /** The source's own 'same human' key, where it has one: joins several employments before any guessing. */
  personKey: z.string().min(1).max(256).optional(),
  fields: sourceFields,
  hidden: z.array(z.string()).default([]),
  /** Declared custom fields, for policy; a list where the source has several of a kind, such as rights. */
  attrs: z
    .record(z.string(), z.union([text, z.boolean(), z.number(), z.null(), z.array(text).max(listMax).readonly()]))
    .default({}),
  /** Cards that this source speaks of; absent means that it does not speak of cards at all. */
  cards: z.array(cardClaim).max(cardsMax).optional(),
})

export type SourceRecord = z.output<typeof sourceRecord>
