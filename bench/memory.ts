/** Peak memory of an import, at one size and at ten times that: what is read, decided and written goes through, and does not stay. */
import { streamCsv } from '../demo/workforce/csv.ts'
import { atMost, type Claim } from './claim.ts'
import type { BenchRequest } from './request.ts'
import { openSite, type Queue } from './site.ts'

const timesMax = 1.25

/** `size` is the larger one. */
export async function benchMemory({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  const small = await peakOf(Math.round(size / 10), queue)
  say(`${Math.round(size / 10)} people took ${Math.round(small / 1e6)} MB at the peak`)
  const large = await peakOf(size, queue)
  const name = `memory at its peak, ${size.toLocaleString('en-US')} people beside a tenth of them`
  return [atMost({ name, value: large / 1e6, unit: 'MB', floor: small / 1e6 }, (small / 1e6) * timesMax)]
}

async function peakOf(size: number, queue: Queue): Promise<number> {
  await using site = await openSite({ latency: { fixedMs: 0 }, queue })
  await site.drop('workers.csv', streamCsv(size, 7, { today: new Date().toISOString().slice(0, 10) }))
  await site.planHeld(3_600_000)
  return await site.gateway.ask<number>('peakMemory')
}
