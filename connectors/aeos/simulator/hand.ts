/** What an operator does by hand in AEOS, or the rule engine by itself, behind the back of every integration. */
import { noteChange, noteModified } from './change-log.ts'
import { type BadgeSpec, carrierWithId, rowIdOf, tokenOf } from './find-names.ts'
import type { Carrier, Token } from './model.ts'
import type { Row } from './row.ts'
import { giveBadge, giveTemplate, plant, type SeedCarrier } from './seed.ts'
import type { Simulation } from './simulation.ts'
import { letGo, replace, withdraw } from './token-links.ts'
import { wholeSecond } from './zone.ts'

export type HandChange =
  | { action: 'create'; carrier: SeedCarrier }
  | { action: 'delete'; carrier: number }
  /** Fields by their names in AEOS; null takes one away. */
  | { action: 'change'; carrier: number; fields: Readonly<Record<string, string | number | null>> }
  | { action: 'block'; carrier: number; reason?: string | number }
  | { action: 'unblock'; carrier: number }
  | { action: 'grant' | 'revoke' | 'grant-by-rule' | 'revoke-by-rule'; carrier: number; template: string | number }
  | { action: 'assign'; carrier: number; badge: BadgeSpec }
  /** `restoreReplaced`: the forgotten badge that it stood in for is in use again. */
  | { action: 'withdraw'; carrier: number; badge: BadgeSpec; restoreReplaced?: boolean }
  /** Badge and reason as an operator gives them: of a forgotten badge the other is only a stand-in. */
  | { action: 'replace'; carrier: number; badge: BadgeSpec; by: BadgeSpec; reason: string | number }
  | { action: 'block-badge'; badge: BadgeSpec; reason?: string | number }
  | { action: 'unblock-badge'; badge: BadgeSpec }

const operator = 'operator'

// What the operators' log calls it.
const logged: Readonly<Record<HandChange['action'], string>> = {
  create: 'addEmployee',
  delete: 'removeEmployee',
  change: 'changeEmployee',
  block: 'blockCarrier',
  unblock: 'unblockCarrier',
  grant: 'addCarrierAuthorizations',
  revoke: 'removeCarrierAuthorizations',
  'grant-by-rule': 'addCarrierAuthorizations',
  'revoke-by-rule': 'removeCarrierAuthorizations',
  assign: 'assignToken',
  withdraw: 'withdrawToken',
  replace: 'replaceToken',
  'block-badge': 'blockToken',
  'unblock-badge': 'unblockToken',
}

/** Makes the change and notes it in the operators' log. Throws a TypeError on what does not exist. Gives the carrier's id. */
export function byHand(simulation: Simulation, change: HandChange): number {
  const carrier = make(simulation, change)
  noteModified(simulation, carrier)
  noteChange(simulation, logged[change.action], operator, carrier, [])
  return carrier.id
}

function make(simulation: Simulation, change: HandChange): Carrier {
  const { world, clock } = simulation
  if (change.action === 'create') {
    const [id = 0] = plant(simulation, { carriers: [change.carrier] }).carriers
    return carrierWithId(simulation, id)
  }
  if (change.action === 'block-badge' || change.action === 'unblock-badge') return turnBadge(simulation, change)
  const carrier = carrierWithId(simulation, change.carrier)
  switch (change.action) {
    case 'delete':
      for (const token of carrier.tokens.flatMap((id) => world.tokens.get(id) ?? [])) letGo(world, token, 0, null)
      world.removeCarrier(carrier)
      break
    case 'change': {
      const fields: Row = { ...carrier.fields, ModificationDate: wholeSecond(clock.now()) }
      for (const [name, value] of Object.entries(change.fields)) {
        if (value === null) delete fields[name]
        else fields[name] = name.endsWith('DateTime') ? Date.parse(String(value)) : value
      }
      world.setFields(carrier, fields)
      break
    }
    case 'block':
      carrier.states.blocked = true
      carrier.states.blockReason = rowIdOf(simulation, 'BlockReason', change.reason ?? 'Carrier blocked')
      break
    case 'unblock':
      carrier.states.blocked = false
      carrier.states.blockReason = null
      break
    case 'grant':
    case 'grant-by-rule':
      giveTemplate(simulation, carrier, change.template, change.action === 'grant' ? null : 1)
      break
    case 'revoke':
    case 'revoke-by-rule': {
      const template = rowIdOf(simulation, 'Template', change.template)
      const online = carrier.profile.blocks.AuthorisationOnline ?? {}
      const byRule = change.action === 'revoke-by-rule'
      const isGone = ({ TemplateId, RuleId }: Row) => TemplateId === template && (RuleId !== undefined) === byRule
      online.TemplateAuthorisation = (online.TemplateAuthorisation ?? []).filter((entry) => !isGone(entry))
      break
    }
    case 'assign':
      giveBadge(simulation, carrier, change.badge)
      break
    case 'withdraw':
      withdraw(world, heldBadge(simulation, carrier, change.badge), change.restoreReplaced ?? false)
      break
    case 'replace': {
      const from = heldBadge(simulation, carrier, change.badge)
      if (from.status !== 1) throw new TypeError('only a badge in use is replaced')
      giveBadge(simulation, carrier, change.by)
      const ends = { reason: rowIdOf(simulation, 'BlockReason', change.reason), at: clock.now(), endValidity: null }
      replace(world, { from, to: tokenOf(simulation, change.by), carrier }, ends)
      break
    }
    default:
      throw new TypeError(`unknown action: ${String((change satisfies never as { action: unknown }).action)}`)
  }
  world.changed(carrier)
  return carrier
}

function heldBadge(simulation: Simulation, carrier: Carrier, badge: BadgeSpec): Token {
  const token = tokenOf(simulation, badge)
  if (token.carrier !== carrier.id) throw new TypeError('somebody else has this badge, or nobody')
  return token
}

type BadgeChange = Extract<HandChange, { action: 'block-badge' | 'unblock-badge' }>

function turnBadge(simulation: Simulation, change: BadgeChange): Carrier {
  const { world, clock } = simulation
  const token = tokenOf(simulation, change.badge)
  if (token.carrier === null) throw new TypeError('nobody has this badge')
  if (token.replacedBy !== null) throw new TypeError('it waits: another stands in for it')
  if (change.action === 'block-badge') {
    const blockReason = rowIdOf(simulation, 'BlockReason', change.reason ?? 'Lost')
    world.setToken(token, { status: 3, blockReason, blockedAt: clock.now() })
  } else {
    world.setToken(token, { status: token.replaces === null ? 1 : 4, blockReason: null, blockedAt: null })
  }
  return carrierWithId(simulation, token.carrier)
}
