/** How identifiers look on the wire. */
import type { Token } from './model.ts'
import type { Row } from './row.ts'

/** Permanently or temporarily. */
export function isBlocked({ status }: Token): boolean {
  return status === 2 || status === 3
}

export function tokenRow(token: Token): Row {
  const row: Row = {
    Id: token.id,
    IdentifierType: token.type,
    BadgeNumber: token.number,
    Blocked: isBlocked(token),
    Replaced: token.replacedBy !== null,
    Status: token.status,
  }
  if (token.replacedBy !== null) row.ReplacedBy = token.replacedBy
  if (token.blockedAt !== null) row.DateBlocked = token.blockedAt
  if (token.blockReason !== null) row.BlockReason = token.blockReason
  if (token.unit !== null) row.UnitId = token.unit
  return row
}
