import { test } from 'vitest'
import { campaignLimitMs, runCampaign } from './campaign.ts'

test(
  'one process on its own database: killed with and without it, the door system ends as HR says',
  {
    timeout: campaignLimitMs,
  },
  () => runCampaign({ queue: 'postgresql', processes: 'one' }),
)
