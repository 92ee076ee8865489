/** The shape of one operation: what a handler is given, what it answers, and how it refuses. */
import type { Carrier, SystemUser } from './model.ts'
import type { Operation } from './operations.ts'
import type { Cell, Row } from './row.ts'
import type { Simulation } from './simulation.ts'

export interface Call {
  simulation: Simulation
  operation: Operation
  caller: SystemUser
  input: Cell
  /** Notes that the request was about these carriers, for the record of requests. */
  touch(carriers: readonly number[]): void
}

/** A row for the response element, null for an empty Body, `removed` for the text `(null)`. */
export type Answer = Row | null | 'removed'

export type Handler = (call: Call) => Answer

export type Handlers = Readonly<Record<string, Handler>>

/** A fault of the application, with StatusInfo. */
export class AeosFault extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Refuses with the code of the operation. */
export function refuse(call: Call, message: string): never {
  throw new AeosFault(call.operation.fault ?? 990, message)
}

/** The request as a row. */
export function request(call: Call): Row {
  if (typeof call.input === 'object' && !Array.isArray(call.input)) return call.input
  return refuse(call, 'the request holds no elements')
}

/** The carrier with this id, if the caller may know of it. */
export function carrierOf(call: Call, id: number): Carrier {
  const carrier = call.simulation.world.carriers.get(id)
  if (carrier === undefined || !sees(call.caller, carrier.fields.UnitId)) return refuse(call, 'Carrier not found')
  call.touch([id])
  return carrier
}

/** The carrier whose bare id is the whole request. */
export function carrierAsked(call: Call): Carrier {
  return typeof call.input === 'number' ? carrierOf(call, call.input) : refuse(call, 'Carrier not found')
}

/** Whether the filter of units lets the caller see something of this unit; what has none is seen by all. */
export function sees({ units }: SystemUser, unit: Cell): boolean {
  return units === null || typeof unit !== 'number' || units.includes(unit)
}
