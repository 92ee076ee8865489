import { test } from 'vitest'
import { campaignLimitMs, campaigns, runCampaign } from '../campaign.ts'

test(campaigns.one.title, { timeout: campaignLimitMs }, () => runCampaign(campaigns.one))
