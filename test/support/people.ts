/** A few people as HR would write them, and what tests ask a running gateway about them. */
import { createHash } from 'node:crypto'
import { toCsv } from '../../demo/workforce/csv.ts'
import { ordinaryRow } from '../../demo/workforce/ordinary-row.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import type { PlanView } from '../../src/api/acts/plans.ts'
import type { StatusView } from '../../src/api/acts/status.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { until } from './servers.ts'
import type { Site } from './site.ts'

/** Works in Research since a month, wherever it is today. */
export function worker(index: number, changes: Partial<WorkerRow> = {}): WorkerRow {
  const today = new Date().toISOString().slice(0, 10)
  const row = ordinaryRow(7, today, index)
  return { ...row, kind: 'employee', status: 'active', end: '', department: 'Research', ...changes }
}

export const workers = (count: number): readonly WorkerRow[] => Array.from({ length: count }, (_, at) => worker(at))

/** The card as BioStar 2 counts it. */
export const cardOf = ({ cardFacility, cardNumber }: WorkerRow): string => String(cardFacility * 65_536 + cardNumber)

/** Finds the card where its number stands by itself: within a random id, a digest or a measured time any digits can stand. */
export const cardAlone = (row: WorkerRow): RegExp => new RegExp(`\\b${cardOf(row)}\\b`)

export const file = (rows: readonly WorkerRow[]): Buffer => toCsv(rows, { trailer: true })

/** The same rows with one column more than HR's files have. */
export function withMoreColumns(rows: readonly WorkerRow[]): string {
  const lines = file(rows).toString().trimEnd().split('\n').slice(0, -1)
  const body = `${lines.map((line, at) => `${line},${at === 0 ? 'more' : ''}`).join('\n')}\n`
  return `${body}T,${rows.length},${createHash('sha256').update(body).digest('hex')}\n`
}

export const statusOf = (gateway: GatewayProcess, token: string): Promise<StatusView> =>
  gateway.call<StatusView>(token, '/v1/status')

export async function heldPlan(gateway: GatewayProcess, token: string): Promise<PlanView> {
  return until(
    'a plan is held',
    async () => (await gateway.call<{ rows: PlanView[] }>(token, '/v1/plans?state=held')).rows[0],
    20_000,
  )
}

/** Drops the first file, releases its plan and waits until everybody in it is in the door system. */
export async function firstImport(site: Site, gateway: GatewayProcess, rows: readonly WorkerRow[]): Promise<void> {
  await site.drop('workers-2026-01-01.csv', file(rows))
  const { id } = await heldPlan(gateway, site.token)
  await gateway.call(site.token, `/v1/plans/${id}/release`, { reason: 'first import, checked' })
  await until('everybody is in', () => rows.every((row) => isIn(site, row)), 30_000)
}

/** Whether the door system shows a person open, with this card. */
export function isIn({ simulator }: Site, row: WorkerRow): boolean {
  const user = simulator.state.user(row.employeeNumber)
  return user?.disabled === false && user.cards.some(({ number, blocked }) => number === cardOf(row) && !blocked)
}

/** Whether the door system shows a person shut, every card of theirs blocked. */
export function isShutOut({ simulator }: Site, row: WorkerRow): boolean {
  const user = simulator.state.user(row.employeeNumber)
  return user?.disabled === true && user.cards.every(({ blocked }) => blocked)
}
