import { expect, test } from 'vitest'
import type { AccountId } from '../../model/id.ts'
import { type OpenTraces, openTraces } from '../../telemetry/open-traces.ts'
import { type Bench, second, useEngine } from '../fixtures/engine.fixture.ts'
import type { HrRow } from '../fixtures/hr-file.fixture.ts'
import { lockPerson } from '../operator.ts'
import { tracedAccounts } from './traced-accounts.ts'

interface Sent {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly links: readonly { readonly spanId: string }[]
}

const engine = useEngine()
let bench: Bench
let opened: OpenTraces
let bodies: string[]

const row = (id: string, more: Partial<HrRow> = {}): HrRow => ({
  ...{ id, number: `n${id}`, given: 'Ada', family: 'Planted', department: 'Sales', card: `10${id}` },
  ...more,
})

async function begin(bulkShare: number): Promise<void> {
  bodies = []
  opened = openTraces({
    ...{ version: '1.2.3', bulkShare },
    send: async (body) => void bodies.push(body),
    onDropped: (code) => expect(code).toBeNull(),
  })
  bench = await engine.begin({ traces: opened.traces })
}

/** As the composition root connects a target when there are traces. */
async function work(): Promise<void> {
  const { context, setup } = bench
  const accounts = tracedAccounts(context.traces, setup.id, setup.connection.accounts)
  await bench.work({ context, target: { ...setup, connection: { ...setup.connection, accounts } } })
}

async function spans(): Promise<Sent[]> {
  await opened.close()
  return bodies.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as Sent[])
}

const attributesOf = ({ attributes }: Sent) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key.replace('gatehouse.', ''), Object.values(value)[0]]))

test('a lock-out is one trace, from the delivery that brought it over its run to its proof', async () => {
  await begin(1)
  await bench.deliver([row('1')])
  await work()
  await bench.pass(second)
  await bench.context.traces.span('pull', { source: 'hr' }, () => bench.deliver([row('1', { status: 'left' })]), {
    begunAt: bench.context.now(),
    from: null,
  })
  await work()
  const all = await spans()
  const proof = all.find(({ name }) => name === 'lock-out') as Sent
  expect(attributesOf(proof)).toMatchObject({ target: 'doors', cause: 'record', proof: 'read-back' })
  const trace = all.filter(({ traceId }) => traceId === proof.traceId)
  expect(trace.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['pull', 'pull.page', 'resolve', 'account.run', 'account.write', 'account.read-back']),
  )
  const run = trace.find(({ name }) => name === 'account.run') as Sent
  expect(attributesOf(run)).toMatchObject({ lane: 'urgent', outcome: 'proven', failed_parts: 0, cards: 1, levels: 1 })
  expect(run.parentSpanId).toBe(proof.parentSpanId)
  const settled = all.filter(({ name }) => name === 'settle').flatMap(({ links }) => links.map(({ spanId }) => spanId))
  expect(settled).toContain(run.spanId)
  expect(bodies.join()).not.toContain('Planted')
})

test('a run tells what stood in the way, by code and count', async () => {
  await begin(1)
  bench.target.fault = ({ verb }) => (verb === 'put' ? { is: 'parts', parts: ['card'], kind: 'rejected' } : null)
  await bench.deliver([row('1')])
  await work()
  const all = await spans()
  const [run] = all.filter(({ name }) => name === 'account.run') as [Sent]
  expect(attributesOf(run)).toMatchObject({
    lane: 'bulk',
    outcome: 'applied',
    failed_parts: 1,
    'error.type': expect.any(String),
  })
  const [write] = all.filter(({ name }) => name === 'account.write') as [Sent]
  expect(attributesOf(write)).toMatchObject({ change: 'put', failed_parts: 1 })
})

test('without a share of bulk work only lock-outs are traced; one that nobody traced before, in the trace of its run', async () => {
  await begin(0)
  await bench.deliver([row('1')])
  await work()
  await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'badge lost')
  await work()
  const all = await spans()
  const runs = all.filter(({ name }) => name === 'account.run')
  expect(runs.map((run) => attributesOf(run).lane)).toEqual(['urgent'])
  const proof = all.find(({ name }) => name === 'lock-out') as Sent
  expect(proof.parentSpanId).toBe(runs[0]?.spanId)
})

test('a reference that somebody wrote into the row leads nowhere', async () => {
  await begin(1)
  await bench.deliver([row('1')])
  await work()
  await lockPerson(bench.context, await bench.personOf('n1'), bench.operator, 'badge lost')
  const [account] = await bench.rows<{ id: AccountId }>('select account_id as id from lockout')
  await engine.tamper(`update lockout set trace = $2 where account_id = $1`, [account?.id, 'Planted'])
  await work()
  const all = await spans()
  expect(all.find(({ name }) => name === 'lock-out')?.parentSpanId).toBeUndefined()
  expect(bodies.join()).not.toContain('Planted')
})

test('what a target can say without being asked is not traced', async () => {
  await begin(1)
  const { accounts } = bench.setup.connection
  const traced = tracedAccounts(bench.context.traces, 'doors', accounts)
  const { signal } = new AbortController()
  expect(await traced.discover(signal)).toEqual(await accounts.discover(signal))
  const facts = { familyName: 'Planted', employeeNumber: 'n1' } as Parameters<typeof accounts.identify>[0]
  expect([traced.identify(facts), traced.render(facts)]).toEqual([accounts.identify(facts), accounts.render(facts)])
  for await (const page of traced.list(signal)) expect(page).toEqual([])
  expect(await spans()).toEqual([])
})
