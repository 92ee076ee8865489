/** Lock-outs on a busy day: an agency's leavers while HR's import of many runs and thousands of accounts are being made. */
import { leavers } from '../demo/workforce/changes.ts'
import { streamCsv, toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { percentile } from './arithmetic.ts'
import { atMost, type Claim } from './claim.ts'
import { proven, settled } from './lock-out.ts'
import type { BenchRequest } from './request.ts'
import { openSite, type Site, until } from './site.ts'

const usualLatency = { medianMs: 40, p99Ms: 200 }
const totalMax = 2_000
/** A tenth of the import is being created meanwhile, and a hundredth works for the agency. */
const createdShare = 10
const agencyShare = 200

/** `size` people are imported. */
export async function benchUnderLoad({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using site = await openSite({ latency: { fixedMs: 1 }, queue })
  const today = new Date().toISOString().slice(0, 10)
  let agency = makeWorkforce({ size: Math.round(size / agencyShare), seed: 11, today, traps: 'none' })
  // People of their own: their numbers and cards must not be those of HR's.
  const own = (rows: typeof agency.rows) =>
    rows.map((row) => ({
      ...row,
      workerId: `A-${row.workerId}`,
      personId: `A-${row.personId}`,
      employeeNumber: `A-${row.employeeNumber}`,
      email: `a.${row.email}`,
      cardFacility: 255,
    }))
  await site.drop('agency.csv', toCsv(own(agency.rows)), 'agency')
  await site.planHeld()
  await site.release()
  await until('the agency is provisioned', () => settled(site), 600_000)
  const created = makeWorkforce({ size: Math.round(size / createdShare), seed: 7, today, traps: 'none' })
  await site.drop('workers.csv', toCsv(created.rows))
  await site.planHeld()
  await site.simulator.ask('latency', usualLatency)
  await site.release()
  await site.drop('workers-all.csv', streamCsv(size, 7, { today, traps: 'none' }))
  say(`${created.rows.length} accounts are being made, ${size} people imported`)

  let files = 0
  while (!(await isOver(site)) && agency.rows.length > 0) {
    const running = agency.rows.filter(({ status }) => status !== 'terminated').length
    if (running < 5) break
    const change = leavers(agency, 2, { how: 'terminated-now' })
    agency = change.workforce
    const rows = agency.rows.filter(({ personId }) => change.touched.includes(personId))
    files += 1
    await site.drop(`changes-${String(files).padStart(4, '0')}.csv`, toCsv(own(rows)), 'agency')
    await until('the leavers are out', () => allProven(site, files * 2), 60_000)
  }
  const totals = (await proven(site)).map(({ totalMs }) => totalMs)
  say(`${totals.length} lock-outs meanwhile; median ${Math.round(percentile(totals, 50))} ms`)
  const name = `lock-out p99, of ${totals.length} while ${size.toLocaleString('en-US')} people are imported and ${created.rows.length.toLocaleString('en-US')} accounts made`
  return [atMost({ name, value: percentile(totals, 99), unit: 'ms', floor: null }, totalMax)]
}

/** The import has ended, or the creations have: from then on it would be a quiet day. */
async function isOver(site: Site): Promise<boolean> {
  const { rows } = await site.pool.query<{ importing: boolean; creating: boolean }>(
    `select exists (select from pull where source = 'hr' and finished_at is null) or not exists (select from pull where source = 'hr' and records > 0 offset 1) as importing,
            exists (select from account_work where lane = 'bulk' and dead_at is null and due_at <= now()) as creating`,
  )
  return rows[0]?.importing !== true || rows[0].creating !== true
}

async function allProven(site: Site, count: number): Promise<true | null> {
  const { rows } = await site.pool.query<{ done: number }>(
    'select count(*)::int as done from lockout where proven_at is not null',
  )
  return (rows[0]?.done ?? 0) >= count ? true : null
}
