/** The operations of the server that are used, one function each; vendor words go in, and vendor records come out. */
import { ConnectorError } from '../../../src/connector/errors.ts'
import type { CarrierType } from '../settings.ts'
import { isNotFound, saysNotFound, vendorCodeOf } from './errors.ts'
import { walk } from './pages.ts'
import {
  type BlockReason,
  blockReasonList,
  carrierList,
  carrierResult,
  type Department,
  departmentList,
  entranceGroupList,
  entranceList,
  eventList,
  eventTypeList,
  freeFieldList,
  holderList,
  type IdentifierTypeRecord,
  type Images,
  identifierTypeList,
  imageList,
  logList,
  type Named,
  ownedTokenList,
  personList,
  profile,
  readAs,
  scheduleList,
  states,
  type Token,
  templateList,
  tokenList,
  unitList,
  verificationList,
} from './records.ts'
import type { Session } from './session.ts'
import type { Value } from './soap.ts'

/** Below the 1,000 that a find without a range gives at most. */
export const pageSize = 500
/** Smaller where each row may bring a picture: integrations take so many. */
export const holderPage = 100

/** Smaller where each row brings every entrance and schedule that it opens. */
const templatePage = 100

/** Smaller where each row brings the ids of all its entrances. */
const groupPage = 100

/** Identifier type and badge number: the key by which every operation names a badge. */
export interface BadgeKey {
  readonly IdentifierType: string
  readonly BadgeNumber: string
}

/** Times by the server's clock, of what was written there as the time of the event; AEOS wants a first one in any case. */
export interface EventCriteria {
  readonly greaterThan?: string
  readonly from: string
  readonly until?: string
}

/** Fields of a carrier as they are sent: only those that are there are written. */
export type CarrierFields = Readonly<Record<string, Value | undefined>>

const nameOf = { employee: 'Employee', contractor: 'Contractor', visitor: 'Visitor' } as const

/** Every call throws the ConnectorError that errors.ts derives from the answer, besides those of the HTTP client. */
export class Client {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  // -------------------------------------------------------------- carriers

  /** One page of people of every carrier type, without pictures. Text is found by how it begins. */
  async findPeople(criteria: CarrierFields, start: number, signal: AbortSignal) {
    const found = await this.#call('findPerson', { PersonInfo: criteria, SearchRange: range(start) }, signal)
    const { Person: rows, SearchResultInfo } = readAs(personList, found)
    return { rows, total: totalOf(SearchResultInfo) }
  }

  /** One page of carriers of this type that have the template, by whatever way. Where they have pictures, the answer holds them. */
  async findHolders(
    type: CarrierType,
    template: string,
    { start, size }: { readonly start: number; readonly size: number },
    signal: AbortSignal,
  ) {
    const criteria = { AuthorizationTemplateIdList: { TemplateId: [template] } }
    return this.#findOf(type, criteria, range(start, size), signal)
  }

  /** One page of carriers of this type that were changed from then on, by the server's clock; with pictures, as above. */
  async findModified(
    type: CarrierType,
    from: string,
    { start, size }: { readonly start: number; readonly size: number },
    signal: AbortSignal,
  ) {
    return this.#findOf(type, { ModificationDateRange: { From: from } }, range(start, size), signal)
  }

  async #findOf(type: CarrierType, criteria: CarrierFields, SearchRange: Value, signal: AbortSignal) {
    const name = nameOf[type]
    const found = await this.#call(`find${name}`, { [`${name}Info`]: criteria, SearchRange }, signal)
    const { rows, SearchResultInfo } = readAs(holderList, found)
    return { rows, total: totalOf(SearchResultInfo) }
  }

  /** Gives the id that AEOS made. */
  async addCarrier(type: CarrierType, fields: CarrierFields, signal: AbortSignal): Promise<string> {
    return readAs(carrierResult, await this.#call(`add${nameOf[type]}`, fields, signal)).Id
  }

  /** What the carrier is afterwards. @throws ConnectorError `conflict` (`aeos.not-found`) when it is gone. */
  async changeCarrier(type: CarrierType, carrierId: string, fields: CarrierFields, signal: AbortSignal) {
    return readAs(
      carrierResult,
      await this.#write(`change${nameOf[type]}`, carrierId, { Id: carrierId, ...fields }, signal),
    )
  }

  /** The carrier as its own type shows it, with its picture; undefined when it is gone. */
  async carrier(type: CarrierType, carrierId: string, signal: AbortSignal) {
    const name = nameOf[type]
    const criteria = { [`${name}Info`]: { Id: carrierId }, SearchRange: range(0) }
    const found = readAs(carrierList(name), await this.#call(`find${name}`, criteria, signal))
    return found.find(({ Id }) => Id === carrierId)
  }

  async removeCarrier(type: CarrierType, carrierId: string, signal: AbortSignal): Promise<void> {
    await this.#call(`remove${nameOf[type]}`, carrierId, signal)
  }

  async states(carrierId: string, signal: AbortSignal) {
    return readAs(states, await this.#call('findCarrierStates', carrierId, signal)).States
  }

  async blockCarrier(carrierId: string, reason: string, signal: AbortSignal): Promise<void> {
    await this.#write('blockCarrier', carrierId, { CarrierId: carrierId, Reason: reason }, signal)
  }

  async unblockCarrier(carrierId: string, signal: AbortSignal): Promise<void> {
    await this.#write('unblockCarrier', carrierId, carrierId, signal)
  }

  async hasPin(carrierId: string, today: string, signal: AbortSignal): Promise<boolean> {
    const { Verification } = readAs(verificationList, await this.#call('findCarrierVerification', carrierId, signal))
    return Verification.some(({ Type, Until }) => Type === pincode && (Until === undefined || Until >= today))
  }

  async setPin(carrierId: string, pin: string, from: string, signal: AbortSignal): Promise<void> {
    const data = { CarrierId: carrierId, Type: pincode, From: from, VerificationData: [{ Value: pin }] }
    await this.#write('changeCarrierVerification', carrierId, data, signal)
  }

  /** All pictures of the carrier, with their bytes. */
  async images(carrierId: string, signal: AbortSignal): Promise<Images> {
    return readAs(imageList, await this.#call('findCarrierImage', carrierId, signal))
  }

  async addImage(carrierId: string, image: { Type: string; Picture: string }, signal: AbortSignal): Promise<void> {
    await this.#write('addCarrierImage', carrierId, { CarrierId: carrierId, Image: image }, signal)
  }

  async removeImage(carrierId: string, imageId: string, signal: AbortSignal): Promise<void> {
    await this.#write('removeCarrierImage', carrierId, { CarrierId: carrierId, ImageId: imageId }, signal)
  }

  // -------------------------------------------------------------- badges

  async tokensOf(carrierId: string, signal: AbortSignal): Promise<readonly Token[]> {
    return readAs(tokenList, await this.#call('findCarrierToken', carrierId, signal)).Identifier
  }

  /** One page of badges of this type or id whose number begins so, if one is given; `CarrierId` is absent where nobody has it. */
  async findTokens(key: Partial<BadgeKey> & { readonly Id?: string }, start: number, signal: AbortSignal) {
    const found = await this.#call('findToken', { IdentifierSearch: { ...key }, SearchRange: range(start) }, signal)
    const { IdentifierAndCarrierId: rows, SearchResultInfo } = readAs(ownedTokenList, found)
    return { rows, total: totalOf(SearchResultInfo) }
  }

  /**
   * Who has the very badge, where AEOS says it: numbers that only begin so are none of it. Null when it says that there is nobody;
   * undefined when it does not tell.
   */
  async holderOf({ IdentifierType, BadgeNumber }: BadgeKey, signal: AbortSignal): Promise<string | null | undefined> {
    try {
      const search = { IdentifierTypeId: IdentifierType, BadgeNumber }
      return readAs(carrierResult.partial(), await this.#call('findCarrierByToken', search, signal)).Id
    } catch (error) {
      if (isNotFound(error)) return null
      if ((error instanceof ConnectorError && error.kind === 'rejected') || vendorCodeOf(error) === '105')
        return undefined
      throw error
    }
  }

  async assign(carrierId: string, key: BadgeKey, signal: AbortSignal): Promise<void> {
    await this.#call('assignToken', { CarrierId: carrierId, ...key }, signal)
  }

  async blockToken(key: BadgeKey, reason: string, signal: AbortSignal): Promise<void> {
    await this.#call('blockToken', { ...key, Reason: reason }, signal)
  }

  async unblockToken(key: BadgeKey, signal: AbortSignal): Promise<void> {
    await this.#call('unblockToken', { ...key }, signal)
  }

  /** What it replaced stays away: a forgotten card that was found again is given back at AEOS. */
  async withdraw(key: BadgeKey, signal: AbortSignal): Promise<void> {
    await this.#call('withdrawToken', { ...key, RestoreReplaced: 'false' }, signal)
  }

  async withdrawBlocked(key: BadgeKey, reason: string, signal: AbortSignal): Promise<void> {
    await this.#call('withdrawAndBlockToken', { ...key, Reason: reason }, signal)
  }

  async release(key: BadgeKey, signal: AbortSignal): Promise<void> {
    await this.#call('releaseBlockedToken', { ...key }, signal)
  }

  // -------------------------------------------------------------- authorisations

  /** The whole answer, so that it can be written back whole. @throws ConnectorError `conflict` when the carrier is gone. */
  async profile(carrierId: string, signal: AbortSignal) {
    const whole = await this.#call('findCarrierProfile', carrierId, signal)
    return { whole, read: readAs(profile, whole) }
  }

  async addAuthorisations(carrierId: string, online: Value, signal: AbortSignal): Promise<void> {
    await this.#call('addCarrierAuthorizations', { CarrierId: carrierId, AuthorisationOnline: online }, signal)
  }

  async removeAuthorisations(carrierId: string, online: Value, signal: AbortSignal): Promise<void> {
    await this.#call('removeCarrierAuthorizations', { CarrierId: carrierId, AuthorisationOnlineId: online }, signal)
  }

  /** Replaces everything that was given by hand. */
  async changeProfile(whole: Value, signal: AbortSignal): Promise<void> {
    await this.#call('changeCarrierProfile', whole, signal)
  }

  // -------------------------------------------------------------- what happened

  /** One page of the operators' log; `from` by the server's clock. Null: whatever the ids. */
  async findLog(greaterThan: string | null, from: string, start: number, signal: AbortSignal) {
    const LogSearch = { GreaterThanId: greaterThan ?? undefined, FromDateTime: from }
    const found = await this.#call('findLog', { LogSearch, SearchRange: range(start) }, signal)
    const { Log: rows, SearchResultInfo } = readAs(logList, found)
    return { rows, total: totalOf(SearchResultInfo) }
  }

  /** One page of the event log: no document says in which order. */
  async findEvents({ greaterThan, from, until }: EventCriteria, start: number, signal: AbortSignal) {
    const EventSearch = { GreaterThanId: greaterThan, FromDateTime: from, UntilDateTime: until }
    const found = await this.#call('findEvent', { EventSearch, SearchRange: range(start) }, signal)
    const { Event: rows, SearchResultInfo } = readAs(eventList, found)
    return { rows, total: totalOf(SearchResultInfo) }
  }

  async eventTypes(signal: AbortSignal): Promise<readonly Named[]> {
    return readAs(eventTypeList, await this.#call('findEventType', {}, signal)).EventType
  }

  // -------------------------------------------------------------- what exists

  async templates(signal: AbortSignal): Promise<readonly Named[]> {
    return this.#all(async (SearchRange) => {
      const found = await this.#call('findTemplate', { TemplateInfo: online, SearchRange }, signal)
      return readAs(templateList, found).Template
    }, templatePage)
  }

  async entrances(signal: AbortSignal): Promise<readonly Named[]> {
    return this.#all(async (SearchRange) => {
      const found = await this.#call('findEntrance', { EntranceInfo: online, SearchRange }, signal)
      return readAs(entranceList, found).Entrance
    })
  }

  async entranceGroups(signal: AbortSignal): Promise<readonly Named[]> {
    return this.#all(async (SearchRange) => {
      const found = await this.#call('findEntranceGroup', { EntranceGroupInfo: online, SearchRange }, signal)
      return readAs(entranceGroupList, found).EntranceGroup
    }, groupPage)
  }

  async departments(signal: AbortSignal): Promise<readonly Department[]> {
    return this.#all(async (SearchRange) => {
      const found = await this.#call('findDepartment', { DepartmentInfo: {}, SearchRange }, signal)
      return readAs(departmentList, found).Department
    })
  }

  async blockReasons(signal: AbortSignal): Promise<readonly BlockReason[]> {
    return readAs(blockReasonList, await this.#call('findBlockReason', {}, signal)).BlockReason
  }

  async identifierTypes(signal: AbortSignal): Promise<readonly IdentifierTypeRecord[]> {
    return readAs(identifierTypeList, await this.#call('findIdentifierType', {}, signal)).Identifier
  }

  async hasUnit(unitId: string, signal: AbortSignal): Promise<boolean> {
    const { Unit } = readAs(unitList, await this.#call('findUnit', { Id: unitId }, signal))
    return Unit.some(({ Id }) => Id === unitId)
  }

  async hasSchedule(scheduleId: string, signal: AbortSignal): Promise<boolean> {
    const found = await this.#call('findDayTimeSchedule', { Id: scheduleId }, signal)
    return readAs(scheduleList, found).DayTimeSchedule.some(({ Id }) => Id === scheduleId)
  }

  async freeFields(signal: AbortSignal): Promise<readonly Named[]> {
    return readAs(freeFieldList, await this.#call('findFreeFieldDefinition', {}, signal)).FreeFieldDefinition
  }

  /** @throws ConnectorError `conflict` when it turns out that it is the carrier which is not found. */
  async #write(operation: string, carrierId: string, value: Value, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#call(operation, value, signal)
    } catch (error) {
      if (saysNotFound(error)) await this.states(carrierId, signal)
      throw error
    }
  }

  #call(operation: string, value: Value, signal: AbortSignal): Promise<unknown> {
    return this.#session.call(operation, value, signal)
  }

  async #all<T extends Named>(page: (range: Value) => Promise<readonly T[]>, size = pageSize): Promise<readonly T[]> {
    const load = async (start: number) => ({ rows: await page(range(start, size)), total: null })
    return (await Array.fromAsync(walk(load, ({ Id }) => Id))).flat()
  }
}

const pincode = 'Pincode'
/** Doors that are decided on line: other kinds of lock need other authorisations. */
const online = { UnitOfAuthType: 'OnLine' } as const

function range(start: number, size = pageSize) {
  return { startRecordNo: String(start), nrOfRecords: String(size) }
}

/** Null where the version does not tell. */
function totalOf(info: { readonly totalSize?: string | undefined } | undefined): number | null {
  return info?.totalSize === undefined ? null : Number(info.totalSize)
}
