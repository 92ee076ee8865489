/** Made-up answers about events. */
import type { EventActs, EventView } from './acts/events.ts'

const at = '2026-03-01T08:00:00.000Z'

export const madeUpEvent: EventView = {
  ...{ source: 'hq', position: 1, id: 'ab'.repeat(16), type: 'access.granted', class: 'access', at },
  ...{ approximate: false, recordedAt: null, receivedAt: at, live: true, person: null, site: null, direction: 'in' },
  ...{ door: { id: '17', name: 'Main entrance' }, reader: null, account: '4711', card: null, cardNumber: null },
  ...{ verify: ['card'], deviceKey: null, active: null, vendor: { code: '4102', name: null, detail: {} } },
}

const clocks = { devices: 20, furthest: -90_000, system: null, measuredAt: at }

export const eventAnswers: EventActs = {
  findEvents: async () => ({ rows: [madeUpEvent], next: null, erased: 0 }),
  openTail: async (_reader, after) => after ?? 'begin',
  tail: async (cursor) =>
    cursor === 'begin' ? { events: [{ event: madeUpEvent, cursor: 'one' }], cursor: 'one' } : { events: [], cursor },
  eventTypes: async () => [
    {
      ...{ type: 'door.opened', class: 'door', severity: 'informational', description: 'the door is open' },
      onvif: ['tns1:Door/State/DoorPhysicalState State=Open'],
    },
  ],
  eventCodes: async () => [
    { code: '20992', name: 'OPENED', when: null, type: 'door.opened', active: null, note: null },
  ],
  eventSources: async () => [
    {
      ...{ source: 'hq', read: true, events: 1, heardAt: at, receivedAt: at, malformed: 0, clocks, underFormerKeys: 0 },
      months: [{ class: 'access', month: '2026-03', events: 1, forgottenAt: null }],
    },
  ],
}
