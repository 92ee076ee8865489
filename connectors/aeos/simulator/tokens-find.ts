/** Finding identifiers: by their own fields, by their carrier, and the carrier by them. */
import { type Answer, type Call, carrierAsked, carrierOf, type Handlers, refuse, request, sees } from './call.ts'
import { carrierRow, typedRow } from './carrier-rows.ts'
import { isLike } from './match.ts'
import type { Token } from './model.ts'
import { pageOf } from './page.ts'
import { long, maybeInner, type Row, text } from './row.ts'
import { tokenRow } from './token-rows.ts'

export const tokenFinds: Handlers = { findToken, findCarrierToken, findCarrierByToken }

function findToken(call: Call): Answer {
  const search = request(call)
  const criteria = maybeInner(search, 'IdentifierSearch') ?? {}
  const supplied = Object.values(criteria).filter((value) => value !== undefined && value !== '')
  if (supplied.length === 0) return refuse(call, 'At least one criterion is needed')
  const { items, info } = pageOf(call, fitting(call, criteria), search)
  const found = items.map(
    (token): Row => ({
      Identifier: tokenRow(token),
      ...(token.carrier === null ? {} : { CarrierId: token.carrier }),
    }),
  )
  call.touch(items.length === 1 && items[0]?.carrier ? [items[0].carrier] : [])
  return { IdentifierAndCarrierId: found, SearchResultInfo: info }
}

/** Lowest id first. */
function fitting({ simulation: { world, quirks }, caller }: Call, criteria: Row): Token[] {
  const { Id, BadgeNumber, IdentifierType, UnitId } = criteria
  const number = typeof BadgeNumber === 'string' ? BadgeNumber : ''
  const indexed = number !== '' && !(quirks.likeWildcards && /[%_]/.test(number))
  const candidates = indexed ? world.byBadgeNumber(number) : [...world.tokens.values()]
  return candidates.filter(
    (token) =>
      (Id === undefined || token.id === Id) &&
      (IdentifierType === undefined || token.type === IdentifierType) &&
      (UnitId === undefined || token.unit === UnitId) &&
      (number === '' || isLike(token.number, number, quirks)) &&
      sees(caller, token.unit ?? undefined),
  )
}

function findCarrierToken(call: Call): Answer {
  const { world } = call.simulation
  const tokens = carrierAsked(call).tokens.flatMap((id) => world.tokens.get(id) ?? [])
  return { Identifier: tokens.map(tokenRow) }
}

/** OnTime is read over: nobody remembers here who had a badge when. */
function findCarrierByToken(call: Call): Answer {
  const { world, quirks } = call.simulation
  const input = request(call)
  const token = world.token(long(input, 'IdentifierTypeId'), text(input, 'BadgeNumber'))
  if (token === undefined || token.carrier === null) return refuse(call, 'Carrier not found')
  const carrier = carrierOf(call, token.carrier)
  return quirks.carrierByTokenTyped ? typedRow(call, carrier) : carrierRow(call, carrier)
}
