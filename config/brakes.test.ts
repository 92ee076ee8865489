import { describe, expect, test } from 'vitest'
import { isBrakeEdit, loosenedBrakes } from './brakes.ts'
import type { Config } from './config.ts'
import { brakes } from './schema.ts'

/** Of a configuration, what brakes are compared by. */
const withBrakes = (sources: Readonly<Record<string, unknown>>): Config =>
  ({
    sources: Object.fromEntries(Object.entries(sources).map(([id, given]) => [id, { brakes: brakes.parse(given) }])),
  }) as unknown as Config
const loosened = (before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) =>
  loosenedBrakes(withBrakes(before), withBrakes(after))

describe('a loosened brake', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    ['is none that stays', { hr: {} }, { hr: {} }, []],
    ['is none that is tightened', { hr: {} }, { hr: { revoke: { min: 1, percent: 0.5 } } }, []],
    [
      'lets a larger share through',
      { hr: {} },
      { hr: { revoke: { percent: 5.1 } } },
      ['sources.hr.brakes.revoke.percent'],
    ],
    ['lets more through', { hr: {} }, { hr: { create: { min: 1000 } } }, ['sources.hr.brakes.create.min']],
    [
      'is also one that was tight, and is left out',
      { hr: { change: { percent: 1 } } },
      { hr: {} },
      ['sources.hr.brakes.change.percent'],
    ],
    [
      'of a new source is one beyond the defaults',
      { hr: {} },
      { hr: {}, more: { grant: { percent: 21 } } },
      ['sources.more.brakes.grant.percent'],
    ],
    ['of a new source is none at the defaults', { hr: {} }, { hr: {}, more: {} }, []],
    ['is none of a source that is gone', { hr: {}, more: {} }, { hr: {} }, []],
  ])('%s', (_title, before, after, expected) => expect(loosened(before, after)).toEqual(expected))
})

test.each([
  ['sources.hr.brakes.revoke.percent', true],
  ['sources.hr.brakes', true],
  ['sources.hr.brakesman', false],
  ['sources.hr.mapping.key', false],
  ['policy[0].to', false],
])('an edit of %s is one of a brake alone: %s', (path, expected) =>
  expect(isBrakeEdit({ path, before: null, after: '1' })).toBe(expected),
)
