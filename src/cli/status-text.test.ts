import { describe, expect, test } from 'vitest'
import type { StatusView } from '../api/acts/status.ts'
import { formatStatus } from './status-text.ts'
import { width } from './table.ts'

const at = '2026-03-02T08:00:00.000Z'
const before = (ms: number) => new Date(Date.parse(at) - ms).toISOString()
const target = {
  ...{ id: 'hq', mode: 'enabled', accounts: 1_000, waiting: 0, urgentWaiting: 0, dead: 0, failing: 0 },
  ...{ unreachable: false, pausedBecause: null, frozenSince: null, forged: false, restUntil: null, reach: 'read-back' },
  ...{ sweptAt: before(300_000), waitsForMatch: 0, withoutPerson: 0, drifts: 0, deepSweep: null, restoredAt: null },
}
const source = {
  ...{ id: 'hr', lastDeliveryAt: before(120_000), lastCompleteAt: before(120_000), lastOutcome: 'taken' },
  ...{ records: 1_000, overdue: false },
}
const calm: StatusView = {
  ...{ version: '0.1.0', at, startedAt: before(3 * 86_400_000), roles: ['api', 'worker', 'scheduler'] },
  ...{ queue: { backend: 'postgresql', ok: true }, database: { used: 2, max: 10, waiting: 0 } },
  people: { active: 990, left: 10 },
  sources: [source],
  sourcesWaitFor: [],
  targets: [target],
  events: [],
  subscriptions: [],
  lockouts: {
    ...{ open: 0, openAt: [], proven24h: 12, p50Ms: 310, p99Ms: 700, maxMs: 701, signedOff: 0 },
    byCause: [{ cause: 'record', proven: 12, p50Ms: 310, p99Ms: 700, maxMs: 701 }],
  },
  ...{ plans: { held: 0 }, frozenSince: null, alarms: [], audit: { entries: 12, pending: 0 } },
}
const empty: StatusView = {
  ...calm,
  people: {},
  sources: [{ ...source, lastDeliveryAt: null, lastCompleteAt: null, lastOutcome: null, records: null }],
  targets: [{ ...target, mode: 'observe', accounts: 0, reach: null }],
  lockouts: { open: 0, openAt: [], proven24h: 0, p50Ms: null, p99Ms: null, maxMs: null, byCause: [], signedOff: 0 },
}
const long = 'a-target-with-the-longest-name-1'
const broken: StatusView = {
  ...calm,
  ...{ queue: { backend: 'redis', ok: false }, database: { used: 10, max: 10, waiting: 4 }, plans: { held: 2 } },
  sources: [{ ...source, id: 'a-source-with-the-longest-name', overdue: true, lastOutcome: 'incomplete' }],
  targets: [
    {
      ...target,
      id: long,
      accounts: 1_000_000,
      waiting: 99_999,
      failing: 12_345,
      dead: 17,
      reach: 'not-knowable',
      unreachable: true,
      urgentWaiting: 40,
    },
    { ...target, id: 'north', pausedBecause: 'target.paused-by-hand', urgentWaiting: 1 },
    { ...target, id: 'south', frozenSince: before(7_200_000) },
    { ...target, id: 'east', forged: true },
    { ...target, id: 'west', restUntil: new Date(Date.parse(at) + 30_000).toISOString() },
  ],
  lockouts: {
    ...calm.lockouts,
    open: 41,
    openAt: [
      { target: long, open: 40, since: before(240_000) },
      { target: 'north', open: 1, since: before(1_000) },
    ],
    byCause: [...calm.lockouts.byCause, { cause: 'operator', proven: 1, p50Ms: 61_000, p99Ms: 61_000, maxMs: 61_000 }],
  },
  alarms: [
    {
      code: 'guard.failed',
      scope: 'c1b5a5b6-0000-4000-8000-000000000001',
      since: before(240_000),
      count: null,
      action: 'Find out who.',
    },
    {
      code: 'guard.failed',
      scope: 'c1b5a5b6-0000-4000-8000-000000000002',
      since: before(240_000),
      count: null,
      action: 'Find out who.',
    },
    {
      code: 'lockout.open',
      scope: long,
      since: before(240_000),
      count: 40,
      action: `gatehouse status; ${'have the doors guarded '.repeat(6)}`,
    },
    { code: 'thing.new', scope: 'hq\u001b[2J', since: before(86_400_000 * 5), count: null, action: null },
    ...Array.from({ length: 8 }, (_, i) => ({
      code: `other.code-${i}`,
      scope: 'hq',
      since: before(1_000),
      count: null,
      action: null,
    })),
  ],
}

test.each([
  ['empty', empty],
  ['calm', calm],
  ['broken', broken],
])('%s fits 80 columns, and shows no control characters', (_name, view) => {
  const text = formatStatus(view, false)
  expect(text.split('\n').filter((line) => width(line) > 80)).toEqual([])
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  expect(text.endsWith('\n')).toBe(true)
})

test('sources that wait for a target are told, and for what', () => {
  const screen = formatStatus({ ...empty, sourcesWaitFor: ['hq', long] }, false)
  expect(screen).toMatch(/^LOOK HERE {2}sources wait for a target\n/)
  expect(screen).toMatch(
    /^hr +never +never +- +- +waits\n {2}read once hq, \S+ have told their access levels:\s+gatehouse check\n/m,
  )
  expect(screen.split('\n').filter((line) => width(line) > 80)).toEqual([])
})

test('when all is well, the first line says so', () => {
  for (const view of [empty, calm]) expect(formatStatus(view, false)).toMatch(/^OK {2}nothing waits for a person\n/)
  expect(formatStatus(calm, false)).toContain('Gatehouse 0.1.0 as api, worker, scheduler, up 3 d\n')
  expect(formatStatus(empty, false)).toContain('LOCK-OUTS  none open, none proven in 24 h\n')
  const signed = { ...calm, lockouts: { ...calm.lockouts, signedOff: 2 } }
  expect(formatStatus(signed, false)).toMatch(/^LOCK-OUTS {2}none open, 2 signed off$/m)
  expect(formatStatus(empty, false)).toMatch(/^hr +never +never +- +- +ok$/m)
})

test('who reports events is told with when it was heard, and with its worst clock', () => {
  const events = [
    { source: 'hq', heardAt: before(4_000), clockMs: 400 },
    { source: 'north', heardAt: before(4_000), clockMs: -90_000 },
    { source: 'south', heardAt: before(86_400_000), clockMs: 7_200_000 },
    { source: 'new', heardAt: null, clockMs: null },
  ]
  const text = formatStatus({ ...calm, events }, false)
  expect(text).toMatch(/^EVENTS OF +HEARD +CLOCK$/m)
  for (const line of [
    /^hq +4 s ago +right$/m,
    /^north +4 s ago +90 s behind$/m,
    /^south +24 h ago +2 h ahead$/m,
    /^new +never +-$/m,
  ])
    expect(text).toMatch(line)
  expect(formatStatus(calm, false)).not.toContain('EVENTS OF')
})

describe('when something is wrong', () => {
  const text = formatStatus(broken, false)

  test('the first line says what, worst first', () => {
    expect(text.split('\n')[0]).toBe('LOOK HERE  40 lock-outs not proven, 1 target tampered with, and 8 more')
  })

  test('the alarms of lock-outs come before all others', () => {
    expect(text.indexOf('lockout.open')).toBeLessThan(text.indexOf('guard.failed'))
  })

  test('open lock-outs come with where and since when, alarms with what to do', () => {
    expect(text).toContain(`LOCK-OUTS  41 open\n  ${long} 40, for 4 min; north 1, for 1 s\n`)
    expect(text).toMatch(/^guard\.failed {2}2 of them, for 4 min\n {2}Find out who\.$/m)
    expect(text).toMatch(
      /^lockout\.open {2}a-target-with-the-longest-name-1 \(40\), for 4 min\n {2}gatehouse status; /m,
    )
    expect(text).toContain('and more: gatehouse alarms\n')
  })

  test('targets have a word in the table, and the rest below', () => {
    expect(text).toMatch(/^a-target-with… +enabled +1000000 +99999 +12345 +17 +not-knowable +away$/m)
    expect(text).toMatch(/^south .* frozen$/m)
    expect(text).toMatch(/^west .* rests$/m)
    expect(text).toMatch(/^east .* forged$/m)
    expect(text).toContain('  north: paused: target.paused-by-hand; 1 lock-out waiting\n')
    expect(text).toContain('  south: frozen for 2 h\n')
    expect(text).toContain('  west: asked us to wait 30 s\n')
  })

  test('a slow lock-out is told in seconds', () => {
    expect(text).toMatch(/^operator +1 +61 s +61 s +61 s$/m)
  })
})

test('frozen everywhere is said once', () => {
  const view = { ...calm, frozenSince: before(1_000), targets: [{ ...target, frozenSince: before(1_000) }] }
  expect(formatStatus(view, false)).toMatch(/^LOOK HERE {2}frozen everywhere\n/)
})

test('colours are only where they are seen', () => {
  expect(formatStatus(broken, true)).toContain('\u001b[31mLOOK HERE')
  expect(formatStatus(broken, false)).not.toContain('\u001b')
})

test('a target that forgot is called so; accounts with no person and what changed by hand are counted', () => {
  const text = formatStatus(
    { ...calm, targets: [{ ...target, restoredAt: before(60_000), withoutPerson: 130, drifts: 1 }] },
    false,
  )
  expect(text).toMatch(/^LOOK HERE {2}1 target restored\?$/m)
  expect(text).toMatch(/ restored\?$/m)
  expect(text).toContain('seems to have forgotten for 60 s; 130 accounts with no person; 1 change by')
})
