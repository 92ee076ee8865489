/** A carrier's profile: found, replaced as a whole, added to, taken from. What the rule engine gave survives all of it. */
import { AeosFault, type Answer, type Call, carrierAsked, carrierOf, type Handlers, refuse, request } from './call.ts'
import type { Carrier } from './model.ts'
import {
  type EntryList,
  entriesOf,
  entryLists,
  isByRule,
  isMeant,
  newEntry,
  sentEntries,
  setEntries,
} from './profile-entries.ts'
import { long, longs, type Row } from './row.ts'

export const profileHandlers: Handlers = {
  findCarrierProfile: (call) => profileRow(call, carrierAsked(call)),
  changeCarrierProfile,
  addCarrierAuthorizations,
  removeCarrierAuthorizations,
  addCarriersAuthorization,
  removeCarriersAuthorization,
}

const settings = ['AccessDuringHoliday', 'SoaaUpdateInterval', 'SOAABlacklistEnabled']

function changeCarrierProfile(call: Call): Answer {
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  // All of it is looked at before any is written.
  const next = entryLists.map((place) => {
    const sent = sentEntries(input, place).map((entry) => newEntry(call, place, entry))
    return { place, entries: [...entriesOf(carrier, place).filter(isByRule), ...sent] }
  })
  for (const { place, entries } of next) setEntries(carrier, place, entries)
  carrier.profile.settings = Object.fromEntries(settings.map((name) => [name, input[name]]))
  return changed(call, carrier)
}

function addCarrierAuthorizations(call: Call): Answer {
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const added = entryLists.map((place) => ({
    place,
    entries: sentEntries(input, place).map((entry) => newEntry(call, place, entry)),
  }))
  for (const { place, entries } of added) {
    if (entries.length > 0) setEntries(carrier, place, [...entriesOf(carrier, place), ...entries])
  }
  return changed(call, carrier)
}

function removeCarrierAuthorizations(call: Call): Answer {
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const left = entryLists.map((place) => {
    // The lists of a removal have the names of the lists but for one, and their blocks end in Id.
    const list =
      place.block === 'AuthorisationLoXS' && place.list === 'LockerAuthorisation'
        ? `Permanent${place.list}`
        : place.list
    const named = sentEntries(input, { block: `${place.block}Id`, list })
    return { place, entries: named.reduce((entries, one) => without(call, entries, one), entriesOf(carrier, place)) }
  })
  for (const { place, entries } of left) setEntries(carrier, place, [...entries])
  return changed(call, carrier)
}

function without(call: Call, entries: readonly Row[], named: Row): readonly Row[] {
  const { removeMissing, removeAmbiguous } = call.simulation.quirks
  const meant = entries.filter((entry) => isMeant(entry, named))
  if (meant.length === 0 && removeMissing === 'refused') return refuse(call, 'Authorisation not found')
  if (meant.length > 1 && removeAmbiguous === 'refused') return refuse(call, 'Authorisation is ambiguous')
  const gone = new Set(removeAmbiguous === 'first' ? meant.slice(0, 1) : meant)
  return entries.filter((entry) => !gone.has(entry))
}

function addCarriersAuthorization(call: Call): Answer {
  const { CarrierIds, TemplateId, EntranceGroupId, EntranceId, ...rest } = request(call)
  return inBulk(call, (carrier) => {
    const place = placeOf(call, { TemplateId, EntranceGroupId, EntranceId })
    const sent: Row = { Enabled: true, ...place.subject, ...rest }
    setEntries(carrier, place, [...entriesOf(carrier, place), newEntry(call, place, sent)])
    return true
  })
}

function removeCarriersAuthorization(call: Call): Answer {
  const { CarrierIds, TemplateId, EntranceGroupId, EntranceId, ...rest } = request(call)
  return inBulk(call, (carrier) => {
    const place = placeOf(call, { TemplateId, EntranceGroupId, EntranceId })
    const held = entriesOf(carrier, place)
    const left = held.filter((entry) => !isMeant(entry, { ...place.subject, ...rest }))
    setEntries(carrier, place, left)
    return left.length < held.length
  })
}

function placeOf(call: Call, named: Row): EntryList & { subject: Row } {
  for (const what of ['Template', 'EntranceGroup', 'Entrance']) {
    const id = named[`${what}Id`]
    if (id !== undefined) {
      return { block: 'AuthorisationOnline', list: `${what}Authorisation`, subject: { [`${what}Id`]: id } }
    }
  }
  return refuse(call, 'Nothing to authorise')
}

/** Carriers for whom there was nothing to do are told as skipped. */
function inBulk(call: Call, act: (carrier: Carrier) => boolean): Answer {
  const successful: number[] = []
  const skipped: number[] = []
  const failed: Row[] = []
  for (const id of longs(request(call), 'CarrierIds')) {
    try {
      const carrier = carrierOf(call, id)
      ;(act(carrier) ? successful : skipped).push(id)
      call.simulation.world.changed(carrier)
    } catch (error) {
      if (!(error instanceof AeosFault)) throw error
      failed.push({ Id: id, ErrorInfo: error.message })
    }
  }
  return { successfullyId: successful, skippedId: skipped, IdWithError: failed }
}

function changed(call: Call, carrier: Carrier): Row {
  call.simulation.world.changed(carrier)
  return profileRow(call, carrier)
}

function profileRow({ simulation }: Call, carrier: Carrier): Row {
  const row: Row = { CarrierId: carrier.id, ...carrier.profile.settings }
  for (const place of entryLists) {
    const entries = entriesOf(carrier, place)
    if (entries.length === 0 && simulation.quirks.emptyBlocks === 'absent') continue
    const block = row[place.block]
    row[place.block] = {
      ...(typeof block === 'object' && !Array.isArray(block) ? block : {}),
      [place.list]: [...entries],
    }
  }
  return row
}
