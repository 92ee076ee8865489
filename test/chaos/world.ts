/** What a campaign is played in: the door system, the processes, the people, the stores, and the faults that are always on. */
import type { BiostarSimulator } from '../../connectors/biostar2/simulator/index.ts'
import type { Random } from '../../demo/workforce/random.ts'
import type { TestPostgres, TestRedis } from '../support/servers.ts'
import type { SmallDisk } from '../support/small-disk.ts'
import type { Fleet } from './fleet.ts'
import type { Hr } from './hr.ts'
import type { Operator } from './operator.ts'

export interface World {
  readonly simulator: BiostarSimulator
  readonly fleet: Fleet
  readonly operator: Operator
  readonly hr: Hr
  /** Writes the configuration file anew, in a way that changes nobody's rights. */
  readonly reconfigure: () => Promise<void>
  readonly chance: Random
  /** Null: the gateway's own, embedded. */
  readonly postgres: TestPostgres | null
  /** Null: wake-ups go through PostgreSQL. */
  readonly redis: TestRedis | null
  /** What the database lies on; null where no small disk can be had. */
  readonly disk: SmallDisk | null
}

/** A few of a hundred requests go wrong all the time; writes land up to three seconds after their connection was cut. */
export function armFaults({ faults }: BiostarSimulator): void {
  const writes = { method: 'POST|PUT|DELETE', path: '^/api/(v2/)?(users|cards)' }
  faults.add({ kind: 'http', probability: 0.01 })
  faults.add({ kind: 'drop', probability: 0.01 })
  faults.add({ kind: 'drop-after', probability: 0.01 })
  for (const delayMs of [200, 1_000, 3_000]) faults.add({ kind: 'late-write', probability: 0.005, delayMs, ...writes })
  faults.add({ kind: 'session-expiry', probability: 0.003 })
  faults.add({ kind: 'throttle', probability: 0.002, retryAfterSeconds: 1 })
  faults.add({ kind: 'maintenance', probability: 0.002 })
  faults.add({ kind: 'slow', probability: 0.01, delayMs: 300 })
}
