/** 100,000 events by `npm run chaos`; a few thousand in the tests. */
import { test } from 'vitest'
import { eventsLimitMs, runEvents } from './events-campaign.ts'

test(
  'whatever is killed, flushed or away, each event is kept once and reaches every receiver in order',
  { timeout: eventsLimitMs },
  runEvents,
)
