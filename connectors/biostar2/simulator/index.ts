/** A BioStar 2 (or BioStar X) server on loopback, with its faults, its readers and a side door for whoever tests against it. */

import { selfSignedCertificate } from '../../simulator-parts/certificate.ts'
import { Gate } from '../../simulator-parts/gate.ts'
import { seededRandom } from '../../simulator-parts/random.ts'
import { Backup } from './backup.ts'
import { Burst } from './burst.ts'
import type { SimulatorControl } from './control.ts'
import { setClock } from './device.ts'
import { emit } from './emit.ts'
import { Faults } from './faults.ts'
import { byHand } from './hand.ts'
import { type SimulatorOptions, settleOptions } from './options.ts'
import { type RequestEntry, RequestLog } from './request-log.ts'
import { createRouter } from './routes.ts'
import { plant } from './seed.ts'
import { type LateWrite, listen } from './server.ts'
import { changeSettings } from './settings.ts'
import { openSideDoor } from './side-door.ts'
import { createSimulation } from './simulation.ts'
import { readerOf, swipe } from './swipe.ts'
import { Witness } from './witness.ts'

export type { AuditEntry } from './audit-trail.ts'
export type { BurstAccount, BurstPlan } from './burst.ts'
export type { SimulatorControl } from './control.ts'
export type { DeviceClock } from './device.ts'
export type { Emission } from './emit.ts'
export type { LoggedEvent } from './event-log.ts'
export type { Fault, FaultSpec } from './faults.ts'
export type { HandChange } from './hand.ts'
export type { SeenSocket } from './live-feed.ts'
export type { LevelSpec, SimulatorOptions } from './options.ts'
export type { RequestEntry } from './request-log.ts'
export type { Seed, SeedUser } from './seed.ts'
export type { Swipe, SwipeResult } from './swipe.ts'
export type { SeenDevice, SeenUser } from './witness.ts'

export interface BiostarSimulator extends SimulatorControl, AsyncDisposable {
  /** Base address without a slash at the end, e.g. `https://127.0.0.1:50123`. */
  url: string
  /** PEM of the server's own certificate. */
  ca: string
  fingerprint256: string
  sideDoorUrl: string
  username: string
  password: string
  close(): Promise<void>
}

const pollMs = 5

async function holds(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, pollMs))
}

/** Starts a simulator; several may run side by side. Rejects when a port is taken. */
export async function startBiostarSimulator(options: SimulatorOptions = {}): Promise<BiostarSimulator> {
  const settled = settleOptions(options)
  // Faults draw from a stream of their own, so that arming one does not change the latencies of the others.
  const faults = new Faults(seededRandom(settled.seed + 1))
  const simulation = createSimulation(settled, faults)
  const random = seededRandom(settled.seed)
  const gate = new Gate(settled.concurrency, settled.latency, random)
  const log = new RequestLog(settled.requestsKept)
  const certificate = selfSignedCertificate('BioStar simulator', settled.quirks.certificateNames, Date.now())
  const underWay = new Set<RequestEntry | LateWrite>()
  const { sync, clock, quirks } = simulation
  const backup = new Backup(simulation)
  let burst: Burst | null = null
  const control: SimulatorControl = {
    state: new Witness(simulation),
    faults,
    requests: log,
    clock,
    quirks,
    swipe: (wanted) => swipe(simulation, wanted),
    burst: (plan) => {
      if (burst !== null && !burst.account().isOver) throw new TypeError('a burst is under way')
      burst = new Burst(simulation, faults, plan)
      return burst
    },
    lastBurst: () => burst,
    hand: (change) => byHand(simulation, change),
    seed: (seed) => plant(simulation, seed),
    changeSettings: (changes) => changeSettings(simulation.settings, changes),
    emit: (wanted) => emit(simulation, wanted),
    setDevice: (device, condition) => sync.setCondition(readerOf(simulation, device), condition),
    setDeviceClock: (device, change) => setClock(readerOf(simulation, device), change),
    wipeDeviceLog: (device) => sync.wipeLog(readerOf(simulation, device)),
    endSockets: (how = 'cut') => simulation.feed.end(how),
    setLatency: (latency) => {
      gate.latency = latency
    },
    setDeviceDelay: (ms) => {
      sync.delayMs = ms
    },
    backup: () => backup.take(),
    putBack: () => backup.putBack(),
    restart: () => {
      simulation.sessions.dropAll()
      simulation.feed.end('cut')
    },
    settled: () => holds(() => sync.isSettled()),
    landed: () => holds(() => underWay.size === 0),
  }
  const router = createRouter(settled.product)
  const listener = await listen({ simulation, router, gate, faults, log, certificate, underWay })
  const sideDoor = await openSideDoor(control, settled.sideDoorPort)
  async function close(): Promise<void> {
    burst?.stop()
    await burst?.done
    faults.clear()
    sync.close()
    await Promise.all([listener.close(), sideDoor.close()])
  }
  return {
    ...control,
    url: `https://127.0.0.1:${listener.port}`,
    ca: certificate.cert,
    fingerprint256: certificate.fingerprint256,
    sideDoorUrl: sideDoor.url,
    username: simulation.username,
    password: simulation.password,
    close,
    [Symbol.asyncDispose]: close,
  }
}
