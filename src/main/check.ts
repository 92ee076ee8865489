/** `gatehouse check`: the configuration, every connection, every level that a rule names, and all problems at once. */
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { ConfigError } from '../../config/problem.ts'
import { checkRedis } from '../../queues/check-redis.ts'
import { ConnectorError } from '../connector/errors.ts'
import { compileMapping } from '../mapping/mapping.ts'
import { compilePolicy } from '../policy/policy.ts'
import { errorCode } from '../sync/error-code.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { configurable, connectSource, connectTarget } from './connections.ts'
import { openConfiguredVault } from './open-vault.ts'

export interface CheckProblem {
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly message: string
}

export interface Checked {
  readonly problems: readonly CheckProblem[]
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

/** One connection may take this long to answer. */
const limitMs = 20_000

export async function checkGateway(options: {
  readonly config: string
  readonly env?: NodeJS.ProcessEnv
}): Promise<Checked> {
  const problems: CheckProblem[] = []
  const facts: { name: string; value: string }[] = []
  const log = createLog({ level: 'error' })
  let config: Config
  try {
    config = await loadConfig(options.config, { env: options.env ?? process.env, connectors: configurable })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      problems: error.problems.map(({ file, line, path, expected, found }) => ({
        severity: 'error',
        where: `${file}:${line} ${path}`,
        message: `expected ${expected}; found ${found}`,
      })),
      facts,
    }
  }
  const attempt = async (where: string, work: () => Promise<void> | void): Promise<void> => {
    try {
      await work()
    } catch (error) {
      problems.push({ severity: 'error', where, message: messageOf(error) })
    }
  }
  await attempt('keys', () => void openConfiguredVault(config, log, true))
  for (const [id, { mapping }] of Object.entries(config.sources))
    await attempt(`sources.${id}.mapping`, () => void compileMapping(mapping))
  const offered = new Map<string, readonly string[]>()
  await Promise.all([
    ...Object.keys(config.sources).map((id) =>
      attempt(`sources.${id}`, () => checkSource(config, id, log, problems, facts)),
    ),
    ...Object.keys(config.targets).map((id) =>
      attempt(`targets.${id}`, async () => {
        offered.set(id, await checkTarget(config, id, log, problems, facts))
      }),
    ),
    attempt('redis', () => checkQueue(config, problems)),
  ])
  await attempt('policy', () => checkPolicy(config, offered, problems))
  return { problems, facts }
}

/** Our own errors say what to do; anybody else's are named only, for they may quote a value. */
function messageOf(error: unknown): string {
  if (error instanceof ConnectorError) return error.message
  return error instanceof Error && 'code' in error && /^(vault|mapping|policy|config)\./.test(String(error.code))
    ? error.message
    : errorCode(error)
}

async function checkSource(
  config: Config,
  id: string,
  log: Log,
  problems: CheckProblem[],
  facts: { name: string; value: string }[],
): Promise<void> {
  const signal = AbortSignal.timeout(limitMs)
  const { connection, close } = await connectSource(config, id, log, signal)
  try {
    const health = await connection.health(signal)
    facts.push({ name: `source ${id}`, value: `${health.product} ${health.version}` })
    for (const { severity, message } of health.problems) problems.push({ severity, where: `sources.${id}`, message })
  } finally {
    await close()
  }
}

async function checkTarget(
  config: Config,
  id: string,
  log: Log,
  problems: CheckProblem[],
  facts: { name: string; value: string }[],
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(limitMs)
  const { connection, close } = await connectTarget(config, id, log, signal)
  try {
    const health = await connection.health(signal)
    facts.push({
      name: `target ${id}`,
      value: `${health.product} ${health.version}, proof of a write: ${health.reach}`,
    })
    for (const { severity, message } of health.problems) problems.push({ severity, where: `targets.${id}`, message })
    return (await connection.accounts.discover(signal)).map(({ name }) => name)
  } finally {
    await close()
  }
}

async function checkQueue(config: Config, problems: CheckProblem[]): Promise<void> {
  if (config.redisUrl === null) return
  const found = await checkRedis(config.redisUrl)
  for (const message of found.problems) problems.push({ severity: 'error', where: 'redis', message })
  for (const message of found.hints) problems.push({ severity: 'warning', where: 'redis', message })
}

/** Rules name levels by name: each must be offered, once. */
function checkPolicy(config: Config, offered: ReadonlyMap<string, readonly string[]>, problems: CheckProblem[]): void {
  for (const ref of compilePolicy(config.policy).levels()) {
    const target = ref.slice(0, ref.indexOf('/'))
    const names = offered.get(target)
    if (names === undefined) continue
    const count = names.filter((name) => `${target}/${name}` === ref).length
    if (count === 0)
      problems.push({ severity: 'error', where: 'policy', message: `${ref}: ${target} offers no level of that name` })
    if (count > 1)
      problems.push({
        severity: 'error',
        where: 'policy',
        message: `${ref}: ${target} offers ${count} levels of that name; rename all but one there`,
      })
  }
}
