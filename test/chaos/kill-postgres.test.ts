import { test } from 'vitest'
import { killRunLimitMs, runKills } from './kill-run.ts'

test('killed five times under faults and late writes, with wake-ups in PostgreSQL, the door system ends as HR says', {
  timeout: killRunLimitMs,
}, async () => {
  await runKills()
})
