/** `gatehouse check`: the configuration, every connection, every level that a rule names, and all problems at once. */
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { ConfigError, nearest, type Problem } from '../../config/problem.ts'
import { checkRedis } from '../../queues/check-redis.ts'
import type { PeopleCapability } from '../connector/contract.ts'
import { ConnectorError } from '../connector/errors.ts'
import { compileMapping } from '../mapping/mapping.ts'
import { errorCode } from '../model/error-code.ts'
import { checkDatabase } from '../store/check-database.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { noTraces } from '../telemetry/traces.ts'
import { VaultError } from '../vault/vault-error.ts'
import { compareWithReleased } from './check-configuration.ts'
import { configurable, connectSink, connectSource, connectTarget } from './connections.ts'
import { openConfiguredVault } from './open-vault.ts'

export interface CheckProblem {
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly message: string
}

export interface CheckFact {
  readonly name: string
  readonly value: string
}

export interface Checked {
  /** Errors first. */
  readonly problems: readonly CheckProblem[]
  readonly facts: readonly CheckFact[]
}

/** What one look brings. */
interface Findings {
  readonly problems?: readonly CheckProblem[]
  readonly facts?: readonly CheckFact[]
}

interface TargetFindings extends Findings {
  readonly id: string
  /** The names of the levels that it offers; null when it could not be asked. */
  readonly levels: readonly string[] | null
}

/** One connection may take this long to answer. */
const limitMs = 20_000

/** Writes nothing, anywhere, and logs in at each target once. */
export async function checkGateway(options: {
  readonly config: string
  readonly env?: NodeJS.ProcessEnv
}): Promise<Checked> {
  const log = createLog({ level: 'error' })
  let config: Config
  try {
    config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: error.problems.map(fromFile), facts: [] }
  }
  const targets = Promise.all(Object.keys(config.targets).map((id) => checkTarget(config, id, log)))
  const looks = await Promise.all([
    checkKeys(config, log),
    checkStore(config),
    checkReleased(config, log),
    checkQueue(config),
    ...Object.keys(config.sources).map((id) => checkSource(config, id, log)),
    ...Object.keys(config.subscriptions).map((id) => checkSubscription(config, id, log)),
  ])
  const findings: Findings[] = [...looks, ...(await targets), checkLevels(config, await targets)]
  const problems = findings.flatMap((each) => each.problems ?? [])
  return {
    problems: [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))],
    facts: findings.flatMap((each) => each.facts ?? []),
  }
}

const isError = ({ severity }: CheckProblem): boolean => severity === 'error'

function fromFile({ file, line, path, expected, found }: Problem): CheckProblem {
  const place = line === null ? file : `${file}:${line}`
  return {
    severity: 'error',
    where: path === '' ? place : `${place} ${path}`,
    message: `${expected}; found ${found}`,
  }
}

function errorsAt(where: string, messages: readonly string[]): CheckProblem[] {
  return messages.map((message) => ({ severity: 'error', where, message }))
}

function warningsAt(where: string, messages: readonly string[]): CheckProblem[] {
  return messages.map((message) => ({ severity: 'warning', where, message }))
}

/** Our own errors say what to do; anybody else's are named only, for they may quote a value. */
function failed(where: string, error: unknown): { readonly problems: readonly CheckProblem[] } {
  const ours = error instanceof ConnectorError || error instanceof VaultError
  return { problems: errorsAt(where, [ours ? error.message : errorCode(error)]) }
}

async function checkKeys(config: Config, log: Log): Promise<Findings> {
  try {
    openConfiguredVault(config, log, true)
    return {}
  } catch (error) {
    const missing = error instanceof VaultError && error.code === 'vault.file-missing'
    const found = failed('keys', error)
    return missing ? { problems: found.problems.map(withInit) } : found
  }
}

const withInit = (problem: CheckProblem): CheckProblem => ({
  ...problem,
  message: `${problem.message} A new gateway gets its keys by \`gatehouse init\`.`,
})

async function checkStore({ databaseUrl, gateway }: Config): Promise<Findings> {
  if (databaseUrl === null)
    return { facts: [{ name: 'database', value: `PostgreSQL of our own in ${gateway.dataPath}` }] }
  const { problems, hints, version } = await checkDatabase(databaseUrl)
  return {
    problems: [...errorsAt('database', problems), ...warningsAt('database', hints)],
    facts: version === null ? [] : [{ name: 'database', value: `PostgreSQL ${version}` }],
  }
}

async function checkReleased(config: Config, log: Log): Promise<Findings> {
  const compared = await compareWithReleased(config, log)
  if (compared === null) return {}
  const { version, same } = compared
  if (same) return { facts: [{ name: 'configuration', value: `as released (version ${version})` }] }
  const message = `this file says something else than version ${version}, which was released: start runs that one, and proposes this`
  return { problems: warningsAt('configuration', [message]) }
}

async function checkQueue({ redisUrl }: Config): Promise<Findings> {
  if (redisUrl === null) return { facts: [{ name: 'queue', value: 'in the database' }] }
  const { problems, hints, facts } = await checkRedis(redisUrl)
  const value = [facts.server, facts.version, 'at', facts.address].filter((part) => part !== undefined).join(' ')
  return {
    problems: [...errorsAt('redis', problems), ...warningsAt('redis', hints)],
    facts: facts.version === undefined ? [] : [{ name: 'queue', value }],
  }
}

async function checkSource(config: Config, id: string, log: Log): Promise<Findings> {
  const where = `sources.${id}`
  try {
    const signal = AbortSignal.timeout(limitMs)
    const { connection, close } = await connectSource(config, id, { log, traces: noTraces }, signal)
    try {
      const health = await connection.health(signal)
      return {
        problems: [
          ...health.problems.map(({ severity, message }) => ({ severity, where, message })),
          ...sourceMistakes(where, config.sources[id] as Config['sources'][string], connection.people),
        ],
        facts: [{ name: `source ${id}`, value: `${health.product} ${health.version}` }],
      }
    } finally {
      await close()
    }
  } catch (error) {
    return failed(where, error)
  }
}

async function checkSubscription(config: Config, id: string, log: Log): Promise<Findings> {
  const where = `subscriptions.${id}`
  try {
    const signal = AbortSignal.timeout(limitMs)
    const { connection, close } = await connectSink(config, id, { log, traces: noTraces, sealer: null }, signal)
    try {
      const health = await connection.health(signal)
      return {
        problems: health.problems.map(({ severity, message }) => ({ severity, where, message })),
        facts: [{ name: `subscription ${id}`, value: `${health.product} ${health.version}`.trim() }],
      }
    } finally {
      await close()
    }
  } catch (error) {
    return failed(where, error)
  }
}

/** What the configuration says of a source and the connector knows better: a column that it never delivers, another zone of its days. */
function sourceMistakes(
  where: string,
  { mapping, zone }: Pick<Config['sources'][string], 'mapping' | 'zone'>,
  { columns, zone: days = zone }: Pick<PeopleCapability, 'columns' | 'zone'>,
): CheckProblem[] {
  const zones = `the days that the source delivers are those of ${days}, and this says ${zone}: people would come and leave hours off`
  const needs = columns === undefined ? [] : compileMapping(mapping).needs
  const wrong = needs.filter(({ column }) => columns?.includes(column) === false)
  return [
    ...(days === zone ? [] : errorsAt(`${where}.zone`, [zones])),
    ...wrong.flatMap(({ column, field }) =>
      errorsAt(`${where}.mapping.${field}`, [
        `row.${column}: the source has no column of that name${meantBy(column, columns ?? [])}`,
      ]),
    ),
  ]
}

function meantBy(column: string, columns: readonly string[]): string {
  const meant = nearest(column, columns)
  return meant === undefined ? `: ${columns.join(', ')}` : `, perhaps ${meant}`
}

async function checkTarget(config: Config, id: string, log: Log): Promise<TargetFindings> {
  const where = `targets.${id}`
  try {
    const signal = AbortSignal.timeout(limitMs)
    const { connection, close } = await connectTarget(config, id, { log, traces: noTraces, vault: null }, signal)
    try {
      const health = await connection.health(signal)
      const levels = (await connection.accounts.discover(signal)).map(({ name }) => name)
      return {
        id,
        levels,
        problems: health.problems.map(({ severity, message }) => ({ severity, where, message })),
        facts: [
          {
            name: `target ${id}`,
            value: `${health.product} ${health.version}, ${levels.length} access levels; proof of a write: ${health.reach}`,
          },
          ...digestFacts(config, id),
        ],
      }
    } finally {
      await close()
    }
  } catch (error) {
    return { id, levels: null, ...failed(where, error) }
  }
}

function digestFacts({ targets }: Config, id: string): readonly CheckFact[] {
  const digests = targets[id]?.guard.templateDigests ?? null
  return digests === null
    ? []
    : [{ name: `template digests of ${id}`, value: `made; legal basis: ${digests.legalBasis}` }]
}

/** Rules name levels by name: each must be offered, once. */
function checkLevels({ policy }: Config, targets: readonly TargetFindings[]): Findings {
  const problems = policy.flatMap(({ grant }, index) =>
    grant.flatMap((ref, position) => {
      const target = targets.find(({ id }) => ref.startsWith(`${id}/`))
      const message = target?.levels ? levelMistake(ref, target.id, target.levels) : null
      return message === null ? [] : errorsAt(`policy[${index}].grant[${position}]`, [message])
    }),
  )
  return { problems }
}

function levelMistake(ref: string, target: string, offered: readonly string[]): string | null {
  const name = ref.slice(target.length + 1)
  const count = offered.filter((each) => each === name).length
  if (count === 1) return null
  if (count > 1) return `${ref}: ${target} offers ${count} levels of that name; rename all but one there`
  const meant = nearest(name, offered)
  return `${ref}: ${target} offers no level of that name${meant === undefined ? '' : `, perhaps ${target}/${meant}`}`
}
