/** The control API: plain HTTP and JSON on a loopback port of its own, for demos and for tests in other processes. */
import { instant, missing, openJsonDoor, type Routes } from '../../simulator-parts/json-door.ts'
import type { BurstPlan } from './burst.ts'
import type { SimulatorControl } from './control.ts'
import type { DeviceClock } from './device.ts'
import type { Emission } from './emit.ts'
import { Refusal } from './envelope.ts'
import type { FaultSpec } from './faults.ts'
import type { HandChange } from './hand.ts'
import type { RequestFilter } from './request-log.ts'
import type { Seed } from './seed.ts'
import type { Swipe } from './swipe.ts'

const routes: Routes<SimulatorControl> = {
  'GET /state': ({ state }, _body, _id, query) => ({
    total: state.userCount,
    users: state.users(Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 0)),
    groups: state.groups(),
    doors: state.doors(),
    devices: state.devices(),
    sessions: state.sessions,
  }),
  'GET /state/users/:': ({ state }, _body, id) => state.user(id) ?? missing(),
  'GET /state/cards/:': ({ state }, _body, id) => state.card(id) ?? missing(),
  'GET /events': ({ state }) => ({ events: state.events().map((event) => ({ ...event, key: state.keyOf(event) })) }),
  'GET /audit': ({ state }) => ({ entries: state.audit() }),
  'GET /sockets': ({ state }) => ({ sockets: state.sockets() }),
  'DELETE /sockets': ({ endSockets }, _body, _id, query) => {
    const how = query.get('how') ?? 'cut'
    if (how !== 'cut' && how !== 'close' && how !== 'freeze') throw new TypeError('how is cut, close or freeze')
    return { ended: endSockets(how) }
  },
  'POST /emit': (control, body) => ({ event: control.emit(body as unknown as Emission) }),
  'POST /swipe': (control, body) => control.swipe(body as unknown as Swipe),
  'GET /faults': ({ faults }) => ({ faults: faults.list() }),
  'POST /faults': ({ faults }, body) => faults.add(body as unknown as FaultSpec),
  'DELETE /faults': ({ faults }) => faults.clear(),
  'DELETE /faults/:': ({ faults }, _body, id) => (faults.remove(Number(id)) ? null : missing()),
  'GET /requests': ({ requests }, _body, _id, query) => {
    const filter = Object.fromEntries([...query].filter(([name]) => ['user', 'method', 'path'].includes(name)))
    const biometric = query.has('biometric') ? { biometric: query.get('biometric') === 'true' } : {}
    return { count: requests.count, requests: requests.find({ ...filter, ...biometric } satisfies RequestFilter) }
  },
  'DELETE /requests': ({ requests }) => requests.clear(),
  'POST /burst': (control, body) => control.burst(body as unknown as BurstPlan).account(),
  'GET /burst': (control) => control.lastBurst()?.account() ?? missing(),
  'GET /burst/keys': (control) => ({ keys: control.lastBurst()?.keys() ?? missing() }),
  'DELETE /burst': (control) => control.lastBurst()?.stop(),
  'POST /devices/:/offline': (control, body, id) => {
    control.setDevice(id, body.offline === false ? 'online' : 'offline')
    return { devices: control.state.devices() }
  },
  'POST /devices/:/condition': (control, body, id) => {
    control.setDevice(id, String(body.condition) as Parameters<SimulatorControl['setDevice']>[1])
    return { devices: control.state.devices() }
  },
  'POST /devices/:/clock': (control, body, id) => {
    control.setDeviceClock(id, body as DeviceClock)
    return { devices: control.state.devices() }
  },
  'POST /devices/:/wipe': (control, _body, id) => control.wipeDeviceLog(id),
  'POST /clock': ({ clock }, body) => {
    if (body.frozen === false) clock.thaw()
    if (body.now !== undefined) {
      const ms = instant(body.now)
      if (body.frozen === true) clock.freeze(ms)
      else clock.set(ms)
    }
    if (body.advanceMs !== undefined) clock.advance(Number(body.advanceMs))
    return { now: new Date(clock.now()).toISOString() }
  },
  'POST /seed': (control, body) => control.seed(body as Seed),
  'POST /hand': (control, body) => control.hand(body as unknown as HandChange),
  'POST /settings': (control, body) => control.changeSettings(body),
  'POST /quirks': (control, body) => Object.assign(control.quirks, body),
  'POST /latency': (control, body) =>
    control.setLatency(
      'fixedMs' in body
        ? { fixedMs: Number(body.fixedMs) }
        : { medianMs: Number(body.medianMs), p99Ms: Number(body.p99Ms) },
    ),
  'POST /backup': (control) => control.backup(),
  'POST /restore': (control) => control.putBack(),
  'POST /restart': (control) => control.restart(),
}

/** Opens the control API on 127.0.0.1. */
export function openSideDoor(
  control: SimulatorControl,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  return openJsonDoor(control, routes, port, (error) =>
    error instanceof Refusal ? { error: error.message, code: error.code } : null,
  )
}
