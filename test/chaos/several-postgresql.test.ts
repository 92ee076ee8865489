import { test } from 'vitest'
import { campaignLimitMs, runCampaign } from './campaign.ts'

test(
  'several processes, wake-ups in postgresql: whatever is killed, restarted, flushed or filled up, the door system ends as HR says',
  {
    timeout: campaignLimitMs,
  },
  () => runCampaign({ queue: 'postgresql', processes: 'several' }),
)
