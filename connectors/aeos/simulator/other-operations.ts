/** Root elements of the operations that a server has and this one does not carry out: code 903, not a stranger's. */
import type { Snapshot } from './snapshots.ts'

const texts: Readonly<Record<Snapshot, string>> = {
  '2017': `
    AreaAdd AreaChange AreaId AreaSearchInfo CarrierAttachmentAdd CarrierAttachmentChange CarrierAttachmentRemove
    CarrierGroupAdd CarrierGroupChange CarrierGroupId CarrierGroupSearchInfo CarrierId CarrierIdAttachment
    CarrierIdFindGroup CarrierIdListResetCarrierGroup CarrierIdListSetCarrierGroup CountGroupSearchInfo CountryAdd
    CountryChange CountryId CountrySearchInfo HolidayAdd HolidayChange HolidayId HolidaySearchInfo
    IdentifierAuthenticationKeyReset IdentifierIdAuthenticationKeySet OrganizationAdd OrganizationChange
    OrganizationId OrganizationSearchInfo PermitAdd PermitChange PermitId PermitSearchInfo PermitWithdraw RegionAdd
    RegionChange RegionId RegionSearchInfo SecurityLevelActivateScenarioIdList SecurityLevelScenarioAdd
    SecurityLevelScenarioChange SecurityLevelScenarioId SecurityLevelScenarioSearchInfo SecurityLevelTemplateAdd
    SecurityLevelTemplateChange SecurityLevelTemplateId SecurityLevelTemplateSearchInfo SecurityLevelTypeAdd
    SecurityLevelTypeChange SecurityLevelTypeId SecurityLevelTypeSearchInfo UnconfirmedAccessPointSearchInfo
    UnconfirmedAccessPointSearchInfo2 VendorAdd VendorChange VendorId VendorSearchInfo VisitAdd VisitChange VisitId
    VisitSearchInfo
  `,
  '2021-10': `
    ApbZoneSearchInfo ApproveeId CarrierIdAddCountGroup CarrierIdFindCountGroup CarrierIdRemoveCountGroup
    CarrierPresenceSearchInfo ContactPersonsAdd ContactPersonsWithdrawn CountGroupAdd CountGroupChange CountGroupId
    CountZoneAdd CountZoneChange CountZoneCountGroupAmount CountZoneCountGroupConfiguration CountZoneId
    CountZoneIdAmount CountZoneIdConfiguration CountZoneManagerSearchInfo CountZoneSearchInfo EntranceZoneSearchInfo
    FourEyesApproversChange FreeFieldWarningSearchInfo GuidesAdd GuidesWithdrawn LoXSLockerSearchInfo
    LoXSLockerSearchInfo2 LoXSTerminalSearchInfo VisitsAdd
  `,
  '2024-05': `
    LockerAuthorisationGroupAdd LockerAuthorisationGroupChange LockerAuthorisationGroupId
    LockerAuthorisationGroupSearchInfo LockerAuthorizationAdd LockerAuthorizationRemove
    LockerBehaviourTemplateSearchInfo LockerBlockReasonSearchInfo LockerGroupSearchInfo LockerSearchInfo
  `,
  '2024-08': `
    BioApiSystemSearchInfo EntranceZoneAdd EntranceZoneChange EntranceZoneId KeyGroupSearchInfo KeySearchInfo
    KeyTemplateSearchInfo LockerAuthorisationPresetSearchInfo LockerIdBlock LockerIdOpen LockerIdRelease
    LockerIdUnblock
  `,
}

/** By root element, the snapshot that it came with. */
export const otherOperations: ReadonlyMap<string, Snapshot> = new Map(
  Object.entries(texts).flatMap(([since, text]) =>
    text
      .trim()
      .split(/\s+/)
      .map((root) => [root, since as Snapshot] as const),
  ),
)
