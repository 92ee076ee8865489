/** The import rules themselves: a tree that breaks each of them once is refused for exactly that. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-layers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Each file's imports: `!` before one marks it as type-only. */
const tree: Record<string, string[]> = {
  // What is right.
  'src/model/word.ts': ['zod', 'node:crypto'],
  'src/telemetry/log.ts': ['pino'],
  'src/vault/seal.ts': ['../model/word.ts'],
  'src/mapping/map.ts': ['../model/word.ts'],
  'src/policy/rule.ts': ['../mapping/map.ts'],
  'src/connector/contract.ts': ['../model/word.ts'],
  'src/store/rows.ts': ['../vault/seal.ts', '!../telemetry/log.ts', '!./rows-types.ts'],
  'src/store/rows-types.ts': ['!./rows.ts'],
  'src/audit/record.ts': ['../store/rows.ts'],
  'src/auth/token.ts': ['../audit/record.ts'],
  'src/sync/pull.ts': ['../audit/record.ts', '../policy/rule.ts', '../../config/load.ts'],
  'src/api/app.ts': ['../sync/pull.ts', '../auth/token.ts'],
  'config/load.ts': ['../src/connector/contract.ts'],
  'queues/lanes.ts': ['../src/sync/pull.ts', '../src/telemetry/log.ts'],
  'src/main.ts': ['../connectors/one/index.ts', './api/app.ts', './telemetry/log.ts', '../queues/lanes.ts'],
  'connectors/one/index.ts': ['../../src/connector/contract.ts', '../../src/model/word.ts', 'zod'],
  'connectors/one/one.test.ts': ['./simulator/index.ts', '../../src/store/rows.ts'],
  'connectors/one/testing.ts': ['./simulator/index.ts', './index.ts'],
  'connectors/one/simulator/index.ts': ['hono', 'fast-check', '../../simulator-parts/clock.ts'],
  'connectors/simulator-parts/clock.ts': ['node:events'],
  'src/main/start.ts': ['../../connectors/one/index.ts', '../telemetry/log.ts', '../api/app.ts'],
  'src/cli/run.ts': ['../main/start.ts', '../../connectors/one/simulator/index.ts'],
  // What is wrong, once each.
  'src/model/loud.ts': ['pino'],
  'src/vault/upward.ts': ['../store/rows.ts'],
  'src/store/sideways.ts': ['../connector/contract.ts'],
  'src/audit/noisy.ts': ['../telemetry/log.ts'],
  'src/telemetry/curious.ts': ['../store/rows.ts'],
  'src/sync/hen.ts': ['./egg.ts'],
  'src/sync/egg.ts': ['./hen.ts'],
  'src/sync/biased.ts': ['../../connectors/one/index.ts'],
  'src/sync/rooted.ts': ['../main.ts'],
  'src/sync/cellar.ts': ['../main/start.ts'],
  'src/sync/tested.ts': ['../../connectors/one/one.test.ts'],
  'src/auth/developing.ts': ['fast-check'],
  'src/auth/undeclared.ts': ['@babel/types'],
  'src/auth/lost.ts': ['./nowhere.ts'],
  'src/auth/forgotten.ts': [],
  'connectors/one/deep.ts': ['../../src/store/rows.ts'],
  'connectors/one/neighbour.ts': ['../two/index.ts'],
  'connectors/one/stored.ts': ['pg'],
  'connectors/one/simulated.ts': ['./simulator/index.ts'],
  'connectors/one/dressed.ts': ['../simulator-parts/clock.ts'],
  'connectors/simulator-parts/partial.ts': ['../one/simulator/index.ts'],
  'connectors/one/simulator/knowing.ts': ['../index.ts'],
  'connectors/one/simulator/knowing.test.ts': ['../../../src/model/word.ts'],
  'connectors/two/index.ts': ['../../src/connector/contract.ts'],
  'demo/main.ts': ['../src/main.ts'],
  'queues/outward.ts': ['../demo/main.ts'],
}

const expected = {
  'src/model/loud.ts': ['model-imports-only-zod'],
  'src/vault/upward.ts': ['vault-goes-down-only'],
  'src/store/sideways.ts': ['store-goes-down-only'],
  'src/audit/noisy.ts': ['telemetry-is-handed-in'],
  'src/telemetry/curious.ts': ['telemetry-knows-no-layer'],
  // A circle is told once.
  'src/sync/egg.ts': ['no-cycles'],
  'src/sync/biased.ts': ['connectors-are-handed-in', 'sync-goes-down-only'],
  'src/sync/cellar.ts': ['roots-are-imported-by-nobody', 'sync-goes-down-only'],
  'src/sync/rooted.ts': ['roots-are-imported-by-nobody', 'sync-goes-down-only'],
  'src/sync/tested.ts': ['connectors-are-handed-in', 'sync-goes-down-only', 'tests-are-not-imported'],
  'src/auth/developing.ts': ['no-dev-packages-in-production'],
  'src/auth/undeclared.ts': ['no-undeclared-packages'],
  'src/auth/lost.ts': ['no-unresolvable'],
  'src/auth/forgotten.ts': ['no-orphans'],
  'queues/lanes.ts': ['telemetry-is-handed-in'],
  'queues/outward.ts': ['gateway-knows-no-outside'],
  'connectors/one/deep.ts': ['connector-knows-contract-and-model'],
  'connectors/one/neighbour.ts': ['connector-knows-contract-and-model'],
  'connectors/one/stored.ts': ['connector-has-no-database'],
  'connectors/one/simulated.ts': ['connector-never-imports-its-simulator'],
  'connectors/one/dressed.ts': ['connector-knows-contract-and-model', 'connector-never-imports-its-simulator'],
  'connectors/one/simulator/knowing.ts': ['simulator-stands-alone'],
  'connectors/one/simulator/knowing.test.ts': ['simulator-stands-alone'],
  'connectors/simulator-parts/partial.ts': ['simulator-parts-know-no-system'],
}

beforeAll(() => {
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
    cpSync(join(root, file), join(folder, file))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, imports] of Object.entries(tree)) {
    const lines = imports.map((from, index) =>
      from.startsWith('!')
        ? `import type * as it${index} from '${from.slice(1)}'`
        : `import * as it${index} from '${from}'`,
    )
    const uses = imports.map((_, index) => `typeof it${index}`)
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `${lines.join('\n')}\nexport type Used = [${uses.join(', ')}]\n`)
  }
})

test('every rule refuses what it names, and nothing else', () => {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'json',
    ...['src', 'connectors', 'queues', 'config', 'demo'],
  ]
  const report = JSON.parse(execFileSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' })) as {
    summary: { violations: { from: string; rule: { name: string } }[] }
  }
  const found: Record<string, string[]> = {}
  for (const { from, rule } of report.summary.violations) found[from] = [...(found[from] ?? []), rule.name]
  const sorted = Object.fromEntries(Object.entries(found).map(([from, rules]) => [from, [...new Set(rules)].sort()]))
  expect(sorted).toEqual(expected)
})
