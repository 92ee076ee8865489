/** The canonical event: what a door system reports, in words that are the same for all of them. */
import { z } from 'zod'
import { card } from '../card.ts'
import { eventTypes } from './types.ts'

const text = z.string().max(512)
const named = z.strictObject({ id: text, name: text.nullable() })

/** What a person showed at the reader, as far as the system tells. `rex`: a button to leave; `operator`: opened by command. */
export const verifyWays = ['card', 'pin', 'face', 'finger', 'mobile', 'plate', 'rex', 'operator'] as const

/** The key that a person pressed at the device, by its meaning; an organisation may have renamed it there. */
export const deviceKeys = ['check_in', 'check_out', 'break_start', 'break_end', 'meal_start', 'meal_end'] as const

/** Never a PIN, a template or a picture. Texts are the system's own, unchanged. */
export const accessEvent = z.strictObject({
  type: z.enum(eventTypes),
  /** When it happened by the clock of the device, in UTC. */
  at: z.iso.datetime({ precision: 3 }),
  /** The system does not say it for certain: its clock had to be guessed, contradicts another that it shows, or another time stands in. */
  approximate: z.boolean(),
  /** When the system itself wrote it down, in UTC; null where it does not say. */
  recordedAt: z.iso.datetime({ precision: 3 }).nullable(),
  direction: z.enum(['in', 'out']).nullable(),
  /** By the system's own ids. */
  door: named.nullable(),
  reader: named.nullable(),
  /** External id of the account that the system names, or the key of its record where people are read from there; null for a card that it does not know, and for what no person did. */
  account: text.nullable(),
  /** The card that was shown, where the system tells it and its format is known. */
  card: card.nullable(),
  /** The number of the card as the system wrote it, where it is no card of a known format. */
  cardNumber: text.nullable(),
  verify: z.array(z.enum(verifyWays)),
  deviceKey: z.enum(deviceKeys).nullable(),
  /** Of what begins and ends: whether this is its beginning. */
  active: z.boolean().nullable(),
  vendor: z.strictObject({
    code: text,
    name: text.nullable(),
    /** What else it said that no other field holds, by the system's own field names. */
    detail: z.record(z.string().max(64), text),
  }),
})
export type AccessEvent = z.output<typeof accessEvent>

/** Whether somebody showed a card there: where the system does not tell which, it may still say that it knows none such. */
export function showsCard({
  card,
  cardNumber,
  type,
}: {
  readonly card: unknown
  readonly cardNumber: unknown
  readonly type: string
}): boolean {
  return card !== null || cardNumber !== null || type === 'access.denied.unknown_credential'
}
