import { spawn } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { holdDirectoryLock } from './directory-lock.ts'
import { processState } from './process-state.ts'
import { endProcess, query, refusal, temporaryPlace } from './temporary-place.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

test('a server whose gateway was killed is taken over, with its data, by the next one', async () => {
  await using place = await temporaryPlace()
  const { child, serverPid } = await place.startChild()
  await endProcess(child)
  const server = await place.start()
  expect(server.adopted).toBe(true)
  expect(server.pid).toBe(serverPid)
  expect(place.log).toEqual([{ event: 'postgres.adopted', pid: serverPid }])
  // It writes to a log that nobody reads any more, and goes on.
  expect(await refusal({ ...server.runtimeConfig, password: 'wrong' })).toBe('28P01')
  const lock = await holdDirectoryLock(server.runtimeConfig)
  await lock.release()
  await server.stop()
  expect(await processState(serverPid, join(place.dataDir, 'cluster'))).toBe('dead')
})

test('a killed server is noticed and restarted under the same address, with all that was committed', async () => {
  await using place = await temporaryPlace()
  const server = await place.start()
  const { runtimeConfig } = server
  await query(server.ownerConfig, 'create table gatehouse.kept as select 1 as id')
  const { pid, exited } = server
  process.kill(pid, 'SIGKILL')
  await exited
  expect(await refusal(runtimeConfig)).toBeDefined()
  await Promise.all([server.restart(), server.restart()])
  expect(server.pid).not.toBe(pid)
  expect(await query(runtimeConfig, 'select id from kept')).toEqual([{ id: 1 }])
  await server.restart()
  expect(place.log.filter(({ event }) => event === 'postgres.started')).toHaveLength(2)
})

test('an adopted server that is killed is noticed and restarted too', async () => {
  await using place = await temporaryPlace()
  const { child, serverPid } = await place.startChild()
  await endProcess(child)
  const server = await place.start()
  process.kill(serverPid, 'SIGKILL')
  await server.exited
  await server.restart()
  expect(server.adopted).toBe(false)
  expect(await refusal(server.runtimeConfig)).toBeUndefined()
})

test('after gateway and server were killed together the next start recovers', async () => {
  await using place = await temporaryPlace()
  const { child, serverPid } = await place.startChild()
  process.kill(serverPid, 'SIGKILL')
  await endProcess(child)
  const server = await place.start()
  expect(server.adopted).toBe(false)
  expect(place.log).toContainEqual({ event: 'postgres.stale-pid-removed', pid: serverPid })
})

test('no second server starts beside a statement that outlives the killed one', async () => {
  await using place = await temporaryPlace()
  const server = await place.start()
  const busyMs = 1_500
  const begun = performance.now()
  const busy = refusal(
    server.runtimeConfig,
    `do $$ declare until timestamptz := clock_timestamp() + '${busyMs} ms';
     begin while clock_timestamp() < until loop end loop; end $$`,
  )
  await expect
    .poll(() =>
      query(server.runtimeConfig, `select from pg_stat_activity where query like 'do %' and state = 'active'`),
    )
    .toHaveLength(1)
  process.kill(server.pid, 'SIGKILL')
  await server.exited
  await server.restart()
  expect(performance.now() - begun).toBeGreaterThan(busyMs)
  await busy
  expect(place.log).toContainEqual({ event: 'postgres.message', severity: 'FATAL', sqlState: 'F0001' })
  expect(await refusal(server.runtimeConfig)).toBeUndefined()
})

test.skipIf(process.platform !== 'linux')('a dead server that nobody reaps does not block the start', async () => {
  await using place = await temporaryPlace()
  const { child, serverPid } = await place.startChild()
  child.kill('SIGSTOP')
  process.kill(serverPid, 'SIGKILL')
  await expect.poll(() => readFile(`/proc/${serverPid}/stat`, 'utf8')).toContain(') Z ')
  const server = await place.start()
  expect(server.adopted).toBe(false)
  expect(await refusal(server.runtimeConfig)).toBeUndefined()
  await expect(readFile(`/proc/${serverPid}/stat`, 'utf8')).resolves.toContain(') Z ')
})

test('a process that got the number of a dead server is neither taken for it nor touched', async () => {
  await using place = await temporaryPlace()
  const first = await place.start()
  const pidFile = join(place.dataDir, 'cluster/postmaster.pid')
  const text = await readFile(pidFile, 'utf8')
  await first.stop()
  const { uid, gid } = await stat(join(place.dataDir, 'cluster'))
  const stranger = spawn('/bin/sleep', ['60'], { uid, gid })
  try {
    await writeFile(pidFile, text.replace(/^\d+/, String(stranger.pid)))
    const second = await place.start()
    expect(second.adopted).toBe(false)
    expect(second.pid).not.toBe(stranger.pid)
    expect(stranger.exitCode).toBeNull()
    expect(stranger.signalCode).toBeNull()
  } finally {
    await endProcess(stranger)
  }
})

test('a first start that was killed half-way leaves nothing in the way of the next', async () => {
  await using place = await temporaryPlace()
  const child = place.spawnChild()
  await expect
    .poll(() => readdir(place.dataDir).catch(() => []), { interval: 5, timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/^cluster\.part-/))
  await endProcess(child)
  const server = await place.start()
  expect(await refusal(server.runtimeConfig)).toBeUndefined()
})

test('two first starts at once end with one server', async () => {
  await using place = await temporaryPlace()
  const servers = await Promise.all([place.start(), place.start()])
  expect(servers[0].pid).toBe(servers[1].pid)
  expect(servers.map(({ adopted }) => adopted).sort()).toEqual([false, true])
  for (const { runtimeConfig } of servers) expect(await refusal(runtimeConfig)).toBeUndefined()
})
