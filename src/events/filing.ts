/** What an event is filed under, so that it is found without being opened: a time, and digests that are others each day. */
import { type Card, wireKey } from '../model/card.ts'
import type { KeyId, PersonId } from '../model/id.ts'
import { accountDigest } from '../store/identifiers.ts'
import type { Place, Vault } from '../vault/vault.ts'
import { openMemo } from './memo.ts'

const dayMs = 86_400_000

/** An event is looked for among those received from a day before until so long after it happened. */
export const lateMs = 31 * dayMs
export const earlyMs = dayMs

/**
 * When it happened, as long as that can be true: else, as of a device whose clock was never set, when it was received. Where each event is
 * looked for is bounded by this.
 */
export function filedAt(at: Date, receivedAt: Date): Date {
  const late = receivedAt.getTime() - at.getTime()
  return late >= -earlyMs && late <= lateMs ? at : receivedAt
}

/** Days since 1970, in UTC. */
export function dayOf(at: Date): number {
  return Math.floor(at.getTime() / dayMs)
}

/** Two bytes of the day, which is no secret, so that the index grows where it is in memory; then what tells nothing without the keyring. */
const digestBytes = 16

export interface Filing {
  person(day: number, person: PersonId): Buffer
  card(day: number, card: Card): Buffer
  cardNumber(day: number, source: string, number: string): Buffer
  door(day: number, source: string, door: string): Buffer
  /** The same under the key in use and all before it: what is not sealed anew yet is found by these. */
  everyPerson(day: number, person: PersonId): readonly Buffer[]
  everyCard(day: number, card: Card): readonly Buffer[]
  everyDoor(day: number, source: string, door: string): readonly Buffer[]
  /** Sealed with the gateway's key: which key opens what is about somebody, who has this digest on this day. The same in all their rows of the day, which the digest joins as well. */
  whose(day: number, person: Buffer, key: KeyId): Buffer
  /** What the row of an account is found by; the same every day. */
  account(source: string, account: string): Buffer
}

type What = readonly ['person' | 'card' | 'card-number' | 'door', ...string[]]

/** `cachedMax` digests are kept. */
export function openFiling(vault: Vault, cachedMax = 50_000): Filing {
  const cached = openMemo<Buffer>(vault, cachedMax)
  const digest = (day: number, [kind, ...parts]: What): Buffer =>
    cached([kind, day, ...parts], () => filed(day, vault.digest('event', [kind, day, ...parts])))
  const every = (day: number, what: What): readonly Buffer[] => [
    digest(day, what),
    ...vault.formerDigests('event', [what[0], day, ...what.slice(1)]).map((each) => filed(day, each)),
  ]
  return {
    everyPerson: (day, person) => every(day, ['person', person]),
    everyCard: (day, card) => every(day, ['card', wireKey(card)]),
    everyDoor: (day, source, door) => every(day, ['door', source, door]),
    person: (day, person) => digest(day, ['person', person]),
    card: (day, card) => digest(day, ['card', wireKey(card)]),
    cardNumber: (day, source, number) => digest(day, ['card-number', source, number]),
    door: (day, source, door) => digest(day, ['door', source, door]),
    whose: (day, person, key) => cached(['whose', day, key], () => vault.sealSystem(placeOfWhose(person), key)),
    account: (source, account) => cached(['account', source, account], () => accountDigest(vault, source, account)),
  }
}

function filed(day: number, digest: Buffer): Buffer {
  const made = Buffer.allocUnsafe(digestBytes)
  made.writeUInt16BE(day & 0xffff)
  digest.copy(made, 2)
  return made
}

/** `of`: the digest of the person on the day, by which the row is found; or what the row is called, where it is found by nothing any more. */
export function placeOfWhose(of: Buffer | string): Place {
  return { table: 'event', column: 'whose', row: typeof of === 'string' ? of : of.toString('hex'), version: 0 }
}
