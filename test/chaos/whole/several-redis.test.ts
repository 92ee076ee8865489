import { test } from 'vitest'
import { campaignLimitMs, campaigns, runCampaign } from '../campaign.ts'

test(campaigns.severalRedis.title, { timeout: campaignLimitMs }, () => runCampaign(campaigns.severalRedis))
