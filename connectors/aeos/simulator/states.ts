/** States of a carrier: blocked, special, invisible, left out of anti-passback or verification. */
import { type Answer, type Call, carrierAsked, carrierOf, type Handlers, refuse, request } from './call.ts'
import type { Carrier, CarrierStates } from './model.ts'
import { long, maybeLong, type Row, text } from './row.ts'
import { checkReason } from './token-rules.ts'

export const stateHandlers: Handlers = {
  findCarrierStates: (call) => answer(carrierAsked(call)),
  blockCarrier: (call) => {
    const input = request(call)
    const carrier = carrierOf(call, long(input, 'CarrierId'))
    return block(call, carrier, long(input, 'Reason'))
  },
  unblockCarrier: (call) => set(call, carrierAsked(call), { blocked: false, blockReason: null }),
  activateAPBOnCarrier: (call) => set(call, carrierAsked(call), { excludedFromApb: false }),
  deactivateAPBOnCarrier: (call) => set(call, carrierAsked(call), { excludedFromApb: true }),
  activateAutoBlockOnCarrier: (call) => set(call, carrierAsked(call), { autoBlock: true }),
  deactivateAutoBlockOnCarrier: (call) => set(call, carrierAsked(call), { autoBlock: false }),
  setCarrierSpecial: (call) => set(call, carrierAsked(call), { special: true }),
  resetCarrierSpecial: (call) => set(call, carrierAsked(call), { special: false }),
  setCarrierInvisible: (call) => set(call, carrierAsked(call), { invisible: true }),
  resetCarrierInvisible: (call) => set(call, carrierAsked(call), { invisible: false }),
  changeCarrierAttribute,
}

function changeCarrierAttribute(call: Call): Answer {
  const input = request(call)
  const carrier = carrierOf(call, long(input, 'CarrierId'))
  const activated = input.Activated === true
  switch (text(input, 'State')) {
    case 'Block':
      if (!activated) return set(call, carrier, { blocked: false, blockReason: null })
      return block(call, carrier, maybeLong(input, 'ValueOrReason') ?? refuse(call, 'Block reason not found'))
    case 'ActivateAutoBlock':
      return set(call, carrier, { autoBlock: activated })
    case 'ActivateApb':
      return set(call, carrier, { excludedFromApb: !activated })
    case 'ActivateVerification':
      return set(call, carrier, { excludedFromVerification: !activated })
    case 'Invisible':
      return set(call, carrier, { invisible: activated })
    case 'Special':
      return set(call, carrier, { special: activated })
    default:
      return refuse(call, 'Unknown carrier state')
  }
}

/** All badges of a blocked carrier stop; none of them is changed, so that they work again afterwards. */
function block(call: Call, carrier: Carrier, reason: number): Answer {
  return set(call, carrier, { blocked: true, blockReason: checkReason(call, reason, 'CarrierBlockReason') })
}

function set({ simulation }: Call, carrier: Carrier, changes: Partial<CarrierStates>): Answer {
  Object.assign(carrier.states, changes)
  simulation.world.changed(carrier)
  return answer(carrier)
}

function answer({ id, states }: Carrier): Row {
  const row: Row = {
    Blocked: states.blocked,
    ExcludedFromApb: states.excludedFromApb,
    AutoBlockEnabled: states.autoBlock,
    Special: states.special,
    Invisible: states.invisible,
    ExcludedFromVerification: states.excludedFromVerification,
  }
  if (states.blockReason !== null) row.BlockReason = states.blockReason
  return { CarrierId: id, States: row }
}
