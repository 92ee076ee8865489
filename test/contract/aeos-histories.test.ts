/** Whatever happens at AEOS, and whenever the reader dies: what was taken from its changes is what a full read shows in the end. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import aeos from '../../connectors/aeos/index.ts'
import { type AeosSimulator, startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import type { Delivery } from '../../src/connector/contract.ts'
import { openEgress } from '../../src/connector/egress/egress.ts'

const never = new AbortController().signal
const minute = 60_000
const templates = ['Main Entrance', 'Server Room', 'Warehouse']

type Cells = Readonly<Record<string, string | null>>

/** What the gateway keeps: rows by key, whom it was told to be gone or did not find, and the cursor. */
interface Kept {
  readonly rows: Map<string, Cells>
  readonly out: Set<string>
  cursor: string | null
}

async function connect(simulator: AeosSimulator) {
  const settings = aeos.settings.parse({
    url: new URL(simulator.url).origin,
    fingerprint256: simulator.fingerprint256,
    username: simulator.username,
    password: simulator.password,
    server_zone: 'Europe/Amsterdam',
    identifier_types: [{ id: '4', format: 'H10301', facility: 10 }],
  })
  const address = aeos.address(settings)
  if (address === null) throw new Error('it has an address')
  const egress = openEgress({ ...address, concurrency: 8, requestsPerSecond: 10_000, requestTimeoutMs: 2000 })
  const now = () => new Date(simulator.clock.now())
  const { people, close } = await aeos.connect(settings, { http: egress.http, log: () => undefined, now }, never)
  return {
    people,
    async [Symbol.asyncDispose]() {
      await close()
      await egress.close()
    },
  }
}

/** Takes a delivery in as far as `pagesMax`; one that was not read to its end leaves the cursor where it was. */
async function take(delivery: Delivery, kept: Kept, pagesMax: number): Promise<void> {
  const seen = new Set<string>()
  const pages = delivery.pages(never)
  for (let n = 0; n < pagesMax; n++) {
    const { done, value } = await pages.next()
    if (done) {
      if (delivery.mode === 'full') for (const key of kept.rows.keys()) if (!seen.has(key)) kept.out.add(key)
      kept.cursor = value.cursor ?? kept.cursor
      await delivery.settle('taken')
      return
    }
    for (const { cells } of value.records) {
      const key = cells.id ?? ''
      seen.add(key)
      kept.rows.set(key, cells)
      kept.out.delete(key)
    }
    for (const { cells } of value.gone ?? []) kept.out.add(cells.id ?? '')
  }
}

type Step =
  | { readonly do: 'act'; readonly what: number; readonly who: number; readonly which: number }
  | { readonly do: 'pass'; readonly minutes: number }
  | { readonly do: 'read' }
  | { readonly do: 'die'; readonly afterPages: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('act'), what: fc.nat(13), who: fc.nat(7), which: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), minutes: fc.constantFrom(1, 90, 24 * 60) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die'), afterPages: fc.nat(2) }) },
)

/** One change at AEOS; what can't be done then is not done. */
function act(simulator: AeosSimulator, { what, who, which }: Extract<Step, { do: 'act' }>): void {
  const carrier = simulator.state.ids()[who % Math.max(1, simulator.state.carrierCount)] ?? 0
  const template = templates[which % templates.length] ?? ''
  const badge = `${100 + which}`
  const holder = simulator.state.badge({ type: 4, number: badge })?.carrier ?? carrier
  const ahead = [-60, 1, 60, 60 * 24, 60 * 24 * 40][which] ?? 0
  const day = new Date(simulator.clock.now() + ahead * minute).toISOString()
  const changes = [
    () => simulator.hand({ action: 'create', carrier: { lastName: `Newcomer ${which}`, personnelNo: `n${who}` } }),
    () => simulator.hand({ action: 'delete', carrier }),
    () => simulator.hand({ action: 'change', carrier, fields: { LastName: `Renamed ${which}` } }),
    () => simulator.hand({ action: 'change', carrier, fields: { LeaveDateTime: day } }),
    () => simulator.hand({ action: 'change', carrier, fields: { ArrivalDateTime: day } }),
    () => simulator.hand({ action: 'block', carrier }),
    () => simulator.hand({ action: 'unblock', carrier }),
    () => simulator.hand({ action: 'grant', carrier, template }),
    () => simulator.hand({ action: 'revoke', carrier, template }),
    () => simulator.hand({ action: 'grant-by-rule', carrier, template }),
    () => simulator.hand({ action: 'assign', carrier, badge: { type: 4, number: badge } }),
    () => simulator.hand({ action: 'withdraw', carrier: holder, badge: { type: 4, number: badge } }),
    () => simulator.hand({ action: 'block-badge', badge: { type: 4, number: badge } }),
    () => simulator.hand({ action: 'unblock-badge', badge: { type: 4, number: badge } }),
  ]
  try {
    changes[what]?.()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

test('deltas and crashes at any point end as a full read does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.boolean(), async (steps, personDatesCut) => {
      await using simulator = await startAeosSimulator({
        latency: { fixedMs: 0 },
        nowMs: Date.parse('2026-11-26T09:00:00Z'),
        quirks: { personDatesCut },
      })
      simulator.seed({ count: 3 })
      const kept: Kept = { rows: new Map(), out: new Set(), cursor: null }
      let reader = await connect(simulator)
      const read = async (pagesMax = Number.POSITIVE_INFINITY) => {
        const delivery = await reader.people.read(never, kept.cursor)
        if (delivery !== null) await take(delivery, kept, pagesMax)
        return delivery !== null
      }
      try {
        for (const each of [...steps]) {
          if (each.do === 'act') act(simulator, each)
          if (each.do === 'pass') simulator.clock.advance(each.minutes * minute)
          if (each.do === 'read') await read()
          if (each.do === 'die') {
            await read(each.afterPages)
            await reader[Symbol.asyncDispose]()
            reader = await connect(simulator)
          }
        }
        while (await read());
      } finally {
        await reader[Symbol.asyncDispose]()
      }
      await using fresh = await connect(simulator)
      const truth: Kept = { rows: new Map(), out: new Set(), cursor: null }
      const whole = await fresh.people.read(never, null)
      if (whole !== null) await take(whole, truth, Number.POSITIVE_INFINITY)
      const here = new Map([...kept.rows].filter(([key]) => !kept.out.has(key)))
      expect(here).toEqual(truth.rows)
    }),
    { numRuns: 25 },
  )
}, 60_000)
