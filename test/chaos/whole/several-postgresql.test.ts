import { test } from 'vitest'
import { campaignLimitMs, campaigns, runCampaign } from '../campaign.ts'

test(campaigns.severalPostgresql.title, { timeout: campaignLimitMs }, () => runCampaign(campaigns.severalPostgresql))
