import { expect, test, vi } from 'vitest'
import { holdDirectoryLock } from './directory-lock.ts'
import { endProcess, refusal, temporaryPlace } from './temporary-place.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

test('of two gateways on a directory the second is refused, leaves the server alone, and gets in when the first died', async () => {
  await using place = await temporaryPlace()
  const { child, serverPid } = await place.startChild()
  const second = await place.start()
  await expect(holdDirectoryLock(second.runtimeConfig, 100)).rejects.toMatchObject({
    code: 'embedded.directory-taken',
    message: expect.stringContaining('stop it first'),
  })
  await second.stop()
  expect(place.log).toContainEqual({ event: 'postgres.left-running', pid: serverPid })
  expect(await refusal(second.runtimeConfig)).toBeUndefined()

  await endProcess(child)
  const third = await place.start()
  const lock = await holdDirectoryLock(third.runtimeConfig)
  await third.stop()
  await lock.lost
})

test('a lock says when it was lost, but not when it was released', async () => {
  await using place = await temporaryPlace()
  const server = await place.start()
  const released = await holdDirectoryLock(server.runtimeConfig)
  const lost = vi.fn()
  void released.lost.then(lost)
  await Promise.all([released.release(), released.release()])

  const held = await holdDirectoryLock(server.runtimeConfig)
  await expect(holdDirectoryLock(server.runtimeConfig, 0)).rejects.toMatchObject({ code: 'embedded.directory-taken' })
  process.kill(server.pid, 'SIGKILL')
  await held.lost
  expect(lost).not.toHaveBeenCalled()
  await held.release()
})
