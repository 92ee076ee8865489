/** The types of what a site is made of: doors, templates, schedules, departments, units, free fields, the product itself. */
import type { TypeTexts } from './notation.ts'

const range = 'SearchRange?: SearchRange'
const resultInfo = 'SearchResultInfo?: SearchResultInfo @2024-08'
// An enumeration until the newest snapshot made it a plain text.
const unitOfAuthType = ['UnitOfAuthType: UnitOfAuthType @2017..2024-05', 'UnitOfAuthType: string @2024-08']

export const placeTypes: TypeTexts = {
  VersionInfo: ['AeosVersion: string', 'WebServiceVersion: string', 'WebServiceBuild: string'],

  UnitInfo: ['Id?: long', 'Name?: string', 'Location?: string'],
  UnitList: ['Unit*: UnitInfo'],
  DepartmentInfo: ['Id?: long', 'Name?: string', 'UnitId?: long'],
  DepartmentSearchInfo: ['DepartmentInfo: DepartmentInfo', range],
  DepartmentList: ['Department*: DepartmentInfo', resultInfo],

  FreeFieldCategoryInfo: ['Id: long', 'Name: string', 'CarrierType: string', 'Sequence: int'],
  FreeFieldCategoryList: ['FreeFieldCategory*: FreeFieldCategoryInfo'],
  FreeFieldDefinitionInfo: ['Id: long', 'Name: string', 'CategoryId: long', 'Sequence: int', 'Column: int'],
  FreeFieldDefinitionList: ['FreeFieldDefinition*: FreeFieldDefinitionInfo'],

  EntranceInfo: [
    'Id?: long',
    'Name?: string',
    'Location?: string',
    'Description?: string',
    ...unitOfAuthType,
    'SiteId?: long @2024-08',
    'SOAASiteId?: string @2024-08',
    'SubSiteId?: long',
    'verificationdisabledschedid?: long',
    'autounlockscheduleid?: long',
    'autolockscheduleid?: long',
    'togglescheduleid?: long',
    'LockId?: long @2024-05',
  ],
  EntranceSearchInfo: ['EntranceInfo: EntranceInfo', range],
  EntranceList: ['Entrance*: EntranceInfo', resultInfo],
  EntranceIdList: ['EntranceId*: long'],
  EntranceIdDirection: ['Id: long', 'Direction: string'],
  EntranceGroupInfo: [
    'Id?: long',
    'Name?: string',
    'Description?: string',
    'UnitOfAuthType: string',
    'EntranceIdList?: EntranceIdList',
    'EntranceIdDirectionList*: EntranceIdDirection',
    'RegionId?: long',
    'AreaId?: long',
    'OrganizationId?: long',
    'SiteId?: long',
    'SOAASiteId?: string @2024-08',
    'LockGroupId?: long @2024-05',
  ],
  EntranceGroupSearchInfo: ['EntranceGroupInfo: EntranceGroupInfo', range],
  EntranceGroupList: ['EntranceGroup*: EntranceGroupInfo', resultInfo],

  // The base type comes first, so Id is the fifth element.
  UnconfirmedAccessPointInfo: ['Name: string', 'HostName: string', 'Type: string', 'ServiceKey?: string'],
  'AccessPointInfo: UnconfirmedAccessPointInfo': ['Id: long', 'Description?: string', 'EntranceId?: long'],
  AccessPointSearch: [
    'Id?: long',
    'Name?: string',
    'Description?: string',
    'HostName?: string',
    'Type?: string',
    'Attached?: boolean',
    'EntranceId?: long',
    'ServiceKey?: string',
  ],
  AccessPointSearchInfo: ['AccessPointInfo: AccessPointSearch', range],
  AccessPointList: ['AccessPoint*: AccessPointInfo', resultInfo],
  AccessPointChange: ['Id: long', 'Description?: string', 'EntranceId?: long'],

  DayPeriod: [
    'Id?: long',
    'StartDay: int',
    'StartHour: int',
    'StartMinute: int',
    'EndDay: int',
    'EndHour: int',
    'EndMinute: int',
  ],
  DayTimeScheduleInfo: [
    'Id?: long',
    'Name?: string',
    'Description?: string',
    'Type?: string',
    'StartDate?: date',
    'LengthInDays?: int',
    'DayPeriod*: DayPeriod',
    'Restricted?: boolean',
  ],
  DayTimeScheduleList: ['DayTimeSchedule*: DayTimeScheduleInfo'],

  TemplateItem: [
    'SubjectId?: long',
    'ScheduleId?: long',
    'AuthorisationType?: AuthSubject',
    'NoPermanentLockers?: int @2024-05',
    'MaximumLockers?: int @2024-05',
    'LockerAuthorisationGroupNetworkId?: int @2024-05',
    'LockerAuthorisationPresetId?: long @2024-05',
    'LockerFunction?: string @2024-05',
  ],
  CarrierTypeList: ['CarrierType*: TypeOfCarrier'],
  TemplateInfo: [
    'Id?: long',
    'Name?: string',
    'Description?: string',
    ...unitOfAuthType,
    'TemplateItem*: TemplateItem',
    'LockerCarrierRole?: string @2024-05',
    'LockerFunction?: string @2024-05',
    'CarrierTypeList?: CarrierTypeList @2024-05',
  ],
  TemplateSearchInfo: ['TemplateInfo: TemplateInfo', range],
  TemplateList: ['Template*: TemplateInfo', resultInfo],
}
