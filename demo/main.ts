/** `npm run demo`: plays the story from an HR file to a door in plain words, measures its claims, and exits non-zero when one failed. */
import { parseArgs } from 'node:util'
import type { PlanView, StatusView } from '../src/api/acts.ts'
import { openHouse, until } from './house.ts'
import { drop, leavers } from './workforce/changes.ts'
import { toCsv } from './workforce/csv.ts'
import { makeWorkforce } from './workforce/workforce.ts'

interface Claim {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit: number
  readonly ok: boolean
}

const { values } = parseArgs({
  options: {
    once: { type: 'boolean' },
    json: { type: 'boolean' },
    size: { type: 'string', default: '2000' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  process.stdout.write(
    'npm run demo -- [--once] [--json] [--size 2000]\n\n  --once  play the story and end\n  --json  print the claims as one JSON line\n',
  )
  process.exit(0)
}
const say = (text: string): void => void process.stderr.write(`${text}\n`)
const claims: Claim[] = []
const claim = (name: string, value: number, unit: string, limit: number, ok: boolean): void =>
  void claims.push({ name, value, unit, limit, ok })

await using house = await openHouse()
const heldPlan = async (): Promise<PlanView | undefined> =>
  (await house.call<{ rows: PlanView[] }>('/v1/plans?state=held')).rows[0]
const status = (): Promise<StatusView> => house.call<StatusView>('/v1/status')
const settled = async (): Promise<boolean> => (await status()).targets.every(({ waiting }) => waiting === 0)
const disabled = (): number => house.simulator.state.users(0, 1_000_000).filter((user) => user.disabled).length

say(
  `A site with a (simulated) BioStar 2 and ${values.size} workers in an HR file. Two made-up subjects act: Demo Operator One and Demo Operator Two.`,
)
let workforce = makeWorkforce({ size: Number(values.size), seed: 7, today: new Date().toISOString().slice(0, 10) })
await house.drop('workers-2026-01-01.csv', toCsv(workforce.rows, { trailer: true }))
await until('the first plan', async () => (await heldPlan()) !== undefined)
const first = (await heldPlan()) as PlanView
say(`The first plan is held, as always: ${first.total} people would be created. Demo Operator One releases it.`)
await house.call(`/v1/plans/${first.id}/release`, { reason: 'first import, checked' })
await until('everybody provisioned', settled, 200_000)
const accounts = (await status()).targets[0]?.accounts ?? 0
claim('accounts provisioned and read back', accounts, 'accounts', first.total * 0.98, accounts >= first.total * 0.98)

say('Leavers come, one to twenty at a time.')
const before = disabled()
let gone = 0
for (let round = 0; gone < Number(values.size) / 10; round += 1) {
  const change = leavers(workforce, 1 + ((round * 7) % 20), { how: 'terminated-now' })
  workforce = change.workforce
  gone += change.touched.length
  const rows = workforce.rows.filter(({ personId }) => change.touched.includes(personId))
  const proven = (await status()).lockouts.proven24h
  await house.drop(`changes-${String(round).padStart(4, '0')}.csv`, toCsv(rows, { trailer: true }))
  await until(
    'lock-outs proven',
    async () =>
      (await status()).lockouts.proven24h >= proven + change.touched.length && (await status()).lockouts.open === 0,
    20_000,
  ).catch(() => say('  (some leavers had no account)'))
}
const { lockouts } = await status()
claim(
  'lock-out p99, from the bytes read to the separate read that proves it',
  lockouts.p99Ms ?? -1,
  'ms',
  1000,
  lockouts.p99Ms !== null && lockouts.p99Ms < 1000,
)
claim(
  'leavers disabled at the door system',
  disabled() - before,
  'accounts',
  lockouts.proven24h,
  disabled() - before >= lockouts.proven24h,
)

say('A truncated file: a tenth of the people are missing from it.')
const shut = disabled()
const present = [...new Set(workforce.rows.filter(({ status: is }) => is === 'active').map(({ personId }) => personId))]
const truncated = drop(workforce, present.slice(0, Math.floor(present.length / 10)))
await house.drop('workers-2026-01-02.csv', toCsv(truncated.workforce.rows, { trailer: true }))
await until('the plan is held', async () => (await heldPlan()) !== undefined)
await until('nothing waits', settled)
claim('changes made by the truncated file', disabled() - shut, 'changes', 0, disabled() === shut)
const held = (await heldPlan()) as PlanView
const { token } = await house.call<{ token: string }>('/v1/tokens', {
  name: 'Demo Operator Two',
  role: 'operator',
  days: 1,
})
say(`Its plan names ${held.total} accounts. Demo Operator Two releases it.`)
const released = await house.call<{ applied: number; dropped: number }>(
  `/v1/plans/${held.id}/release`,
  { reason: 'the department was closed' },
  token,
)
await until('the released lock-outs are proven', async () => (await status()).lockouts.open === 0 && (await settled()))
claim(
  'accounts shut by the release',
  disabled() - shut,
  'accounts',
  released.applied,
  disabled() - shut === released.applied,
)

if (values.json) process.stdout.write(`${JSON.stringify({ claims })}\n`)
else
  for (const { name, value, unit, limit, ok } of claims)
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${value} ${unit} (limit ${limit})\n`)
if (claims.some(({ ok }) => !ok)) process.exitCode = 1
if (!values.once) {
  say(
    `The gateway stays up at ${house.url}, the simulator's side door at ${house.simulator.sideDoorUrl}. End with Ctrl-C.`,
  )
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
