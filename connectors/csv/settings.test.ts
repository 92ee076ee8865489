import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dateInName, isOlder, isTemporaryName, namePattern } from './file-name.ts'
import { dropFolder, type SettingsInput } from './fixture.ts'
import { settings } from './settings.ts'

describe('settings', () => {
  it('ask only for the folder and the mode, and are safe without more words', () => {
    expect(settings.parse({ folder: '/srv/drop', mode: 'full' })).toEqual({
      folder: '/srv/drop',
      pattern: '*.csv',
      mode: 'full',
      delimiter: 'auto',
      encoding: 'auto',
      quote: '"',
      escape: 'doubled',
      settle_ms: 2000,
      control_total: 'none',
      columns: { required: [], aliases: {} },
      limits: { max_row_bytes: 65_536, max_columns: 500, max_file_bytes: 4_294_967_296 },
      after: 'delete',
      poll_ms: 1000,
    })
  })

  it.each([
    ['no mode', { folder: '/srv/drop' }],
    ['a misspelt key', { folder: '/srv/drop', mode: 'full', delimeter: ';' }],
    ['a pattern with a path', { folder: '/srv/drop', mode: 'full', pattern: '../*.csv' }],
    ['an alias list without names', { folder: '/srv/drop', mode: 'full', columns: { aliases: { id: [] } } }],
  ])('refuse %s', (_name, input) => {
    expect(settings.safeParse(input).success).toBe(false)
  })

  it('explain themselves in every field', () => {
    const { properties } = z.toJSONSchema(settings, { io: 'input' })
    for (const [name, field] of Object.entries(properties ?? {})) {
      expect(field, name).toMatchObject({ title: expect.any(String), description: expect.any(String) })
    }
  })
})

describe('health', () => {
  it.each<[SettingsInput, string[]]>([
    [{}, ['csv.no-control-total']],
    [{ control_total: 'required_trailer' }, []],
    [{ done_marker: '.done' }, []],
    [{ mode: 'delta', after: 'move' }, ['csv.plain-archive']],
  ])('of %j warns of %j', async (input, codes) => {
    const { connection } = await dropFolder(input)
    const { problems } = await connection.health(new AbortController().signal)
    expect(problems.map(({ code }) => code)).toEqual(codes)
  })
})

describe('file names', () => {
  it.each([
    ['workers-2026-11-24.csv', '20261124'],
    ['20261124_0315_workers.csv', '202611240315'],
    ['workers_20261124T031559Z.csv', '20261124031559'],
    ['workers.csv', null],
    ['workers-20261324.csv', null],
    ['workers-120261124.csv', null],
    ['workers-24.11.2026.csv', null],
  ])('%s is of %s', (name, date) => {
    expect(dateInName(name)).toBe(date)
  })

  it('compare by the day when only one has a time', () => {
    expect(isOlder('20261124', '202611240315')).toBe(false)
    expect(isOlder('202611240315', '20261124')).toBe(false)
    expect(isOlder('20261123', '202611240315')).toBe(true)
    expect(isOlder('202611240314', '202611240315')).toBe(true)
  })

  it('match a pattern as a whole, special characters as they stand', () => {
    expect(namePattern('w-*.csv')('W-1.CSV')).toBe(true)
    expect(namePattern('w-*.csv')('w-1xcsv')).toBe(false)
    expect(namePattern('w-*.csv')('old-w-1.csv')).toBe(false)
    expect(namePattern('w(?)[1].csv')('w(ä)[1].csv')).toBe(true)
    expect(isTemporaryName('workers.csv')).toBe(false)
  })
})
