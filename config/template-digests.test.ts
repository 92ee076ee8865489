/** Keyed digests of templates in the configuration: never by themselves, never without a legal basis, and only where a system shows templates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfigurableConnector } from './file-shape.ts'
import { loadConfig } from './load.ts'
import type { ConfigError } from './problem.ts'
import { templateDigestsOf } from './template-digests.ts'

const limits = { concurrency: 8, requestsPerSecond: 50, requestTimeoutMs: 1000 }
const plain = { settings: z.strictObject({}), capabilities: ['accounts'] as const, limits, address: () => null }
const connectors: readonly ConfigurableConnector[] = [
  { ...plain, id: 'fingers', digestsTemplates: true },
  { ...plain, id: 'cards' },
]
const basis = 'works agreement of 2026-03-01, section 7'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-digests-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function load(guard: unknown, connector = 'fingers') {
  const path = join(folder, 'gatehouse.yaml')
  writeFileSync(path, JSON.stringify({ targets: { hq: { connector, ...(guard === null ? {} : { guard }) } } }), {
    mode: 0o600,
  })
  return loadConfig(path, { env: { BASIS: basis }, connectors })
}

const refusals = (guard: unknown, connector?: string): Promise<readonly string[]> =>
  load(guard, connector).then(
    () => [],
    (error: ConfigError) => error.problems.map(({ path, expected }) => `${path}: ${expected}`),
  )

test('none are made unless the target says so, with a basis', async () => {
  for (const guard of [null, {}, { unexpected: 'suspend' }]) {
    const { targets, deciding } = await load(guard)
    expect([targets.hq?.guard.templateDigests, templateDigestsOf(deciding)]).toEqual([null, {}])
  }
  const { targets, deciding } = await load({ template_digests: { legal_basis: ` ${basis} ` } })
  expect(targets.hq?.guard.templateDigests).toEqual({ legalBasis: basis })
  expect(Object.keys(templateDigestsOf(deciding))).toEqual(['hq'])
})

test.each([
  [{}, 'targets.hq.guard.template_digests.legal_basis'],
  [true, 'targets.hq.guard.template_digests'],
  [{ legal_basis: 'yes' }, 'targets.hq.guard.template_digests.legal_basis'],
  [{ legal_basis: '   yes        ' }, 'targets.hq.guard.template_digests.legal_basis'],
  [{ legal_basis: 'x'.repeat(501) }, 'targets.hq.guard.template_digests.legal_basis'],
  [{ legal_basis: basis, since: 'today' }, 'targets.hq.guard.template_digests.since'],
])('a basis that is missing, too short or too long is refused: %j', async (digests, path) => {
  expect(await refusals({ template_digests: digests })).toEqual([expect.stringContaining(`${path}: expected`)])
})

test('one that stands somewhere else is refused, since what is recorded is what is written here', async () => {
  expect(await refusals({ template_digests: { legal_basis: '$' + '{env:BASIS}' } })).toEqual([
    'targets.hq.guard.template_digests.legal_basis: expected the text itself, and no reference: it is recorded as it is written here',
  ])
})

test('a system that shows no templates is told apart in plain words', async () => {
  expect(await refusals({ template_digests: { legal_basis: basis } }, 'cards')).toEqual([
    'targets.hq.guard.template_digests: expected none: the systems of this connector show no templates, so there is nothing to digest',
  ])
})
