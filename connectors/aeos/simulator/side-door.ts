/** The control API of the simulator, the same as tests in this process have. */
import { instant, missing, openJsonDoor, type Routes } from '../../simulator-parts/json-door.ts'
import type { SimulatorControl } from './control.ts'
import type { FaultSpec } from './faults.ts'
import type { BadgeSpec } from './find-names.ts'
import type { HandChange } from './hand.ts'
import type { Seed } from './seed.ts'
import type { Swipe } from './swipe.ts'

const routes: Routes<SimulatorControl> = {
  'GET /state': ({ state }, _body, _id, query) => ({
    total: state.carrierCount,
    carriers: state.carriers(Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 1000)),
    templates: state.templates(),
    entrances: state.entrances(),
    blockReasons: state.blockReasons(),
    identifierTypes: state.identifierTypes(),
  }),
  'GET /state/open': ({ state }) => ({ carriers: state.openNow() }),
  'GET /state/carriers/:': ({ state }, _body, id) => state.carrier(id) ?? missing(),
  'GET /state/personnel/:': ({ state }, _body, id) => ({ carriers: state.withPersonnelNo(id) }),
  'GET /state/badges/:': ({ state }, _body, id, query) => state.badge(badge(id, query)) ?? missing(),
  'GET /events': ({ state }) => ({ events: state.events() }),
  'GET /changes': ({ state }) => ({ changes: state.changes() }),
  'POST /swipe': (control, body) => control.swipe(body as unknown as Swipe),
  'GET /faults': ({ faults }) => ({ faults: faults.list() }),
  'POST /faults': ({ faults }, body) => faults.add(body as unknown as FaultSpec),
  'DELETE /faults': ({ faults }) => faults.clear(),
  'DELETE /faults/:': ({ faults }, _body, id) => (faults.remove(Number(id)) ? null : missing()),
  'GET /requests': ({ requests }, _body, _id, query) => {
    const operation = query.get('operation')
    return { count: requests.count, requests: requests.find(operation === null ? {} : { operation }) }
  },
  'DELETE /requests': ({ requests }) => requests.clear(),
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
  'POST /hand': (control, body) => ({ carrier: control.hand(body as unknown as HandChange) }),
  'POST /users': (control, { username, password, ...limits }) =>
    control.setUser(String(username), String(password), limits),
  'DELETE /users/:': (control, _body, id) => control.removeUser(id),
  'POST /quirks': (control, body) => Object.assign(control.quirks, body),
  'POST /latency': (control, body) =>
    control.setLatency(
      'fixedMs' in body
        ? { fixedMs: Number(body.fixedMs) }
        : { medianMs: Number(body.medianMs), p99Ms: Number(body.p99Ms) },
    ),
  'POST /certificate': (control) => control.renewCertificate(),
  'POST /backup': (control) => control.backup(),
  'POST /restore': (control) => control.putBack(),
}

function badge(number: string, query: URLSearchParams): BadgeSpec {
  const type = query.get('type')
  return type === null ? number : { type, number }
}

/** Opens it on 127.0.0.1. */
export function openSideDoor(
  control: SimulatorControl,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  return openJsonDoor(control, routes, port)
}
