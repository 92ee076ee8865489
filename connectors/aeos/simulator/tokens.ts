/** Identifiers through their states: free, in use, permanently blocked, temporarily blocked, in use as a replacement. */
import { type Answer, type Call, carrierOf, type Handlers, refuse, request, sees } from './call.ts'
import type { Token } from './model.ts'
import { flag, inner, long, maybeLong, maybeText, type Row, text } from './row.ts'
import { letGo, replace, withdraw } from './token-links.ts'
import { tokenRow } from './token-rows.ts'
import { checkBadge, checkReason } from './token-rules.ts'

export const tokenWrites: Handlers = {
  addToken,
  assignToken,
  withdrawToken,
  blockToken,
  unblockToken,
  withdrawAndBlockToken,
  releaseBlockedToken,
  replaceToken,
}

/** The token of a pair of type and number, which every operation but find names it by. */
function named(call: Call, input: Row): Token {
  const token = call.simulation.world.token(long(input, 'IdentifierType'), text(input, 'BadgeNumber'))
  if (token === undefined || !sees(call.caller, token.unit ?? undefined)) return refuse(call, 'Identifier not found')
  if (token.carrier !== null) carrierOf(call, token.carrier)
  return token
}

function addToken(call: Call): Answer {
  const { world } = call.simulation
  const input = request(call)
  const data = inner(input, 'IdentifierData')
  const [type, number] = [long(data, 'IdentifierType'), text(data, 'BadgeNumber')]
  checkBadge(call, type, number)
  if (world.token(type, number) !== undefined) return refuse(call, 'Identifier already exists')
  const token = world.addToken(type, number, maybeLong(data, 'UnitId') ?? null)
  // The key is kept by the readers; the simulator has no use for it and does not store it.
  return { Identifier: tokenRow(token), AuthenticationKey: maybeText(input, 'AuthenticationKey') }
}

function assignToken(call: Call): Answer {
  const { world, quirks } = call.simulation
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const token = free(call, long(input, 'IdentifierType'), text(input, 'BadgeNumber'), (held) => {
    const movable = quirks.takenBadge === 'moved' && held.status === 1 && held.carrier !== carrier.id
    const revivable = quirks.deadBadge === 'taken' && held.status === 2
    return movable || revivable ? letGo(world, held, 0, null) : refuse(call, 'Identifier is not free')
  })
  world.setToken(token, { status: 1, carrier: carrier.id, unit: maybeLong(input, 'UnitId') ?? token.unit })
  return tokenRow(token)
}

/** A free token; made on the fly when the number is unknown, and `otherwise` when it is known and not free. */
function free(call: Call, type: number, number: string, otherwise: (held: Token) => void): Token {
  const { world } = call.simulation
  checkBadge(call, type, number)
  const token = world.token(type, number)
  if (token === undefined) return world.addToken(type, number, null)
  if (token.status !== 0) otherwise(token)
  return token
}

function withdrawToken(call: Call): Answer {
  const { world, quirks } = call.simulation
  const input = request(call)
  const token = named(call, input)
  const isBlocked = token.status === 3 && quirks.withdrawBlocked === 'taken'
  if (token.status !== 1 && token.status !== 4 && !isBlocked) return refuse(call, 'Identifier is not in use')
  withdraw(world, token, flag(input, 'RestoreReplaced'))
  return 'removed'
}

function blockToken(call: Call): Answer {
  const { world, quirks, clock } = call.simulation
  const input = request(call)
  const token = named(call, input)
  const reason = checkReason(call, long(input, 'Reason'), 'IdentifierBlockReason')
  const isReplacement = token.status === 4 && quirks.replacementsBlockable
  const again = token.status === 3 && quirks.blockTwice === 'taken'
  if (token.status !== 1 && !isReplacement && !again) return refuse(call, 'Identifier is not in use')
  world.setToken(token, { status: 3, blockReason: reason, blockedAt: clock.now() })
  return quirks.blockAnswers === 'empty' ? null : tokenRow(token)
}

function unblockToken(call: Call): Answer {
  const { world, quirks } = call.simulation
  const token = named(call, request(call))
  const isUsed = token.status === 1 || token.status === 4
  const isBlocked = token.status === 3 && token.replacedBy === null
  if (!isBlocked && !(isUsed && quirks.unblockTwice === 'taken')) return refuse(call, 'Identifier is not blocked')
  world.setToken(token, { status: token.replaces === null ? 1 : 4, blockReason: null, blockedAt: null })
  return quirks.blockAnswers === 'empty' ? null : tokenRow(token)
}

function withdrawAndBlockToken(call: Call): Answer {
  const { world, quirks, clock } = call.simulation
  const input = request(call)
  const token = named(call, input)
  const reason = checkReason(call, long(input, 'Reason'), 'IdentifierWithdrawReason')
  const isReplacement = token.status === 4 && quirks.replacementsBlockable
  const isBlocked = token.status === 3 && quirks.withdrawBlocked === 'taken'
  if (token.status !== 1 && !isReplacement && !isBlocked) return refuse(call, 'Identifier is not in use')
  letGo(world, token, 2, { reason, at: clock.now() })
  return 'removed'
}

function releaseBlockedToken(call: Call): Answer {
  const token = named(call, request(call))
  if (token.status !== 2) return refuse(call, 'Identifier is not permanently blocked')
  letGo(call.simulation.world, token, 0, null)
  return 'removed'
}

function replaceToken(call: Call): Answer {
  const { simulation } = call
  const { world, clock } = simulation
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const from = world.token(long(input, 'IdentifierTypeFrom'), text(input, 'BadgeNumberFrom'))
  if (from === undefined || from.carrier !== carrier.id) return refuse(call, 'Identifier not found')
  if (from.status !== 1) return refuse(call, 'Identifier is not in use')
  const reason = checkReason(call, long(input, 'Reason'), 'IdentifierReplacementReason')
  const to = free(call, long(input, 'IdentifierTypeTo'), text(input, 'BadgeNumberTo'), () =>
    refuse(call, 'Identifier is not free'),
  )
  const at = clock.now()
  const until = maybeLong(input, 'EndValidity')
  const endValidity = until === undefined || until === simulation.clearMs ? null : until
  replace(world, { from, to, carrier }, { reason, at, endValidity })
  return tokenRow(to)
}
