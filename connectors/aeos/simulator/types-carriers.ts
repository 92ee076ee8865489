/** The types of people, vehicles and what hangs on them: pictures, states, verification. Order as in the public descriptions of the service. */
import type { TypeTexts } from './notation.ts'

const range = 'SearchRange?: SearchRange'
const sort = 'SortOrder*: PersonSortOrder @2021-10'
const resultInfo = 'SearchResultInfo?: SearchResultInfo @2024-08'

const searchExtras = [
  'ArrivalDateTimeRange?: DateTimeRange @2021-10',
  'LeaveDateTimeRange?: DateTimeRange @2021-10',
  'ModificationDateRange?: DateTimeRange @2024-08',
  'AuthorizationTemplateIdList?: TemplateIdList @2024-08',
]

export const carrierTypes: TypeTexts = {
  SearchRange: ['startRecordNo: int', 'nrOfRecords?: int'],
  SearchResultInfo: ['startRecordNo: int', 'requestedSize: int', 'resultSize: int', 'totalSize?: int'],
  // The base type comes first, so Order stands before FieldName.
  SortOrder: ['Order: SortDirection'],
  'PersonSortOrder: SortOrder': ['FieldName: PersonSortFields'],
  'CarSortOrder: SortOrder': ['FieldName: CarSortFields'],
  DateTimeRange: ['From?: dateTime', 'Until?: dateTime'],
  TemplateIdList: ['TemplateId*: long'],
  IdAndName: ['Id?: long', 'Name?: string'],

  FreeFieldInfo: ['DefinitionId: long', 'Name?: string', 'value: string', 'WarningId?: long @2021-10'],
  CarrierInfo: [
    'Id?: long',
    'NetworkId?: int @2021-10',
    'CarrierType?: string',
    'UnitId?: long',
    'ArrivalDateTime?: dateTime',
    'LeaveDateTime?: dateTime',
    'NrMovements?: int',
    'ReadOnly?: boolean',
    'Freefield*: FreeFieldInfo',
    'Approvee?: boolean @2021-10',
    'ModificationDate?: dateTime @2024-08',
  ],
  'PersonInfo: CarrierInfo': [
    'LastName?: string',
    'PersonnelNo?: string',
    'FirstName?: string',
    'MiddleName?: string',
    'Gender?: string',
    'Title?: string',
    'PhoneNo?: string',
    'Language?: string',
    'MobilePhoneNo?: string',
    'Email?: string',
  ],
  'EmployeeInfo: PersonInfo': ['ContactPersonId?: long', 'DepartmentId?: long'],
  'ContractorInfo: PersonInfo': ['ContactPersonId?: long', 'DepartmentId?: long', 'VendorId?: long', 'PermitId?: long'],
  ContactPersonIds: ['ContactPersonId*: long'],
  GuideIds: ['GuideId*: long'],
  'VisitorInfo: PersonInfo': [
    'ContactPersonId?: long',
    'ContactPersonIds?: ContactPersonIds @2021-10',
    'Company?: string',
    'GuideIds?: GuideIds @2021-10',
    'PersonToVisitId?: long @2021-10',
  ],
  'VehicleInfo: CarrierInfo': ['Identification?: string', 'Weight?: int', 'LicenceNumber?: string'],
  'CarInfo: VehicleInfo': ['CarNumber?: string', 'DepartmentId?: long', 'OwnerId?: long'],

  'EmployeeSearch: EmployeeInfo': searchExtras,
  'ContractorSearch: ContractorInfo': searchExtras,
  'VisitorSearch: VisitorInfo': searchExtras,
  EmployeeSearchInfo: ['EmployeeInfo: EmployeeSearch', range, sort],
  ContractorSearchInfo: ['ContractorInfo: ContractorSearch', range, sort],
  VisitorSearchInfo: ['VisitorInfo: VisitorSearch', range, sort],
  CarSearchInfo: ['CarInfo: CarInfo', range, 'SortOrder*: CarSortOrder @2021-10'],
  PersonSearchInfo: ['PersonInfo: PersonInfo', range, sort],
  PersonIdSearchInfo: ['CarrierType?: string', 'PersonnelNo?: string', range],

  ImageInfoBase: ['Type?: string', 'Picture?: base64Binary'],
  ImageInfo: [
    'Id?: long',
    'Type: string',
    'Picture: base64Binary',
    'ModificationDate?: dateTime',
    'CreationDate?: dateTime',
  ],
  EmployeeWithPhoto: ['EmployeeInfo: EmployeeInfo', 'FirstPhoto?: ImageInfo'],
  ContractorWithPhoto: ['ContractorInfo: ContractorInfo', 'FirstPhoto?: ImageInfo'],
  VisitorWithPhoto: ['VisitorInfo: VisitorInfo', 'FirstPhoto?: ImageInfo'],
  CarWithPhoto: ['CarInfo: CarInfo', 'FirstPhoto?: ImageInfo'],
  EmployeeList: ['Employee*: EmployeeWithPhoto', resultInfo],
  ContractorList: ['Contractor*: ContractorWithPhoto', resultInfo],
  VisitorList: ['Visitor*: VisitorWithPhoto', resultInfo],
  CarList: ['Car*: CarWithPhoto', resultInfo],
  PersonList: ['Person*: PersonInfo', resultInfo],
  PersonId: ['Id?: long', 'CarrierType?: string'],
  PersonIdList: ['PersonId*: PersonId'],

  CarrierImageAdd: ['CarrierId: long', 'Image: ImageInfoBase'],
  CarrierImageRemove: ['CarrierId: long', 'ImageId: long'],
  CarrierImages: ['CarrierId: long', 'AllImages*: ImageInfo', 'FirstPhoto?: long'],

  CarrierIdBlock: ['CarrierId: long', 'Reason: long'],
  CarrierStateChange: ['CarrierId: long', 'State: string', 'Activated: boolean', 'ValueOrReason?: long'],
  CarrierStates: [
    'Blocked?: boolean',
    'BlockReason?: long',
    'ExcludedFromApb?: boolean',
    'AutoBlockEnabled?: boolean',
    'Special?: boolean',
    'Invisible?: boolean',
    'ExcludedFromVerification?: boolean',
  ],
  CarrierStateResult: ['CarrierId: long', 'States: CarrierStates'],

  VerificationData: [
    'Id?: long',
    'Value?: string',
    'Binary?: base64Binary',
    'Index?: int',
    'Quality?: int',
    'BioApiSystemId?: long @2024-08',
    'enrollmentURL?: string @2024-08',
  ],
  VerificationInfo: [
    'CarrierId: long',
    'Type: VerificationType',
    'From: date',
    'Until?: date',
    'IgnoreFingerVerification?: boolean',
    'VerificationData+: VerificationData',
    'startEnrollment?: boolean @2024-08',
  ],
  VerificationList: ['Verification*: VerificationInfo'],
}
