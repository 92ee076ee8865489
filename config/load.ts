/** Loads a configuration file whole, or says everything that is wrong with it at once. */
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import {
  connectionsOf,
  connectorMismatches,
  eventsUnderOneName,
  feedMismatches,
  missingSettings,
  policyMismatches,
  twoMasters,
} from './checks.ts'
import { type Config, configOf } from './config.ts'
import { type Deciding, decidingOf, isDeciding, withDeciding } from './deciding.ts'
import { expressionMistakes } from './expressions.ts'
import { type ConfigurableConnector, type FileShape, fileShape } from './file-shape.ts'
import { followReferences } from './follow-references.ts'
import { expectationsOf } from './issues.ts'
import { fileExpectations, readOwnedFile } from './owned-file.ts'
import { ConfigError, foundText, type Path, type Problem, pathText } from './problem.ts'
import { referenceText } from './reference.ts'
import { configFile } from './schema.ts'
import { templateDigestMismatches } from './template-digests.ts'
import { readYaml, type YamlFile } from './yaml.ts'

export interface LoadOptions {
  /** For `${env:NAME}`, and for DATABASE_URL and REDIS_URL where the file names neither. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly connectors: readonly ConfigurableConnector[]
  /** Deciding sections that count instead of the file's own, and what they are called in errors. */
  readonly instead?: { readonly deciding: Deciding; readonly name: string }
}

/** By what nobody is recognised: of a connector that does not say. */
const nowhere = { employeeNumber: [], email: [], name: [] }

/**
 * Reads, follows references, and checks the file, the settings of every connector, and whether the parts fit.
 * @throws ConfigError with every problem; values are shown only where they can't be secret.
 */
export async function loadConfig(path: string, { env, connectors, instead }: LoadOptions): Promise<Config> {
  const yaml = await readConfigFile(path)
  const folder = dirname(resolve(path))
  const written = withEnvironment(yaml.value, env)
  const raw = instead === undefined ? written : withDeciding(written, instead.deciding)
  const connections = connectionsOf(raw)
  const shape = fileShape(raw, connectors)
  const placeOf = (at: Path) =>
    instead !== undefined && isDeciding(at) ? { file: instead.name, line: null } : { file: path, line: yaml.lineOf(at) }

  const revealOf = (id: string) => shape.connectorAt(['subscriptions', id, 'settings'])?.reveal

  const problems = new ProblemList(placeOf, raw, shape)
  const { value, declared } = await followReferences(raw, {
    env,
    folder,
    isSecret: shape.isSecret,
    onProblem: (problem) => problems.addReference(problem),
    onFollowed: (at) => problems.markFollowed(at),
  })

  const file = configFile.safeParse(value)
  problems.addIssues(file.error?.issues ?? [], [])
  const mismatches = [
    ...connectorMismatches(connections, connectors),
    ...eventsUnderOneName(connections),
    ...feedMismatches(raw, connectors),
    ...policyMismatches(raw),
    ...templateDigestMismatches(raw, connectors),
  ]
  for (const { path: at, expected } of mismatches) problems.add(at, expected)
  for (const { path: at, expected, found } of expressionMistakes(raw, revealOf))
    problems.addMistake(at, expected, found)

  const settings = new Map<string, unknown>()
  const reached: Parameters<typeof twoMasters>[0][number][] = []
  for (const connection of connections) {
    const { kind, id } = connection
    const at = [kind, id, 'settings']
    const connector = shape.connectorAt(at)
    if (connector === undefined) continue
    const parsed = await connector.settings.safeParseAsync(valueAt(value, at) ?? {})
    problems.addIssues(parsed.error?.issues ?? [], at)
    settings.set(pathText(at), parsed.data)
    if (!parsed.success) continue
    for (const { path: where, expected } of missingSettings(connection, connector.needs, parsed.data))
      problems.add(where, expected)
    reached.push({ ...connection, origin: connector.address(parsed.data)?.origin ?? null })
  }
  for (const { path: at, expected } of twoMasters(reached)) problems.add(at, expected)

  if (!file.success || problems.all.length > 0) throw new ConfigError(problems.sorted())
  return configOf(file.data, folder, decidingOf(declared), (kind, id) => {
    const at = [kind, id, 'settings']
    const connector = shape.connectorAt(at)
    if (connector === undefined) throw new TypeError('every connector was found before')
    return {
      settings: settings.get(pathText(at)),
      limits: connector.limits,
      reveal: connector.reveal,
      recognisedBy: connector.recognisedBy ?? nowhere,
    }
  })
}

async function readConfigFile(path: string): Promise<YamlFile> {
  const file = await readOwnedFile(path, false)
  const whole = { file: path, line: null, path: '' }
  if ('fault' in file) {
    const found = file.fault === 'missing' ? 'none' : 'another one'
    throw new ConfigError([{ ...whole, expected: `expected ${fileExpectations[file.fault]}`, found }])
  }
  const yaml = readYaml(file.text)
  if (yaml.problems.length > 0) {
    throw new ConfigError(yaml.problems.map((each) => ({ ...each, file: path, path: pathText(each.path) })))
  }
  return yaml
}

/** An empty file is an empty map; DATABASE_URL and REDIS_URL count as written down, as references. */
function withEnvironment(value: unknown, env: LoadOptions['env']): unknown {
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) return value
  return {
    ...(env.DATABASE_URL ? { database_url: referenceText('env', 'DATABASE_URL') } : {}),
    ...(env.REDIS_URL ? { redis_url: referenceText('env', 'REDIS_URL') } : {}),
    ...value,
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, part) => (inside as Record<string | number, unknown> | undefined)?.[part], value)
}

/** Collects problems, and keeps quiet about what follows from one that is known already. */
class ProblemList {
  readonly all: Problem[] = []
  readonly #placeOf: (path: Path) => Pick<Problem, 'file' | 'line'>
  readonly #raw: unknown
  readonly #shape: FileShape
  readonly #refused = new Set<string>()
  readonly #followed = new Set<string>()

  constructor(placeOf: (path: Path) => Pick<Problem, 'file' | 'line'>, raw: unknown, shape: FileShape) {
    this.#placeOf = placeOf
    this.#raw = raw
    this.#shape = shape
  }

  markFollowed(path: Path): void {
    this.#followed.add(pathText(path))
  }

  addReference({ path, expected, found }: { path: Path; expected: string; found: string }): void {
    this.#refused.add(pathText(path))
    this.#push(path, expected, found)
  }

  addIssues(issues: readonly z.core.$ZodIssue[], at: Path): void {
    const expectations = issues.flatMap((issue) => expectationsOf(issue, at, this.#shape.keysAt))
    for (const { path, expected, found } of expectations) {
      if (found === undefined) this.add(path, expected)
      else this.#push(path, expected, found)
    }
  }

  add(path: Path, expected: string): void {
    if (this.#refused.has(pathText(path))) return
    const found = this.#followed.has(pathText(path)) ? 'a reference to something else' : this.#foundAt(path)
    this.#push(path, expected, found)
  }

  /** For what is said in words that must not repeat the value. */
  addMistake(path: Path, expected: string, found: string): void {
    this.#push(path, expected, found)
  }

  /** From the top of the file to its end. */
  sorted(): readonly Problem[] {
    return this.all.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0))
  }

  #foundAt(path: Path): string {
    const hidden = path[0] === 'keys' || path[2] === 'settings' || this.#shape.isSecret(path)
    return foundText(valueAt(this.#raw, path), hidden)
  }

  #push(path: Path, expected: string, found: string): void {
    this.all.push({ ...this.#placeOf(path), path: pathText(path), expected, found })
  }
}
