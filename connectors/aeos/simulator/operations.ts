/** The operations that are carried out: their elements, types, fault codes and rights, as the four public descriptions of the service and manual v33 have them. */
import type { Snapshot } from './snapshots.ts'

/** What the role of a system user may do besides `External calls`: the search function of each type of carrier. */
export type Right = 'External calls' | 'Employee' | 'Contractor' | 'Visitor' | 'Car'

export interface Element {
  readonly root: string
  readonly type: string
}

export interface Operation {
  readonly name: string
  /** The root element of the body is what an operation is known by: soapAction is empty. */
  readonly request: Element
  readonly response: Element
  /** ErrorCode of its faults; null for the one operation that declares none. */
  readonly fault: number | null
  readonly right: Right
  readonly since: Snapshot
  /** Whether it writes: what is noted in the operators' log. */
  readonly changes: boolean
}

/** `Root` when element and type have the same name, else `Root=Type`. */
function element(text: string): Element {
  const [root = '', type = root] = text.split('=')
  return { root, type }
}

function operation(line: string): Operation {
  const [name = '', request = '', response = '', fault = '', ...more] = line.trim().split(/\s+/)
  const right = (['Employee', 'Contractor', 'Visitor', 'Car'] as const).find((one) => more.includes(one))
  const since = (['2021-10', '2024-05', '2024-08'] as const).find((one) => more.includes(one))
  return {
    name,
    request: element(request),
    response: element(response),
    fault: fault === '-' ? null : Number(fault),
    right: right ?? 'External calls',
    since: since ?? '2017',
    changes: !/^(find|get)/.test(name),
  }
}

const states = 'CarrierStateResult 110'
const profile = 'ProfileResult=ProfileInfo'
const token = 'IdentifierResult=IdentifierInfo'
const removed = 'RemoveResult=anyType'
const images = 'CarrierImagesResult=CarrierImages'

/** find, add, change and remove of one kind of carrier, whose codes follow each other. */
function carrierLines(kind: Right, firstCode: number, found: string): string[] {
  return [
    `find${kind} ${kind}SearchInfo ${found} ${firstCode} ${kind}`,
    `add${kind} ${kind}Add=${kind}Info ${kind}Result=${kind}Info ${firstCode + 1} ${kind}`,
    `change${kind} ${kind}Change=${kind}Info ${kind}Result=${kind}Info ${firstCode + 2} ${kind}`,
    `remove${kind} ${kind}Id=long ${removed} ${firstCode + 3} ${kind}`,
  ]
}

function catalogueLines(kind: string, firstCode: number, search: string): string[] {
  return [
    `find${kind} ${search} ${kind}List ${firstCode}`,
    `add${kind} ${kind}Add=${kind}Info ${kind}Result=${kind}Info ${firstCode + 1}`,
    `change${kind} ${kind}Change=${kind}Info ${kind}Result=${kind}Info ${firstCode + 2}`,
    `remove${kind} ${kind}Id=long ${removed} ${firstCode + 3}`,
  ]
}

const lines = [
  'getVersion VersionSearchInfo=string VersionInfo -',
  ...carrierLines('Employee', 60, 'EmployeeList'),
  ...carrierLines('Contractor', 65, 'ContractorList'),
  ...carrierLines('Visitor', 70, 'VisitorList'),
  ...carrierLines('Car', 75, 'CarList'),
  'findPerson PersonSearchInfo PersonList 55',
  'findPersonId PersonIdSearchInfo PersonIdList 55 2021-10',

  'findIdentifierType IdentifierTypeSearchInfo=IdentifierTypeInfo IdentifierTypeList 85',
  'findToken IdentifierSearchInfo IdentifierAndCarrierIdList 108',
  'findCarrierToken CarrierIdToken=long IdentifierList 103',
  'findCarrierByToken AssignedIdentifierSearch CarrierInfo 105',
  `addToken IdentifierWithAuthenticationKeyAdd IdentifierWithAuthenticationKeyResult=IdentifierWithAuthenticationKey 242`,
  `assignToken IdentifierAdd ${token} 113`,
  `withdrawToken IdentifierWithdraw ${removed} 125`,
  `blockToken IdentifierBlock ${token} 123`,
  `unblockToken IdentifierUnblock=IdentifierPairInUnit ${token} 124`,
  `withdrawAndBlockToken IdentifierWithdrawAndBlock=IdentifierBlock ${removed} 126`,
  `releaseBlockedToken IdentifierRelease=IdentifierPairInUnit ${removed} 121`,
  `replaceToken IdentifierReplace ${token} 122`,
  'findBlockReason BlockReasonSearch=IdAndName BlockReasonList 86',

  `blockCarrier CarrierIdBlock ${states}`,
  `unblockCarrier CarrierIdUnBlock=long ${states}`,
  'findCarrierStates CarrierIdStates=long CarrierStateResult 100',
  `changeCarrierAttribute CarrierStateChange ${states}`,
  `activateAPBOnCarrier CarrierIdSetAPB=long ${states}`,
  `deactivateAPBOnCarrier CarrierIdResetAPB=long ${states}`,
  `activateAutoBlockOnCarrier CarrierIdSetAB=long ${states}`,
  `deactivateAutoBlockOnCarrier CarrierIdResetAB=long ${states}`,
  `setCarrierSpecial CarrierIdSetSpecial=long ${states}`,
  `resetCarrierSpecial CarrierIdResetSpecial=long ${states}`,
  `setCarrierInvisible CarrierIdSetInvisible=long ${states}`,
  `resetCarrierInvisible CarrierIdResetInvisible=long ${states}`,

  `findCarrierProfile CarrierIdProfile=long ${profile} 101`,
  `changeCarrierProfile ProfileChange=ProfileInfo ${profile} 111`,
  `addCarrierAuthorizations ProfileAdd=ProfileInfoBase ${profile} 116`,
  `removeCarrierAuthorizations ProfileRemove ${profile} 117 2021-10`,
  'addCarriersAuthorization CarriersAuthorizationAdd CarriersAuthorizationResult 116 2024-08',
  'removeCarriersAuthorization CarriersAuthorizationRemove CarriersAuthorizationResult 117 2024-08',

  'findCarrierVerification CarrierIdVerification=long VerificationList 102',
  'changeCarrierVerification VerificationChange=VerificationInfo VerificationList 112',
  `findCarrierImage CarrierIdImage=long ${images} 104`,
  `addCarrierImage CarrierImageAdd ${images} 114`,
  `removeCarrierImage CarrierImageRemove ${images} 115`,

  ...catalogueLines('Department', 10, 'DepartmentSearchInfo'),
  ...catalogueLines('Unit', 15, 'UnitSearchInfo=UnitInfo'),
  ...catalogueLines('Entrance', 25, 'EntranceSearchInfo'),
  ...catalogueLines('EntranceGroup', 30, 'EntranceGroupSearchInfo'),
  ...catalogueLines('Template', 50, 'TemplateSearchInfo'),
  ...catalogueLines('DayTimeSchedule', 80, 'DayTimeScheduleSearchInfo=DayTimeScheduleInfo'),
  'findAccessPoint AccessPointSearchInfo AccessPointList 245',
  'changeAccessPoint AccessPointChange AccessPointResult=AccessPointInfo 247',
  'findFreeFieldDefinition FreeFieldDefinitionSearchInfo=IdAndName FreeFieldDefinitionList 130',
  'findFreeFieldCategory FreeFieldCategorySearchInfo=IdAndName FreeFieldCategoryList 131',

  'findEventType EventTypeSearchInfo=IdAndName EventTypeList 150',
  'findEvent EventSearchInfo EventList 151',
  'findLogType LogTypeSearchInfo=LogTypeSearch LogTypeList 160',
  'findLog LogSearchInfo LogList 161',
]

export const operations: readonly Operation[] = lines.map(operation)

export const operationsByRoot: ReadonlyMap<string, Operation> = new Map(
  operations.map((one) => [one.request.root, one]),
)
