/** What an operator does by hand in AEOS, or the rule engine by itself, behind the back of every integration. */
import { noteChange, noteModified } from './change-log.ts'
import { type BadgeSpec, carrierWithId, rowIdOf, tokenOf } from './find-names.ts'
import type { Carrier } from './model.ts'
import type { Row } from './row.ts'
import { giveBadge, giveTemplate, plant, type SeedCarrier } from './seed.ts'
import type { Simulation } from './simulation.ts'
import { letGo } from './token-links.ts'
import { wholeSecond } from './zone.ts'

export type HandChange =
  | { action: 'create'; carrier: SeedCarrier }
  | { action: 'delete'; carrier: number }
  /** Fields by their names in AEOS; null takes one away. */
  | { action: 'change'; carrier: number; fields: Readonly<Record<string, string | number | null>> }
  | { action: 'block'; carrier: number; reason?: string | number }
  | { action: 'unblock'; carrier: number }
  | { action: 'grant' | 'revoke' | 'grant-by-rule' | 'revoke-by-rule'; carrier: number; template: string | number }
  | { action: 'assign' | 'withdraw'; carrier: number; badge: BadgeSpec }
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
    case 'withdraw': {
      const token = tokenOf(simulation, change.badge)
      if (token.carrier !== carrier.id) throw new TypeError('somebody else has this badge, or nobody')
      letGo(world, token, 0, null)
      break
    }
    default:
      throw new TypeError(`unknown action: ${String((change satisfies never as { action: unknown }).action)}`)
  }
  world.changed(carrier)
  return carrier
}

type BadgeChange = Extract<HandChange, { action: 'block-badge' | 'unblock-badge' }>

function turnBadge(simulation: Simulation, change: BadgeChange): Carrier {
  const { world, clock } = simulation
  const token = tokenOf(simulation, change.badge)
  if (token.carrier === null) throw new TypeError('nobody has this badge')
  if (change.action === 'block-badge') {
    const blockReason = rowIdOf(simulation, 'BlockReason', change.reason ?? 'Lost')
    world.setToken(token, { status: 3, blockReason, blockedAt: clock.now() })
  } else {
    world.setToken(token, { status: token.replaces === null ? 1 : 4, blockReason: null, blockedAt: null })
  }
  return carrierWithId(simulation, token.carrier)
}
