/** Two door systems that make events while everything goes wrong: what each has made, so that nothing can be missing or twice without being seen. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AeosSimulator } from '../../connectors/aeos/simulator/index.ts'
import type { BiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { Random } from '../../demo/workforce/random.ts'

/** What of an event both its maker and its receivers know: when, where, and what. */
export type Trace = string

export const traceOf = (atMs: number, place: string | number | null, code: string | number): Trace =>
  `${Math.floor(atMs / 1000)} ${place ?? '-'} ${code}`

export interface Doors {
  /** By the target's id, in the configuration. */
  readonly source: string
  /** Begins; resolves when all are made and could be found. */
  make(events: number, seconds: number): Promise<string>
  /** One of each event that was made, by the system's own key. */
  made(): ReadonlyMap<string, Trace>
}

/** Events that come twice, late or never on the socket, readers that are away, clocks that jump, sockets that are cut. */
export function biostarDoors(simulator: BiostarSimulator, seed: number): Doors {
  const before = simulator.state.events().length
  const requests = { method: 'GET|POST', path: '^/api/' }
  return {
    source: 'hq',
    async make(events, seconds) {
      for (const kind of ['http', 'drop', 'drop-after'] as const)
        simulator.faults.add({ kind, probability: 0.01, ...requests })
      const plan = { events, seed, perSecond: events / seconds, lost: 0.01, uploadedTwice: 0.001 }
      const { absences, jumps, cuts, twiceOnSocket, lateOnSocket, lostOnSocket, keptByReaders, rows } =
        await simulator.burst(plan).done
      return `${rows} rows; ${absences} readers away, which kept ${keptByReaders}; ${jumps} clocks jumped, ${cuts} times all sockets cut; on sockets ${twiceOnSocket} twice, ${lateOnSocket} late, ${lostOnSocket} never`
    },
    made() {
      const rows = simulator.state.events().slice(before)
      return new Map(rows.map((row) => [simulator.state.keyOf(row), traceOf(row.atMs, row.deviceId, row.code)]))
    },
  }
}

/** Our login is not shown what happens here, so that its ids are missing in what we see. */
const hidden = 'Loading Dock'
const share = { hidden: 0.01, known: 0.8, late: 0.05, wrongClock: 0.03 }
const hourMs = 3_600_000
/** Far enough that many others come before; near enough that the next looks still go back so far. */
const latestMs = 300

/** Ids that come late or never, times out of their order and wrong by up to an hour, answers that are cut off when they were given. */
export function aeosDoors(simulator: AeosSimulator, chance: Random): Doors {
  const entrances = simulator.state.entrances()
  const shown = entrances.filter(({ name }) => name !== hidden).map(({ name }) => name)
  const visible = new Set(entrances.filter(({ name }) => name !== hidden).map(({ id }) => id))
  simulator.setUser(simulator.username, simulator.password, { entrances: [...visible] })
  const before = simulator.state.events().length
  const counts = { late: 0, hidden: 0, wrongClock: 0 }
  const isOne = (of: keyof typeof counts): boolean => {
    const does = chance.next() < share[of]
    if (does) counts[of] += 1
    return does
  }
  const badges = simulator.state.carriers().flatMap((carrier) => carrier.badges.map(({ number }) => number))

  function swipe(): boolean {
    const isHidden = isOne('hidden')
    simulator.swipe({
      badge: chance.next() < share.known ? chance.pick(badges) : String(900_000_000 + chance.below(1e6)),
      entrance: isHidden ? hidden : chance.pick(shown),
      direction: chance.pick(['in', 'out', 'unknown']),
      agoMs: isOne('wrongClock') ? Math.round((chance.next() * 2 - 1) * hourMs) : 0,
      shownAfterMs: isOne('late') ? 1 + chance.below(latestMs) : 0,
    })
    return !isHidden
  }

  return {
    source: 'plant',
    async make(events, seconds) {
      for (const kind of ['drop', 'drop-after', 'garbled', 'http'] as const)
        simulator.faults.add({ kind, probability: 0.01 })
      const began = performance.now()
      for (let made = 0; made < events; ) {
        await sleep(5)
        const due = Math.min(events, Math.ceil((((performance.now() - began) / 1000) * events) / seconds))
        while (made < due) if (swipe()) made += 1
      }
      await sleep(latestMs)
      return `${events} events; ${counts.late} ids late, ${counts.hidden} ids never, ${counts.wrongClock} with a wrong clock`
    },
    made() {
      const rows = simulator.state.events().slice(before)
      const seen = rows.filter(({ entrance }) => entrance !== null && visible.has(entrance))
      return new Map(seen.map(({ id, at, entrance, typeId }) => [String(id), traceOf(at, entrance, typeId)]))
    },
  }
}
