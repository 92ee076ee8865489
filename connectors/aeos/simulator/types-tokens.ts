/** The types of identifiers: badges, their types and the reasons for which they are blocked. */
import type { TypeTexts } from './notation.ts'

const pair = ['IdentifierType: long', 'BadgeNumber: string']

export const tokenTypes: TypeTexts = {
  IdentifierInfo: [
    'Id: long',
    ...pair,
    'Blocked: boolean',
    'Replaced?: boolean',
    'ReplacedBy?: long',
    'DateBlocked?: dateTime',
    'BlockReason?: long',
    'Status?: int',
    'UnitId?: long',
  ],
  IdentifierTypeInfo: [
    'Id?: long',
    'Name?: string',
    'IdentificationType?: string',
    'MinimumValue?: string',
    'MaximumValue?: string',
    'Mapped?: boolean @2021-10',
    'SOAABlacklistEnabled?: boolean @2024-08',
  ],
  IdentifierTypeList: ['Identifier*: IdentifierTypeInfo'],
  IdentifierSearch: ['Id?: long', 'BadgeNumber?: string', 'IdentifierType?: long', 'UnitId?: long'],
  IdentifierSearchInfo: ['IdentifierSearch?: IdentifierSearch', 'SearchRange?: SearchRange'],
  IdentifierAndCarrierId: ['Identifier?: IdentifierInfo', 'CarrierId?: long'],
  IdentifierAndCarrierIdList: [
    'IdentifierAndCarrierId*: IdentifierAndCarrierId',
    'SearchResultInfo?: SearchResultInfo @2024-08',
  ],
  IdentifierList: ['Identifier*: IdentifierInfo'],
  AssignedIdentifierSearch: ['IdentifierTypeId: long', 'BadgeNumber: string', 'OnTime?: dateTime'],
  IdentifierAdd: ['CarrierId: long', ...pair, 'UnitId?: long'],
  IdentifierWithdraw: [...pair, 'RestoreReplaced?: boolean'],
  IdentifierPair: pair,
  'IdentifierBlock: IdentifierPair': ['Reason: long'],
  'IdentifierPairInUnit: IdentifierPair': ['UnitId?: long @2024-05'],
  IdentifierReplace: [
    'CarrierId: long',
    'IdentifierTypeFrom: long',
    'BadgeNumberFrom: string',
    'IdentifierTypeTo: long',
    'BadgeNumberTo: string',
    'Reason: long',
    'EndValidity?: dateTime @2021-10',
  ],
  IdentifierData: [...pair, 'UnitId?: long @2024-05'],
  IdentifierWithAuthenticationKeyAdd: ['IdentifierData: IdentifierData', 'AuthenticationKey?: string'],
  IdentifierWithAuthenticationKey: ['Identifier: IdentifierInfo', 'AuthenticationKey?: string'],
  BlockReasonInfo: [
    'Id: long',
    'Description: string',
    'CarrierBlockReason: boolean',
    'IdentifierBlockReason: boolean',
    'IdentifierWithdrawReason: boolean',
    'IdentifierWithdrawReplacedReason: boolean',
    'IdentifierReplacementReason: boolean',
  ],
  BlockReasonList: ['BlockReason*: BlockReasonInfo'],
}
