/** A machine is lost with all that was on it but the keys and a backup: what the next one makes of that, at a simulated door system. */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'
import type { RestoreResult } from '../../src/cli/local.ts'
import { ApiRefusal, type GatewayProcess } from '../support/gateway-process.ts'
import { file, firstImport, heldPlan, isIn, isShutOut, statusOf, worker, workers } from '../support/people.ts'
import { startPostgres, until } from '../support/servers.ts'
import { openSite, postgresPid, type Site } from '../support/site.ts'

const reason = 'the machine is lost'

async function backUp(site: Site, gateway: GatewayProcess): Promise<string> {
  const path = join(site.directory, 'nightly.backup')
  const { code, stderr } = await site.gatehouse(['backup', path, '--reason', 'nightly', '--url', gateway.url], {
    GATEHOUSE_TOKEN: site.token,
  })
  expect([code, stderr]).toEqual([0, expect.stringContaining('The keys are not in it')])
  return path
}

/** As a fire would; only the keys lie elsewhere as well, and are brought to the new machine. */
async function loseMachine(site: Site, gateway: GatewayProcess): Promise<void> {
  const keys = join(site.directory, 'keys-in-a-safe')
  await cp(join(site.dataPath, 'keys'), keys, { recursive: true })
  const database = await postgresPid(site.dataPath)
  await gateway.kill()
  if (database !== null) {
    process.kill(database, 'SIGKILL')
    await until('the database is gone', () => !isAlive(database))
  }
  await rm(site.dataPath, { recursive: true, force: true, maxRetries: 20 })
  await mkdir(site.dataPath, { mode: 0o711 })
  await cp(keys, join(site.dataPath, 'keys'), { recursive: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const restore = (site: Site, path: string) =>
  site.gatehouse([
    'restore',
    path,
    '--config',
    site.configPath,
    '--subject',
    'Test Operator One',
    '--reason',
    reason,
    '--json',
  ])

const statusIs = (rows: readonly WorkerRow[], at: number, change: Partial<WorkerRow>): WorkerRow[] =>
  rows.map((row, index) => (index === at ? { ...row, ...change } : row))

const today = new Date().toISOString().slice(0, 10)
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
const left = { status: 'terminated', end: yesterday } as const

describe.each([
  ['an embedded database', false],
  ['a PostgreSQL of its own', true],
] as const)('a gateway that is restored on another machine into %s', (_name, given) => {
  test('goes on: leavers first, nobody twice, and nobody let in whom somebody shut out since', {
    timeout: 180_000,
  }, async () => {
    await using postgres = given ? await startPostgres() : null
    await using site = await openSite()
    const { simulator } = site
    const first = await site.start()
    let rows = [...workers(24)]
    await firstImport(site, first, rows)
    rows = statusIs(rows, 0, left)
    await site.drop('workers-2026-01-02.csv', file(rows))
    await until('the first leaver is out', () => isShutOut(site, rows[0] as WorkerRow))
    const path = await backUp(site, first)

    // A day that the backup knows nothing of: a leaver, a joiner, a mover, and somebody locked by an operator.
    rows = [...statusIs(rows, 1, left), worker(40), worker(41)]
    rows = statusIs(rows, 2, { department: 'Legal' })
    await site.drop('workers-2026-01-03.csv', file(rows))
    await until('the joiner is in', () => isIn(site, rows.at(-1) as WorkerRow), 20_000)
    await until('the second leaver is out', () => isShutOut(site, rows[1] as WorkerRow))
    const locked = rows[3] as WorkerRow
    const { id } = await first.call<{ id: string }>(site.token, '/v1/people/find', { by: locked.employeeNumber })
    await first.call(site.token, `/v1/people/${id}/lock`, { reason: 'card found on the street' })
    await until('the locked one is out', () => isShutOut(site, locked))
    const usersBefore = simulator.state.userCount
    await loseMachine(site, first)

    if (postgres !== null) {
      const url = join(site.directory, 'database-url')
      await writeFile(url, postgres.url, { mode: 0o600 })
      await site.configure((config) => {
        Object.assign(config, { database_url: `\${file:${url}}` })
      })
    }
    const { code, stdout, stderr } = await restore(site, path)
    expect([code, stderr]).toEqual([0, ''])
    const restored = JSON.parse(stdout) as RestoreResult
    expect(restored.tokensRevoked).toBe(1)
    const token = (await readFile(restored.tokenPath, 'utf8')).trim()
    expect(stdout).not.toContain(token)

    // Since then one more has left, and one has joined.
    rows = [...statusIs(rows, 4, left), worker(42)]
    await site.drop(`workers-${today}.csv`, file(rows))
    const begun = simulator.requests.count
    const second = await site.start()
    await until('who left since is out', () => isShutOut(site, rows[4] as WorkerRow), 20_000)
    await until('all that is there was read', () => second.output().includes('"restore.stock-taken"'), 20_000)
    const asked = simulator.requests.find().filter(({ n }) => n > begun)
    const firstLeaver = (rows[0] as WorkerRow).employeeNumber
    const seenAt = asked.findIndex(({ users }) => users.includes(firstLeaver))
    expect(seenAt).toBeGreaterThanOrEqual(0)
    const others = rows.slice(5).map(({ employeeNumber }) => employeeNumber)
    expect(asked.slice(0, seenAt).filter(({ users }) => users.some((user) => others.includes(user)))).toEqual([])

    await second.call(token, `/v1/plans/${(await heldPlan(second, token)).id}/release`, { reason: 'looked at' })
    await until('who joined since is in', () => isIn(site, rows.at(-1) as WorkerRow), 20_000)
    await until(
      'nothing waits any more',
      async () => {
        const { targets, lockouts, plans } = await statusOf(second, token)
        return (
          targets.every(({ waiting, failing, dead }) => waiting + failing + dead === 0) &&
          lockouts.open + plans.held === 0
        )
      },
      90_000,
    )
    for (const at of [0, 1, 3, 4]) expect([at, isShutOut(site, rows[at] as WorkerRow)]).toEqual([at, true])
    for (const [at, row] of rows.entries())
      if (![0, 1, 3, 4].includes(at)) expect([at, isIn(site, row)]).toEqual([at, true])
    expect(simulator.state.userCount).toBe(usersBefore + 1)

    await expect(second.call(site.token, '/v1/status')).rejects.toBeInstanceOf(ApiRefusal)
    const shown = await second.call<{ lockedByOperator: boolean }>(token, `/v1/people/${id}`)
    expect(shown.lockedByOperator).toBe(true)
    const verdict = await second.call<{ ok: boolean }>(token, '/v1/audit/verify')
    expect(verdict.ok).toBe(true)
    await until(
      'it is settled',
      async () => {
        const { alarms } = await statusOf(second, token)
        return alarms.every(({ code: alarm }) => !alarm.startsWith('restore.'))
      },
      20_000,
    )
  })
})
