import { expect, test, vi } from 'vitest'
import { useDatabase } from '../../store/database.fixture.ts'
import { announce } from '../../store/events/rows.ts'
import { openAnnouncements } from './announcements.ts'

const database = useDatabase()

test('what is announced is heard, again after the connection was lost, and that it was is told each time', async () => {
  const told: string[] = []
  const heard: string[] = []
  const announcements = openAnnouncements(database.pool.options, {
    begun: () => void told.push('begun'),
    broken: () => void told.push('broken'),
  })
  announcements.tell((source) => heard.push(source))
  const client = await database.pool.connect()
  try {
    for (const times of [1, 2, 3]) {
      await vi.waitFor(() => expect(told.filter((each) => each === 'begun')).toHaveLength(times), 5_000)
      await announce(client, `doors-${times}`)
      await vi.waitFor(() => expect(heard).toHaveLength(times))
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`)
    }
    await vi.waitFor(() => expect(told).toEqual(['begun', 'broken', 'begun', 'broken', 'begun', 'broken']))
    expect(heard).toEqual(['doors-1', 'doors-2', 'doors-3'])
  } finally {
    client.release()
    await announcements.close()
  }
})
