/** The vendor's records as schemas: only the fields that are used, ids and times as text. */
import { z } from 'zod'
import { failureOf } from './errors.ts'

/** A scalar as text, with the blanks around it; absent and empty are undefined. One with attributes comes with its text beside them. */
const exactText = z
  .unknown()
  .optional()
  .transform((value) => {
    const bare = typeof value === 'object' && value !== null && '$value' in value ? value.$value : value
    return typeof bare === 'string' && bare.trim() !== '' ? bare : undefined
  })

const text = exactText.transform((value) => value?.trim())

const id = text.pipe(z.string().regex(/^-?\d+$/))
const idMaybe = text.pipe(
  z
    .string()
    .regex(/^-?\d+$/)
    .optional(),
)

const flag = text.transform((value) => value === 'true' || value === '1')

/** Whether a rule of AEOS gave the entry, as it was read: an empty id is none. */
export function isByRule({ RuleId }: { readonly RuleId?: unknown }): boolean {
  return text.parse(RuleId) !== undefined
}

/** A list as the parser gives it: nothing, null, one, or many. */
function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => {
    if (value === undefined || value === null || value === '') return []
    return Array.isArray(value) ? value : [value]
  }, z.array(item))
}

/** Reads what an answer holds. An empty element, such as an empty list, counts as one without fields. @throws ConnectorError `transient`. */
export function readAs<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  // The issues name values, so they are not passed on.
  throw failureOf({ code: null, httpStatus: 200 })
}

const freeField = z.object({ DefinitionId: id, value: text })

/** A person of any carrier type, as findPerson gives it. */
export const person = z.object({
  Id: id,
  CarrierType: text,
  UnitId: idMaybe,
  ArrivalDateTime: text,
  LeaveDateTime: text,
  ReadOnly: flag,
  Freefield: listOf(freeField),
  LastName: text,
  // AEOS finds a text by how it begins, a blank included.
  PersonnelNo: exactText,
  FirstName: text,
  MiddleName: text,
  Gender: text,
  Title: text,
  PhoneNo: text,
  Language: text,
  MobilePhoneNo: text,
  Email: text,
  ContactPersonId: idMaybe,
  DepartmentId: idMaybe,
  VendorId: idMaybe,
  PermitId: idMaybe,
  Company: text,
  PersonToVisitId: idMaybe,
  // Which of the three it is, where CarrierType does not say so.
  $attributes: z.record(z.string(), z.unknown()).optional(),
})
export type PersonRecord = z.output<typeof person>

/** How many there are in all, where the version tells (from 2024 on). */
const resultInfo = z.object({ totalSize: text }).optional()

export const personList = z.object({ Person: listOf(person), SearchResultInfo: resultInfo })

export const carrierResult = z.object({ Id: id, ArrivalDateTime: text, LeaveDateTime: text, ModificationDate: text })

/** As the find of one carrier type gives them. */
export function carrierList(name: string) {
  return z
    .object({ [name]: listOf(z.object({ [`${name}Info`]: carrierResult })) })
    .transform((lists) => Object.values(lists).flatMap((rows) => rows.flatMap((row) => Object.values(row))))
}

const picture = z.unknown().optional()
/** What a find of one type of carrier gives, of which only ids and times count here, and whether pictures came along. */
export const holderList = z
  .object({
    Employee: listOf(z.object({ EmployeeInfo: carrierResult, FirstPhoto: picture })),
    Contractor: listOf(z.object({ ContractorInfo: carrierResult, FirstPhoto: picture })),
    Visitor: listOf(z.object({ VisitorInfo: carrierResult, FirstPhoto: picture })),
    SearchResultInfo: resultInfo,
  })
  .transform(({ Employee, Contractor, Visitor, SearchResultInfo }) => {
    const row = ({ Id, ModificationDate }: z.output<typeof carrierResult>, photo: unknown) => ({
      ...{ Id, ModificationDate },
      hasPicture: photo !== undefined,
    })
    const rows = [
      ...Employee.map((each) => row(each.EmployeeInfo, each.FirstPhoto)),
      ...Contractor.map((each) => row(each.ContractorInfo, each.FirstPhoto)),
      ...Visitor.map((each) => row(each.VisitorInfo, each.FirstPhoto)),
    ]
    return { rows, SearchResultInfo }
  })

export const states = z.object({ States: z.object({ Blocked: flag, BlockReason: idMaybe }) })

export const token = z.object({
  Id: idMaybe,
  IdentifierType: id,
  BadgeNumber: text.pipe(z.string()),
  Blocked: flag,
  Replaced: flag,
  BlockReason: idMaybe,
  Status: text,
})
export type Token = z.output<typeof token>

export const tokenList = z.object({ Identifier: listOf(token) })

export const ownedTokenList = z.object({
  IdentifierAndCarrierId: listOf(z.object({ Identifier: token, CarrierId: idMaybe })),
  SearchResultInfo: resultInfo,
})

const logEntry = z.object({ Id: id, DateTime: text.pipe(z.string()), CarrierId: idMaybe })
export type LogEntry = z.output<typeof logEntry>

export const logList = z.object({ Log: listOf(logEntry), SearchResultInfo: resultInfo })

/** What is no id stands for nothing, as 0 does where an id is cleared. */
const someId = text.transform((value) => (/^[1-9]\d{0,18}$/.test(value ?? '') ? value : undefined))

/** One odd field must not hold up the log: all but the ids that name an event and its type is taken as it is. */
const event = z.object({
  Id: id,
  EventTypeId: id,
  EventTypeName: text,
  DateTime: text.transform((value) => value ?? ''),
  HostName: text,
  AccesspointId: someId,
  AccesspointName: text,
  EntranceId: someId,
  EntranceName: text,
  IdentifierId: someId,
  Identifier: text,
  CarrierId: someId,
  IntValue: text,
  Attribute: text,
  OptionalFieldData: listOf(z.object({ Key: text, Value: text })),
  FormattedData: z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? value : {}),
    z.object({ ServerTime: text }),
  ),
})
export type EventRecord = z.output<typeof event>

export const eventList = z.object({ Event: listOf(event), SearchResultInfo: resultInfo })

const authorisation = { Id: idMaybe, Enabled: flag, RuleId: idMaybe, DateFrom: text, DateUntil: text }
const templateAuthorisation = z.object({ ...authorisation, TemplateId: id })
const groupAuthorisation = z.object({ ...authorisation, EntranceGroupId: id, DateTimeScheduleId: idMaybe })
const entranceAuthorisation = z.object({ ...authorisation, EntranceId: id, DateTimeScheduleId: idMaybe })

/** All entries for one other kind of lock, whatever they open. */
const otherLocks = z.preprocess(
  (block) => {
    const lists = Object.entries(typeof block === 'object' && block !== null ? block : {})
    return lists.flatMap(([name, list]) => (name.endsWith('Authorisation') && list !== null ? list : []))
  },
  z.array(z.object(authorisation)),
)

/** What opens on-line doors in full; `AuthorisationOnline` is absent where there is nothing. */
export const profile = z.object({
  CarrierId: id,
  AuthorisationOffline: otherLocks,
  AuthorisationSoaa: otherLocks,
  AuthorisationLoXS: otherLocks,
  AuthorisationLocker: otherLocks,
  AuthorisationKeyCabinet: otherLocks,
  AuthorisationOnline: z
    .preprocess(
      (value) => value ?? {},
      z.object({
        TemplateAuthorisation: listOf(templateAuthorisation),
        EntranceGroupAuthorisation: listOf(groupAuthorisation),
        EntranceAuthorisation: listOf(entranceAuthorisation),
      }),
    )
    .optional()
    .transform(
      (value) => value ?? { TemplateAuthorisation: [], EntranceGroupAuthorisation: [], EntranceAuthorisation: [] },
    ),
})
export type ProfileRecord = z.output<typeof profile>
export type TemplateAuthorisation = ProfileRecord['AuthorisationOnline']['TemplateAuthorisation'][number]
export type GroupAuthorisation = ProfileRecord['AuthorisationOnline']['EntranceGroupAuthorisation'][number]
export type EntranceAuthorisation = ProfileRecord['AuthorisationOnline']['EntranceAuthorisation'][number]

export const imageList = z.object({
  AllImages: listOf(z.object({ Id: idMaybe, Type: text, Picture: text })),
  FirstPhoto: idMaybe,
})
export type Images = z.output<typeof imageList>

export const verificationList = z.object({ Verification: listOf(z.object({ Type: text, Until: text })) })

const named = z.object({ Id: id, Name: text })
export type Named = z.output<typeof named>

export const templateList = z.object({ Template: listOf(named), SearchResultInfo: resultInfo })
export const entranceList = z.object({ Entrance: listOf(named), SearchResultInfo: resultInfo })
export const entranceGroupList = z.object({ EntranceGroup: listOf(named), SearchResultInfo: resultInfo })
const department = named.extend({ UnitId: idMaybe })
export type Department = z.output<typeof department>
export const departmentList = z.object({ Department: listOf(department), SearchResultInfo: resultInfo })
export const unitList = z.object({ Unit: listOf(named) })
export const scheduleList = z.object({ DayTimeSchedule: listOf(named) })

export const blockReasonList = z.object({
  BlockReason: listOf(
    z.object({
      Id: id,
      Description: text,
      CarrierBlockReason: flag,
      IdentifierBlockReason: flag,
      IdentifierWithdrawReason: flag,
      IdentifierWithdrawReplacedReason: flag,
    }),
  ),
})
export type BlockReason = z.output<typeof blockReasonList>['BlockReason'][number]

const identifierType = named.extend({ IdentificationType: text, MinimumValue: text, MaximumValue: text })
export type IdentifierTypeRecord = z.output<typeof identifierType>
export const identifierTypeList = z.object({ Identifier: listOf(identifierType) })

export const eventTypeList = z.object({ EventType: listOf(named) })

export const freeFieldList = z.object({ FreeFieldDefinition: listOf(named) })

export const versionInfo = z.object({ AeosVersion: text, WebServiceVersion: text })
