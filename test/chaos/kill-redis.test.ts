import { test } from 'vitest'
import { startRedis } from '../support/servers.ts'
import { killRunLimitMs, runKills } from './kill-run.ts'

test('killed five times and Redis flushed once, under faults and late writes, the door system ends as HR says', {
  timeout: killRunLimitMs,
}, async () => {
  await using redis = await startRedis()
  await runKills(redis)
})
