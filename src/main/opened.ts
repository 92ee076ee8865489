/** What a process of the gateway opens once, whatever configuration is in force: keys, store, queue and figures. */
import type { Config } from '../../config/config.ts'
import type { Deciding } from '../../config/deciding.ts'
import { startOutboxDrain } from '../../queues/outbox-drain.ts'
import { openWakeUps, type WakeUps } from '../../queues/wake-ups.ts'
import { isHeldAlone } from '../store/alone.ts'
import { openStandings, type Standings } from '../store/standings.ts'
import type { Ground } from '../sync/configuration/in-force.ts'
import type { Log } from '../telemetry/log.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import type { Traces } from '../telemetry/traces.ts'
import type { LivingKeyring } from '../vault/living-keyring.ts'
import type { Vault } from '../vault/vault.ts'
import { codedLog } from './coded-log.ts'
import { GatewayError } from './gateway-error.ts'
import { watchKeyring } from './keyring-watch.ts'
import {
  claimDatabase,
  openStore,
  queueSchema,
  refuseEmptyDatabase,
  refuseOldKeyring,
  type Store,
} from './open-store.ts'
import { openConfiguredVault } from './open-vault.ts'
import { provenLockouts } from './proven-lockouts.ts'
import type { Role } from './roles.ts'
import { settleReplacedKeys } from './settle-keys.ts'
import type { StatusFacts } from './status.ts'
import { openConfiguredTraces } from './traces.ts'

/** Reads the file as it lies there now; with `instead`, these deciding sections count, called by that name in errors. @throws ConfigError */
export type ReadConfig = (instead?: { readonly deciding: Deciding; readonly name: string }) => Promise<Config>

export interface Opened {
  readonly read: ReadConfig
  readonly vault: Vault
  readonly keyring: LivingKeyring
  readonly standings: Standings
  readonly store: Store
  readonly wakeUps: WakeUps
  readonly metrics: Metrics
  /** Over all versions of the configuration that this process runs: none that is proven while it goes over is missed. */
  readonly countProofs: () => Promise<void>
  readonly log: Log
  readonly traces: Traces
  readonly roles: readonly Role[]
  readonly facts: StatusFacts
  /** What deciding about configurations needs. */
  readonly ground: Ground
}

/** Of `file` only where this process stores, and finds its keys, counts. Each thing that was opened adds to `closing` how it is closed. */
export async function openOnce(
  file: Config,
  given: Pick<Opened, 'read' | 'log' | 'roles' | 'facts'> & { readonly allowDemoKeys: boolean },
  closing: (() => Promise<void>)[],
): Promise<Opened> {
  const { log, allowDemoKeys, ...rest } = given
  const { traces, close: closeTraces } = openConfiguredTraces(file.traces, given.facts.version, log)
  closing.push(closeTraces)
  await settleReplacedKeys(file, log)
  const { vault, keyring } = openConfiguredVault(file, log, allowDemoKeys)
  closing.push(watchKeyring(keyring, log))
  const store = await openStore(file, log, { poolSize: 10 })
  closing.push(() => store.close())
  const { database } = store
  if (!store.embedded && (await isHeldAlone(database.pool)))
    throw new GatewayError(
      'gateway.keys-being-replaced',
      'all keys of this gateway are being replaced just now: start it again when that is done',
    )
  await refuseEmptyDatabase(store, vault)
  await claimDatabase(store, vault)
  await refuseOldKeyring(database, keyring.current)
  const onError = (code: string): void => log.warn({ event: 'queue.trouble', code }, 'queue')
  const wakeUps = await openWakeUps({
    ...(file.redisUrl === null ? {} : { redis: { url: file.redisUrl, gatewayId: vault.gatewayId } }),
    pg: { config: store.runtime, schema: queueSchema },
    onError,
  })
  closing.push(() => wakeUps.close())
  const drain = startOutboxDrain({ pool: database.pool, wakeUps, onError, traces })
  closing.push(() => drain.stop())
  const ground = { database, vault, log: codedLog(log, 'sync'), now: () => new Date() }
  const standings = openStandings(database, vault, (where) => log.error({ event: 'guard.failed', where }, 'standing'))
  const metrics = createMetrics()
  const countProofs = provenLockouts(ground, metrics)
  return { ...rest, log, traces, vault, keyring, standings, store, wakeUps, metrics, countProofs, ground }
}
