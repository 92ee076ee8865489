/** The types of a carrier's profile, by technology, and of what removes from it. */
import type { TypeTexts } from './notation.ts'

const entry = ['Id?: long', 'Enabled: boolean', 'RuleId?: long']
const dates = ['DateFrom: dateTime', 'DateUntil?: dateTime']
const anyDates = ['DateFrom?: dateTime', 'DateUntil?: dateTime']
const soaa = ['DateTimeScheduleId: long', ...dates, 'Toggle: boolean', 'ExtendedUnlock: boolean']
const specialDays = 'SpecialDays?: boolean @2021-10'

const blocks = [
  'AuthorisationOnline?: AuthorisationOnline',
  'AuthorisationOffline?: AuthorisationOffline',
  'AuthorisationSoaa?: AuthorisationSoaa',
  'AuthorisationLoXS?: AuthorisationLoXS @2021-10',
  'AuthorisationLocker?: AuthorisationLocker @2024-05',
  'AuthorisationKeyCabinet?: AuthorisationKeyCabinet @2024-08',
]

export const authorisationTypes: TypeTexts = {
  AuthorisationBase: entry,
  'TemplateAuthorisationPlain: AuthorisationBase': ['TemplateId: long'],
  'TemplateAuthorisationOnline: TemplateAuthorisationPlain': dates,
  'EntranceGroupAuthorisationOnline: AuthorisationBase': [
    'EntranceGroupId: long',
    'DateTimeScheduleId: long',
    ...dates,
    specialDays,
  ],
  'EntranceAuthorisationOnline: AuthorisationBase': [
    'EntranceId: long',
    'DateTimeScheduleId: long',
    ...dates,
    specialDays,
  ],
  'EntranceGroupAuthorisationOffline: AuthorisationBase': ['EntranceGroupId: long', 'DateTimeScheduleId?: long'],
  'EntranceAuthorisationOffline: AuthorisationBase': ['EntranceId: long', 'DateTimeScheduleId?: long'],
  'EntranceGroupAuthorisationSoaa: AuthorisationBase': ['EntranceGroupId: long', ...soaa],
  'EntranceAuthorisationSoaa: AuthorisationBase': ['EntranceId: long', ...soaa],
  'MasterKeyAuthorisation: AuthorisationBase': ['EntranceId: long', 'DateTimeScheduleId: long', 'UserType: int'],
  'LoXSLockerAuthorisation: AuthorisationBase': ['LoXSLockerId: long'],
  'LockerAuthorisation: AuthorisationBase': [
    'LockerId: long',
    'LockerAuthorisationGroupNetworkId: int',
    'LockerAuthorisationPresetId: long',
  ],
  'KeyGroupAuthorisation: AuthorisationBase': ['EntranceGroupId: long', ...dates, 'SpecialDays?: boolean'],
  'KeyAuthorisation: AuthorisationBase': ['EntranceId: long', ...dates, 'SpecialDays?: boolean'],

  AuthorisationOnline: [
    'TemplateAuthorisation*: TemplateAuthorisationOnline',
    'EntranceGroupAuthorisation*: EntranceGroupAuthorisationOnline',
    'EntranceAuthorisation*: EntranceAuthorisationOnline',
  ],
  AuthorisationOffline: [
    'TemplateAuthorisation*: TemplateAuthorisationPlain',
    'EntranceGroupAuthorisation*: EntranceGroupAuthorisationOffline',
    'EntranceAuthorisation*: EntranceAuthorisationOffline',
  ],
  AuthorisationSoaa: [
    'EntranceGroupAuthorisation*: EntranceGroupAuthorisationSoaa',
    'EntranceAuthorisation*: EntranceAuthorisationSoaa',
  ],
  AuthorisationLoXS: [
    'TemplateAuthorisation*: TemplateAuthorisationPlain',
    'MasterKeyAuthorisation*: MasterKeyAuthorisation',
    'LockerAuthorisation*: LoXSLockerAuthorisation',
  ],
  AuthorisationLocker: [
    'TemplateAuthorisation*: TemplateAuthorisationPlain',
    'LockerAuthorisation*: LockerAuthorisation',
  ],
  AuthorisationKeyCabinet: [
    'KeyTemplateAuthorisation*: TemplateAuthorisationOnline',
    'KeyGroupAuthorisation*: KeyGroupAuthorisation',
    'KeyAuthorisation*: KeyAuthorisation',
  ],
  ProfileInfoBase: ['CarrierId: long', ...blocks],
  'ProfileInfo: ProfileInfoBase': [
    'AccessDuringHoliday?: boolean',
    'SoaaUpdateInterval?: int @2021-10',
    'SOAABlacklistEnabled?: boolean @2024-08',
  ],

  TemplateIdWithDates: ['TemplateId: long', ...anyDates],
  TemplateIdOnly: ['TemplateId: long'],
  EntranceGroupIdScheduled: ['EntranceGroupId: long', 'DateTimeScheduleId?: long'],
  EntranceIdScheduled: ['EntranceId: long', 'DateTimeScheduleId?: long'],
  'EntranceGroupIdWithDates: EntranceGroupIdScheduled': anyDates,
  'EntranceIdWithDates: EntranceIdScheduled': anyDates,
  KeyGroupIdWithDates: ['EntranceGroupId: long', ...anyDates],
  KeyIdWithDates: ['EntranceId: long', ...anyDates],
  LoXSLockerIdOnly: ['LoXSLockerId: long'],
  AuthorisationOnlineId: [
    'TemplateAuthorisation*: TemplateIdWithDates',
    'EntranceGroupAuthorisation*: EntranceGroupIdWithDates',
    'EntranceAuthorisation*: EntranceIdWithDates',
  ],
  AuthorisationOfflineId: [
    'TemplateAuthorisation*: TemplateIdOnly',
    'EntranceGroupAuthorisation*: EntranceGroupIdScheduled',
    'EntranceAuthorisation*: EntranceIdScheduled',
  ],
  AuthorisationSoaaId: [
    'EntranceGroupAuthorisation*: EntranceGroupIdWithDates',
    'EntranceAuthorisation*: EntranceIdWithDates',
  ],
  AuthorisationLoXSId: [
    'TemplateAuthorisation*: TemplateIdOnly',
    'MasterKeyAuthorisation*: EntranceIdScheduled',
    'PermanentLockerAuthorisation*: LoXSLockerIdOnly',
  ],
  AuthorisationLockerId: ['TemplateAuthorisation*: TemplateIdOnly'],
  AuthorisationKeyCabinetId: [
    'KeyTemplateAuthorisation*: TemplateIdWithDates',
    'KeyGroupAuthorisation*: KeyGroupIdWithDates',
    'KeyAuthorisation*: KeyIdWithDates',
  ],
  ProfileRemove: [
    'CarrierId: long',
    'AuthorisationOnlineId?: AuthorisationOnlineId',
    'AuthorisationOfflineId?: AuthorisationOfflineId',
    'AuthorisationSoaaId?: AuthorisationSoaaId',
    'AuthorisationLoXSId?: AuthorisationLoXSId',
    'AuthorisationLockerId?: AuthorisationLockerId @2024-05',
    'AuthorisationKeyCabinetId?: AuthorisationKeyCabinetId @2024-08',
  ],

  CarriersAuthorizationAdd: [
    'CarrierIds*: long',
    'TemplateId?: long',
    'EntranceGroupId?: long',
    'EntranceId?: long',
    'DateTimeScheduleId?: long',
    ...dates,
  ],
  CarriersAuthorizationRemove: [
    'CarrierIds*: long',
    'TemplateId?: long',
    'EntranceGroupId?: long',
    'EntranceId?: long',
    'DateTimeScheduleId?: long',
    ...anyDates,
  ],
  IdWithError: ['Id: long', 'ErrorInfo?: string'],
  CarriersAuthorizationResult: ['successfullyId*: long', 'skippedId*: long', 'IdWithError*: IdWithError'],
}
