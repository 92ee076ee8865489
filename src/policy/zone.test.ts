import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayEndMs, zonedMidnight } from './zone.ts'

const iso = (date: string, zone: string) => zonedMidnight(date, zone).toISOString()

describe('the first instant of a day', () => {
  it.each([
    ['2024-01-15', 'UTC', '2024-01-15T00:00:00.000Z'],
    ['2024-01-15', 'Europe/Berlin', '2024-01-14T23:00:00.000Z'],
    ['2024-07-15', 'Europe/Berlin', '2024-07-14T22:00:00.000Z'],
    ['2024-01-15', 'Asia/Kathmandu', '2024-01-14T18:15:00.000Z'],
    ['2024-01-15', 'America/St_Johns', '2024-01-15T03:30:00.000Z'],
    ['2024-01-15', 'Pacific/Kiritimati', '2024-01-14T10:00:00.000Z'],
    ['9999-12-31', 'Europe/Berlin', '9999-12-30T23:00:00.000Z'],
  ])('%s in %s is %s', (date, zone, instant) => {
    expect(iso(date, zone)).toBe(instant)
  })

  it.each([
    // Europe/Berlin changes at 2:00 and 3:00: midnight before and after has different offsets.
    ['2024-03-31', 'Europe/Berlin', '2024-03-30T23:00:00.000Z'],
    ['2024-04-01', 'Europe/Berlin', '2024-03-31T22:00:00.000Z'],
    ['2024-10-27', 'Europe/Berlin', '2024-10-26T22:00:00.000Z'],
    ['2024-10-28', 'Europe/Berlin', '2024-10-27T23:00:00.000Z'],
    // 0:00 became 1:00: the day began with the jump.
    ['2017-10-15', 'America/Sao_Paulo', '2017-10-15T03:00:00.000Z'],
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['2024-04-26', 'Africa/Cairo', '2024-04-25T22:00:00.000Z'],
    ['2022-03-27', 'Asia/Beirut', '2022-03-26T22:00:00.000Z'],
    // 24:00 became 23:00: the last hour of the day before came twice.
    ['2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00.000Z'],
    ['2023-10-27', 'Africa/Cairo', '2023-10-26T22:00:00.000Z'],
    // 1:00 became 0:00: midnight came twice, and the day began with the first.
    ['2023-11-05', 'America/Havana', '2023-11-05T04:00:00.000Z'],
    // 30 December 2011 was skipped as a whole.
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2011-12-29', 'Pacific/Apia', '2011-12-29T10:00:00.000Z'],
  ])('%s in %s is %s, where the clocks changed', (date, zone, instant) => {
    expect(iso(date, zone)).toBe(instant)
  })

  it('is where the day before ends', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Africa/Cairo',
      'Pacific/Apia',
      'Asia/Kathmandu',
      'America/Havana',
    ]
    const days = fc.date({ min: new Date('1995-01-01'), max: new Date('2040-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(days, fc.constantFrom(...zones), (day, zone) => {
        const date = day.toISOString().slice(0, 10)
        const next = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
        expect(dayEndMs(date, zone)).toBe(zonedMidnight(next, zone).getTime())
      }),
    )
  })

  it('is the first at which the clocks show that day or a later one', () => {
    const zones = [
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Africa/Cairo',
      'Asia/Beirut',
      'America/Santiago',
      'Asia/Tehran',
    ]
    const days = fc.date({ min: new Date('1995-01-01'), max: new Date('2035-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(days, fc.constantFrom(...zones), (day, zone) => {
        const date = day.toISOString().slice(0, 10)
        const shown = (at: number) => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at)
        const at = zonedMidnight(date, zone).getTime()
        expect(shown(at)).toBe(date)
        expect(shown(at - 1000) < date).toBe(true)
      }),
    )
  })
})

it('a zone or a date that does not exist is refused', () => {
  expect(() => zonedMidnight('2024-01-01', 'Mars/Olympus')).toThrow(RangeError)
  expect(() => zonedMidnight('someday', 'UTC')).toThrow(RangeError)
})
