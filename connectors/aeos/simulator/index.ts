/** An AEOS SOAP web service on loopback, with its faults, its doors and a side door for whoever tests against it. */
import { selfSignedCertificate } from '../../simulator-parts/certificate.ts'
import { Gate } from '../../simulator-parts/gate.ts'
import { seededRandom } from '../../simulator-parts/random.ts'
import { Backup } from './backup.ts'
import type { SimulatorControl } from './control.ts'
import { Faults } from './faults.ts'
import { byHand } from './hand.ts'
import { type SimulatorOptions, settleOptions } from './options.ts'
import { type RequestEntry, RequestLog } from './request-log.ts'
import { plant } from './seed.ts'
import { type LateWrite, listen } from './server.ts'
import { openSideDoor } from './side-door.ts'
import { createSimulation, newUser } from './simulation.ts'
import type { Snapshot } from './snapshots.ts'
import { swipe } from './swipe.ts'
import { Witness } from './witness.ts'

export type { SimulatorControl } from './control.ts'
export type { Fault, FaultSpec } from './faults.ts'
export type { BadgeSpec } from './find-names.ts'
export type { HandChange } from './hand.ts'
export type { SimulatorOptions, TemplateSpec } from './options.ts'
export type { Quirks } from './quirks.ts'
export type { RequestEntry } from './request-log.ts'
export type { Seed, SeedCarrier } from './seed.ts'
export { type Snapshot, snapshots } from './snapshots.ts'
export type { Swipe, SwipeResult } from './swipe.ts'
export type { SeenAuthorisation, SeenBadge, SeenCarrier } from './witness.ts'
export { schemaOf } from './xsd.ts'

export interface AeosSimulator extends SimulatorControl, AsyncDisposable {
  /** Address of the service, e.g. `https://127.0.0.1:50123/aeosws`. */
  url: string
  /** PEM of the server's own certificate, as it was at the start. */
  ca: string
  fingerprint256: string
  sideDoorUrl: string
  /** Version of the interface. */
  snapshot: Snapshot
  username: string
  password: string
  close(): Promise<void>
}

const pollMs = 5

async function holds(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, pollMs))
}

/** Starts a simulator; several may run side by side. Rejects when a port is taken. */
export async function startAeosSimulator(options: SimulatorOptions = {}): Promise<AeosSimulator> {
  const settled = settleOptions(options)
  const simulation = createSimulation(settled)
  const gate = new Gate(settled.concurrency, settled.latency, seededRandom(settled.seed))
  // Faults draw from a stream of their own, so that arming one does not change the latencies of the others.
  const faults = new Faults(seededRandom(settled.seed + 1))
  const log = new RequestLog(settled.requestsKept, settled.messagesKept)
  const newCertificate = () => selfSignedCertificate('AEOS simulator', settled.quirks.certificateNames, Date.now())
  const certificate = newCertificate()
  const underWay = new Set<RequestEntry | LateWrite>()
  const { clock, quirks, users } = simulation
  const backup = new Backup(simulation)
  const listener = await listen({ simulation, gate, faults, log, certificate, underWay })
  const control: SimulatorControl = {
    state: new Witness(simulation),
    faults,
    requests: log,
    clock,
    quirks,
    swipe: (wanted) => swipe(simulation, wanted),
    hand: (change) => byHand(simulation, change),
    seed: (seed) => plant(simulation, seed),
    setUser: (username, password, limits) => void users.set(username, newUser(username, password, limits)),
    removeUser: (username) => void users.delete(username),
    setLatency: (latency) => {
      gate.latency = latency
    },
    renewCertificate: () => {
      const renewed = newCertificate()
      listener.setCertificate(renewed)
      return { ca: renewed.cert, fingerprint256: renewed.fingerprint256 }
    },
    backup: () => backup.take(),
    putBack: () => backup.putBack(),
    landed: () => holds(() => underWay.size === 0),
  }
  const sideDoor = await openSideDoor(control, settled.sideDoorPort)
  async function close(): Promise<void> {
    faults.clear()
    await Promise.all([listener.close(), sideDoor.close()])
  }
  const { username, password } = [...users.values()][0] ?? newUser('', '')
  return {
    ...control,
    url: `https://127.0.0.1:${listener.port}/aeosws`,
    ca: certificate.cert,
    fingerprint256: certificate.fingerprint256,
    sideDoorUrl: sideDoor.url,
    snapshot: settled.snapshot,
    username,
    password,
    close,
    [Symbol.asyncDispose]: close,
  }
}
