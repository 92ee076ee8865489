/** Runs one message against the simulated server and writes its answer; knows nothing of sockets, time or faults. */
import type { XmlElement } from 'libxml2-wasm'
import { AeosFault, type Answer, type Call } from './call.ts'
import { noteChange, noteModified } from './change-log.ts'
import { EnvelopeError, envelope, faultEnvelope, payloadAttributes, removedPayload, withBody } from './envelope.ts'
import { handlerOf } from './handlers.ts'
import type { SystemUser } from './model.ts'
import { type Operation, operationsByRoot } from './operations.ts'
import { otherOperations } from './other-operations.ts'
import type { RequestEntry } from './request-log.ts'
import { type Cell, WrongCell } from './row.ts'
import type { Simulation } from './simulation.ts'
import { isIn, type Snapshot } from './snapshots.ts'
import { schemaError } from './validator.ts'
import { readElement } from './xml-read.ts'
import { writeElement } from './xml-write.ts'
import { schemaNamespace } from './xsd.ts'

export interface Reply {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
  /** ErrorCode of a fault of the application. */
  faultCode: number | null
}

const newest: Snapshot = '2024-08'
const xml = { 'content-type': 'text/xml;charset=UTF-8' }

/** A fault as the application makes it: HTTP 500 and StatusInfo. */
export function applicationFault(code: number, message: string): Reply {
  return { status: 500, headers: xml, body: faultEnvelope('Server', message, { code, message }), faultCode: code }
}

/** A fault of the SOAP stack before the application is asked. */
export function stackFault(faultCode: string, message: string): Reply {
  return { status: 500, headers: xml, body: faultEnvelope(faultCode, message, null), faultCode: null }
}

export function execute(simulation: Simulation, caller: SystemUser, message: Buffer, entry: RequestEntry): Reply {
  try {
    const body = withBody(message, (root) => run(simulation, caller, root, entry))
    return { status: 200, headers: xml, body: envelope(body), faultCode: null }
  } catch (error) {
    if (error instanceof AeosFault) return applicationFault(error.code, error.message)
    if (error instanceof EnvelopeError) return stackFault(error.faultCode, error.message)
    throw error
  }
}

/** The payload of the answer. */
function run(simulation: Simulation, caller: SystemUser, root: XmlElement, entry: RequestEntry): string {
  const operation = operationOf(simulation, root)
  checkRights(simulation, caller, operation)
  const call: Call = {
    simulation,
    operation,
    caller,
    input: readInput(simulation, operation, root),
    touch: (carriers) => {
      entry.carriers = [...new Set([...entry.carriers, ...carriers])]
    },
  }
  // Whoever is removed has a name in the log all the same.
  const before = simulation.world.carriers.get(typeof call.input === 'number' ? call.input : 0) ?? null
  const answer = handled(call)
  if (operation.changes) {
    const [id] = entry.carriers
    const carrier = (id === undefined ? undefined : simulation.world.carriers.get(id)) ?? before
    if (carrier !== null) noteModified(simulation, carrier)
    noteChange(simulation, operation.name, caller.username, carrier, namesIn(call.input))
  }
  return payloadOf(simulation, operation, answer)
}

function operationOf({ options: { snapshot } }: Simulation, { name, namespaceUri }: XmlElement): Operation {
  const operation = operationsByRoot.get(name)
  if (namespaceUri !== schemaNamespace)
    throw new EnvelopeError(`Message part {${namespaceUri}}${name} was not recognized`)
  if (operation !== undefined && isIn(snapshot, operation.since)) return operation
  const since = otherOperations.get(name)
  if (since !== undefined && isIn(snapshot, since)) throw new AeosFault(903, 'Not implemented')
  throw new EnvelopeError(`Message part {${namespaceUri}}${name} was not recognized`)
}

function checkRights({ quirks }: Simulation, { lacks }: SystemUser, { name, right }: Operation): void {
  if (quirks.unlicensed.includes(name)) throw new AeosFault(902, 'No license')
  if (lacks.includes('External calls') || lacks.includes(right)) throw new AeosFault(901, 'Not authorized')
}

/** Reads what the schema allows; with the schema unchecked, whatever of it has a known name. */
function readInput(simulation: Simulation, { request, fault }: Operation, root: XmlElement): Cell {
  const { quirks, zone, options } = simulation
  const { snapshot } = options
  if (quirks.schemaChecked) {
    const wrong = schemaError(root, quirks.newerFields === 'ignored' ? newest : snapshot)
    if (wrong !== null) {
      if (quirks.schemaFaults === 'status-info') throw new AeosFault(fault ?? 990, `Unmarshalling Error: ${wrong}`)
      throw new EnvelopeError(`Unmarshalling Error: ${wrong}`)
    }
  }
  return readElement(root, request.type, {
    snapshot,
    moment: (text) => zone.moment(text, quirks.ambiguousTime) ?? undefined,
  })
}

function handled(call: Call): Answer {
  try {
    return handlerOf(call.operation)(call)
  } catch (error) {
    if (error instanceof WrongCell) throw new AeosFault(call.operation.fault ?? 990, error.message)
    throw error
  }
}

function namesIn(input: Cell): string[] {
  return typeof input === 'object' && !Array.isArray(input) ? Object.keys(input) : []
}

function payloadOf({ options, zone }: Simulation, { response }: Operation, answer: Answer): string {
  if (answer === null) return ''
  if (answer === 'removed') return removedPayload
  return writeElement(
    response.root,
    response.type,
    answer,
    { snapshot: options.snapshot, local: zone.local },
    payloadAttributes,
  )
}
