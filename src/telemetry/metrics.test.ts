import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { figures } from './figures.ts'
import { createMetrics } from './metrics.ts'

test('figures are in the text that Prometheus reads, under their promised names', async () => {
  const metrics = createMetrics()
  metrics.lockoutSeconds.observe({ target: 'hq', proof: 'read-back', cause: 'record' }, 0.42)
  metrics.workWaiting.set({ target: 'hq', lane: 'urgent' }, 3)
  metrics.pullRecords.inc({ source: 'hr', outcome: 'changed' }, 5)
  metrics.applied.inc({ target: 'hq', outcome: 'applied' })
  metrics.plansHeld.set(1)
  metrics.alarms.set({ code: 'target.unreachable' }, 1)
  metrics.observeRequest({ method: 'GET', route: '/v1/status', status: 200, tookMs: 3 })
  const lines = (await metrics.text()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'gatehouse_lockout_seconds_bucket{le="0.5",target="hq",proof="read-back",cause="record"} 1',
      'gatehouse_lockout_seconds_bucket{le="0.3",target="hq",proof="read-back",cause="record"} 0',
      'gatehouse_work_waiting{target="hq",lane="urgent"} 3',
      'gatehouse_pull_records_total{source="hr",outcome="changed"} 5',
      'gatehouse_applied_total{target="hq",outcome="applied"} 1',
      'gatehouse_plans_held 1',
      'gatehouse_alarms{code="target.unreachable"} 1',
      'gatehouse_http_requests_total{method="GET",route="/v1/status",status="200"} 1',
    ]),
  )
  expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true)
  expect(lines.some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds '))).toBe(true)
})

test('two gateways in one process count apart', async () => {
  const one = createMetrics()
  one.plansHeld.set(7)
  expect(await createMetrics().text()).toContain('gatehouse_plans_held 0')
})

test('docs/metrics.md tells of every figure that there is, and of no other, in the words of the program', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(gatehouse_\w+)` +\| (\w+) +\| (.+?) +\| (.+?) +\|$/gm)].map(
    ([, ...cells]) => cells,
  )
  expect(rows).toEqual(
    Object.values(figures).map(({ name, type, labels, help }) => [
      name,
      type,
      labels.map((label) => `\`${label}\``).join(', ') || '-',
      help,
    ]),
  )
  const exposed = [...(await createMetrics().text()).matchAll(/^# TYPE (gatehouse_\w+) (\w+)$/gm)]
  expect(exposed.map(([, name, type]) => [name, type])).toEqual(rows.map(([name, type]) => [name, type]))
})

test('names say what is measured: seconds in seconds, and counters that end in total', () => {
  for (const { name, type, help } of Object.values(figures)) {
    expect(name).toMatch(/^gatehouse_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
    expect(help).toMatch(/\.$/)
  }
})
