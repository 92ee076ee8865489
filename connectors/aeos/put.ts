/**
 * Makes one account as desired: its fields in one request, its lock, badges, levels, PIN and photo in requests of their own. The order of steps:
 *
 * 1. A carrier that is not there is made, with its dates.
 * 2. What shall be closed is closed.
 * 3. Badges that shall be blocked are blocked, and those that are revoked are taken.
 * 4. Badges that shall be blocked are given, with the dates of the carrier over meanwhile.
 * 5. A carrier that was shut, by step 4 or before this order, is opened, by its dates and then by its block; not where a badge of step 3 or 4
 *    may be on. Nothing else goes along, so that no other field can keep anybody out.
 * 6. All other fields are written, then rights.
 * 7. Beside 5 and 6, badges that shall be on are given and unblocked, and the PIN is set; last comes the photo.
 */
import type { AccountChange, ActualAccount, Applied, PartOutcome } from '../../src/connector/contract.ts'
import type { ConnectorError } from '../../src/connector/errors.ts'
import { allDone, attempt, combine, unchanged } from '../../src/connector/outcomes.ts'
import type { Authorisations } from './authorisations.ts'
import { putCards, putShutCards } from './card-parts.ts'
import type { Departments } from './departments.ts'
import { type FieldSection, fieldSections } from './field-sections.ts'
import { putLevels } from './level-parts.ts'
import { type Locking, lock } from './lock.ts'
import { closeCarrier, openCarrier } from './lock-part.ts'
import { farEnd, keptEnd, parseExternalId, wantedType } from './mapping.ts'
import type { Offered } from './offered.ts'
import { putPhoto } from './photos.ts'
import { isOfFields, merged, outcomes, type Section, writeSections } from './sections.ts'
import type { CarrierType } from './settings.ts'
import { carrierTypes } from './settings-fields.ts'
import { datesApart, opening } from './shut-dates.ts'
import { Shutting } from './shutting.ts'
import type { CarrierFields, Client } from './soap/client.ts'
import { ambiguousCarrier, carrierGone, ownFailure } from './soap/errors.ts'
import { toLocalDate } from './soap/local-time.ts'

export type Put = Extract<AccountChange, { kind: 'put' }>

export interface Writing extends Locking {
  readonly authorisations: Authorisations
  readonly departments: Departments
  readonly offered: Pick<Offered, 'hasField'>
  readonly now: () => Date
}

/** A carrier that is there, and what it has. */
export interface Carrier {
  readonly id: string
  readonly type: CarrierType
  readonly actual: ActualAccount | null
}

/** @throws ConnectorError when nothing at all could be written; a part that failed alone is told in the answer. */
export async function put(change: Put, writing: Writing, signal: AbortSignal): Promise<Applied> {
  const { actual } = change
  const parts = actual === null ? await create(change, writing, signal) : await update(change, actual, writing, signal)
  return { parts: combine([...unchanged(change), ...parts]) }
}

/** A carrier of the wrong type can't become another: it is shut for good, and a new one is made that takes over its badges. */
async function update(change: Put, actual: ActualAccount, writing: Writing, signal: AbortSignal) {
  const { Id, CarrierType } = actual.profile
  const type = carrierTypes.find((each) => each === CarrierType)
  if (Id === undefined) throw ambiguousCarrier()
  if (type === undefined) throw carrierGone()
  const { facts, lock: wantedLock } = change.desired
  const isOther = facts.kind != null && wantedType(facts, writing.settings) !== type
  const isNamed = !('carrierId' in parseExternalId(change.externalId))
  // Who is to be shut out stays what they are.
  if (isOther && isNamed && wantedLock === 'open') return replace(change, actual, writing, signal)
  const carrier = { id: Id, type, actual }
  const { sections, failed } = await fieldSections(change, carrier, writing, signal)
  const typeFixed = isOther && !isNamed ? [fixedType()] : []
  return [...typeFixed, ...failed, ...(await finish(change, carrier, sections, writing, signal))]
}

function fixedType(): PartOutcome {
  const hint =
    'A carrier of another type could not take the place of this one: it has no personnel number that names it alone, or AEOS refuses a second one. Do it at AEOS.'
  return { part: { kind: 'profile' }, outcome: 'failed', failure: ownFailure('rejected', 'aeos.type-fixed', hint) }
}

/** Whoever can't be made anew, such as where no two carriers may have one number, stays what they are, and open. */
async function replace(change: Put, before: ActualAccount, writing: Writing, signal: AbortSignal) {
  const { externalId, unblock = [] } = change
  const shut = await lock({ kind: 'lock', externalId, known: before, at: writing.now() }, writing, signal)
  const [failure] = shut.parts.flatMap(({ failure: each }) => each ?? [])
  if (failure !== undefined) throw failure
  const made = await make({ ...change, actual: null }, writing, signal)
  if (!made.some(({ part, outcome }) => part.kind === 'lock' && outcome === 'failed')) return made
  const actual = await writing.carriers.read(externalId, signal)
  const id = actual?.profile.Id
  const type = carrierTypes.find((each) => each === actual?.profile.CarrierType)
  if (actual === null || id === undefined || type === undefined) return made
  const carrier = { id, type, actual }
  const { sections, failed } = await fieldSections(change, carrier, writing, signal)
  const again = { ...change, unblock: [...unblock, ...(shut.blocked ?? [])] }
  return [fixedType(), ...failed, ...(await finish(again, carrier, sections, writing, signal))]
}

/** Looked for once more: AEOS itself would make a second carrier with the same number. */
async function create(change: Put, writing: Writing, signal: AbortSignal): Promise<PartOutcome[]> {
  if ('carrierId' in parseExternalId(change.externalId)) throw carrierGone()
  const there = await writing.carriers.find(change.externalId, signal)
  if (there.length === 0) return make(change, writing, signal)
  throw ownFailure('conflict', 'aeos.person-exists', 'A carrier of this personnel number is there: match it first.')
}

/** Somebody who is refused for a name or dates is not made at all; without e-mail and department, or also without the fields of the settings, they are. */
async function make(change: Put, writing: Writing, signal: AbortSignal): Promise<PartOutcome[]> {
  const { client, settings } = writing
  const type = wantedType(change.desired.facts, settings)
  const { sections, failed } = await fieldSections(change, null, writing, signal)
  const identity = {
    ...(settings.unit_id === undefined ? {} : { UnitId: settings.unit_id }),
    PersonnelNo: change.externalId,
  }
  const made = await firstTaken(sections, (some) => client.addCarrier(type, { ...identity, ...merged(some) }, signal))
  if ('refusal' in made) return everything(change, made.refusal)
  const { id, later } = made
  const written = outcomes(
    sections.filter((section) => !later.includes(section)),
    'applied',
  )
  const lockPart: PartOutcome = { part: { kind: 'lock' }, outcome: 'applied' }
  return [
    lockPart,
    ...failed,
    ...written,
    ...(await finish(change, { id, type, actual: null }, later, writing, signal)),
  ]
}

/** With all sections; else with fewer, as those that are listed may be mandatory at AEOS; else with none but the needed. */
async function firstTaken(sections: readonly FieldSection[], add: (some: readonly Section[]) => Promise<string>) {
  const choices = [
    sections,
    sections.filter(({ is }) => is !== 'optional'),
    sections.filter(({ is }) => is === 'needed'),
  ]
  const fewer = choices.filter((some, at) => some.length !== choices[at - 1]?.length)
  let refusal: ConnectorError | null = null
  for (const some of fewer) {
    try {
      return { id: await add(some), later: sections.filter((section) => !some.includes(section)) }
    } catch (error) {
      if (!isOfFields(error)) throw error
      refusal = error
    }
  }
  return { refusal: refusal as ConnectorError }
}

/** Steps 2 to 7. */
async function finish(
  change: Put,
  carrier: Carrier,
  sections: readonly Section[],
  writing: Writing,
  signal: AbortSignal,
): Promise<PartOutcome[]> {
  const { client, settings, now } = writing
  const { desired } = change
  const { id, type } = carrier
  const closed = await closeCarrier(change, carrier, writing, signal)
  const isBlocked = carrier.actual?.lock === 'closed' || closed.some(({ outcome }) => outcome === 'applied')
  const shutting = new Shutting(change, carrier, isBlocked, writing, signal)
  const shut = await putShutCards(change, carrier, shutting, writing, signal)
  const { dates, others, failed } = datesApart(sections, shutting, change, writing)
  const isOpened = shutting.isOver || opening(change, carrier, writing).byLock
  const [first, rest] = isOpened ? [dates, others] : [sections, []]
  const send = async (fields: CarrierFields) => {
    const { LeaveDateTime } = await client.changeCarrier(type, id, fields, signal)
    if (keptEnd(fields, LeaveDateTime, settings)) await client.changeCarrier(type, id, farEnd, signal)
  }
  const account = async () => [
    ...failed,
    ...(await writeSections(first, send)),
    ...(await openCarrier(change, carrier, shutting.inTheWay, writing, signal)),
    ...(await writeSections(rest, send)),
    ...(await putLevels(change, carrier, writing, signal)),
  ]
  const pin = async () => {
    const today = toLocalDate(now().getTime(), settings.server_zone)
    if (desired.pin === undefined) return []
    const digits = desired.pin
    return [
      await attempt({ kind: 'pin' }, async () => {
        await client.setPin(id, digits, today, signal)
        return 'applied'
      }),
    ]
  }
  const done = await allDone([account(), putCards(change, carrier, writing, signal), pin()])
  return [...closed, ...shut, ...done.flat(), ...(await photoPart(change, id, client, signal))]
}

/** Last, when everything that opens or shuts a door is done. */
async function photoPart({ desired: { photo } }: Put, id: string, client: Client, signal: AbortSignal) {
  if (photo === undefined) return []
  return [await attempt({ kind: 'photo' }, () => putPhoto(client, id, photo, signal))]
}

/** Nobody was made, so no part of them is there. */
function everything(change: Put, failure: NonNullable<PartOutcome['failure']>): PartOutcome[] {
  return unchanged(change).map(({ part }) => ({ part, outcome: 'failed', failure }))
}
