/** Local times without a zone: what they mean in the server's zone, in both nights of the year that a clock is moved, and on the wire. */
import { expect, test } from 'vitest'
import { addEmployee, start, text } from './client-for-tests.ts'
import { zoneNamed } from './zone.ts'

const amsterdam = zoneNamed('Europe/Amsterdam')
const utc = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

test.each([
  ['winter', '2026-01-15T12:00:00', '2026-01-15T11:00:00.000Z'],
  ['summer', '2026-07-15T12:00:00', '2026-07-15T10:00:00.000Z'],
  ['the last second before the clock goes forward', '2026-03-29T01:59:59', '2026-03-29T00:59:59.000Z'],
  ['a time that the clock jumps over', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
  ['the first second after', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
  ['an offset', '2026-07-15T12:00:00+05:00', '2026-07-15T07:00:00.000Z'],
  ['UTC', '2026-07-15T12:00:00Z', '2026-07-15T12:00:00.000Z'],
  ['a fraction', '2026-07-15T12:00:00.250', '2026-07-15T10:00:00.250Z'],
])('%s', (_what, local, moment) => {
  expect(utc(amsterdam.moment(local, 'earlier'))).toBe(moment)
})

test('a time that comes twice is the earlier or the later', () => {
  expect(utc(amsterdam.moment('2026-10-25T02:30:00', 'earlier'))).toBe('2026-10-25T00:30:00.000Z')
  expect(utc(amsterdam.moment('2026-10-25T02:30:00', 'later'))).toBe('2026-10-25T01:30:00.000Z')
  expect(utc(amsterdam.moment('2026-10-25T03:00:00', 'earlier'))).toBe('2026-10-25T02:00:00.000Z')
})

test('what is no moment is none', () => {
  for (const wrong of ['2026-07-15', 'noon', '2026-13-01T00:00:00', ''])
    expect(amsterdam.moment(wrong, 'earlier')).toBeNull()
  expect(() => zoneNamed('Europe/Nowhere')).toThrow(RangeError)
})

test.each(['UTC', 'Europe/Amsterdam', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Asia/Kathmandu'])(
  '%s: what is written reads back as the same moment, every half hour of a year, but in the hour that comes twice',
  (name) => {
    const zone = zoneNamed(name)
    const differing = new Set<string>()
    for (let ms = Date.parse('2026-01-01T00:00:00Z'); ms < Date.parse('2027-01-01T00:00:00Z'); ms += 1_800_000) {
      const written = zone.local(ms)
      const both = [zone.moment(written, 'earlier'), zone.moment(written, 'later')]
      if (!both.includes(ms)) differing.add(written)
      if (both[0] !== ms && both[1] === ms) expect((both[1] ?? 0) - (both[0] ?? 0)).toBeLessThanOrEqual(3_600_000)
    }
    expect([...differing]).toEqual([])
  },
)

test('an offset is taken and turned into local time; answers carry none', async () => {
  await using client = await start()
  const id = await addEmployee(
    client,
    '<ArrivalDateTime>2026-03-01T08:00:00Z</ArrivalDateTime><LeaveDateTime>2026-08-01T08:00:00-04:00</LeaveDateTime><LastName>Sample</LastName>',
  )
  const { body } = await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
  expect(text(body, 'Employee/EmployeeInfo/ArrivalDateTime')).toBe('2026-03-01T09:00:00')
  expect(text(body, 'Employee/EmployeeInfo/LeaveDateTime')).toBe('2026-08-01T14:00:00')
  expect(client.simulator.state.carrier(id)?.leave).toBe('2026-08-01T12:00:00.000Z')
})

test('whoever leaves at half past two in the night that has it twice is out at the first, or with the switch at the second', async () => {
  await using client = await start({ nowMs: Date.parse('2026-10-25T00:29:00Z') })
  client.simulator.seed({
    carriers: [{ lastName: 'Sample', badges: ['1'], templates: ['Main Entrance'], arrival: '2026-01-01T00:00:00Z' }],
  })
  const leave = () => client.send('EmployeeChange', '<Id>1</Id><LeaveDateTime>2026-10-25T02:30:00</LeaveDateTime>')
  const opens = () => client.simulator.swipe({ badge: '1', entrance: 'Front Door' }).granted
  await leave()
  expect(opens()).toBe(true)
  client.simulator.clock.advance(60_000)
  expect(opens()).toBe(false)
  client.simulator.quirks.ambiguousTime = 'later'
  await leave()
  expect(opens()).toBe(true)
  client.simulator.clock.advance(3_600_000)
  expect(opens()).toBe(false)
})

test('the same moment is another text in another zone, and no date is 2149-05-29 in each', async () => {
  for (const [zone, local] of [
    ['UTC', '12:00:00'],
    ['America/New_York', '08:00:00'],
    ['Asia/Kathmandu', '17:45:00'],
  ] as const) {
    await using client = await start({ zone })
    const added = await client.send(
      'EmployeeAdd',
      '<LeaveDateTime>2149-05-29T00:00:00</LeaveDateTime><LastName>Sample</LastName>',
    )
    expect([text(added.body, 'ArrivalDateTime'), text(added.body, 'LeaveDateTime')]).toEqual([
      `2026-07-01T${local}`,
      undefined,
    ])
  }
})
