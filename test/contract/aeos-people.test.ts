/** Nedap AEOS keeps the contract of people. */
import aeos from '../../connectors/aeos/index.ts'
import { startAeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import { peopleContract } from './people.ts'
import type { PeopleSimulator, Row } from './people-subject.ts'

const columns = ['personnel_no', 'first_name', 'last_name', 'department'] as const
const wholeAlways = 'what is offered was read whole before'
const showsNow = 'it shows how things are now, and keeps no deliveries'

peopleContract({
  name: 'aeos',
  connector: aeos,
  columns,
  many: 520,
  start,
  impossible: {
    queue: showsNow,
    fingerprint: showsNow,
    raw: showsNow,
    refused: showsNow,
    'half-written': wholeAlways,
    disturbed: wholeAlways,
    'cut-short': wholeAlways,
    'unreadable-row': 'a page of carriers is read as a whole, or not at all',
  },
})

async function start(): Promise<PeopleSimulator> {
  const simulator = await startAeosSimulator({ latency: { fixedMs: 0 }, nowMs: Date.parse('2026-11-26T09:00:00Z') })
  const departments = new Set<string>()
  const url = new URL(simulator.url)

  function departmentOf(row: Row): string | undefined {
    const name = row.department ?? undefined
    if (name !== undefined && !departments.has(name)) {
      departments.add(name)
      simulator.seed({ departments: [{ name }] })
    }
    return name
  }

  function add(row: Row): number {
    const department = departmentOf(row)
    const carrier = {
      lastName: row.last_name ?? '-',
      personnelNo: row.personnel_no ?? '',
      ...(row.first_name == null ? {} : { firstName: row.first_name }),
      ...(department === undefined ? {} : { department }),
    }
    const [id = 0] = simulator.seed({ carriers: [carrier] }).carriers
    return id
  }

  const idOf = (row: Row) => simulator.state.carriers().find(({ personnelNo }) => personnelNo === row.personnel_no)?.id
  const rename = (id: number, row: Row) =>
    simulator.hand({
      action: 'change',
      carrier: id,
      fields: { LastName: row.last_name ?? null, FirstName: row.first_name ?? null },
    })

  simulator.backup()
  return {
    settings: {
      url: url.origin,
      fingerprint256: simulator.fingerprint256,
      username: simulator.username,
      password: simulator.password,
      server_zone: 'Europe/Amsterdam',
      people: { poll_every: '50ms' },
    },
    secrets: [simulator.password],
    now: () => new Date(simulator.clock.now()),
    async deliver(rows, mode = 'full') {
      simulator.clock.advance(60_000)
      if (mode === 'delta') {
        for (const row of rows) rename(idOf(row) ?? add(row), row)
        return
      }
      simulator.putBack()
      departments.clear()
      const ids = rows.map((row) => [add(row), row] as const)
      // A log that says nothing could not be told from another one.
      for (const [id, row] of ids) if (row.last_name === null || row === rows[0]) rename(id, row)
    },
    deliverWrong: () => Promise.reject(new Error('no such provocation here')),
    begin: () => Promise.reject(new Error('no such provocation here')),
    disturb: () => Promise.reject(new Error('no such provocation here')),
    async remove(row) {
      simulator.hand({ action: 'delete', carrier: idOf(row) ?? 0 })
    },
    async setAway(away) {
      if (away) simulator.faults.add({ kind: 'down' })
      else simulator.faults.clear()
    },
    [Symbol.asyncDispose]: () => simulator[Symbol.asyncDispose](),
  }
}
