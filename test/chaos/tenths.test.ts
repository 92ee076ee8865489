/** A tenth of each campaign: all at once, since most of their time is waiting, and each has people, stores and a door system of its own. */
import { test } from 'vitest'
import { campaignLimitMs, campaigns, runCampaign } from './campaign.ts'

test.concurrent.for(Object.values(campaigns))('$title', { timeout: campaignLimitMs }, (campaign) =>
  runCampaign(campaign),
)
