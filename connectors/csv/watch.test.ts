import { mkdir, rename, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/connector/contract.ts'
import { noCalls } from '../../src/connector/http.ts'
import { dropFolder } from './fixture.ts'
import { Folder } from './folder.ts'
import { settings } from './settings.ts'
import { watch } from './watch.ts'

/** A drop folder watched in real time; counts how often it rang. */
async function watched(settleMs: number, pollMs: number) {
  const drop = await dropFolder()
  const parsed = settings.parse({ folder: drop.path, mode: 'full', settle_ms: settleMs, poll_ms: pollMs })
  const events: string[] = []
  const context: Context = {
    http: noCalls,
    log: (_level, event) => void events.push(event),
    now: () => new Date(),
  }
  const folder = new Folder(parsed, context)
  const controller = new AbortController()
  let rings = 0
  const ended = (async () => {
    for await (const _ of watch(folder, parsed, controller.signal)) rings++
  })()
  const stop = async () => {
    controller.abort()
    await ended
  }
  return { drop, folder, events, rings: () => rings, stop }
}

describe('watch', () => {
  it('rings once when a file has settled, long before the next regular look, and ends with the signal', async () => {
    const { drop, folder, rings, stop } = await watched(100, 60_000)
    await sleep(100)
    expect(rings()).toBe(0)
    await drop.write('w.csv', 'id\n1\n')
    await expect.poll(rings, { timeout: 3000 }).toBe(1)
    expect(await folder.look()).toHaveLength(1)
    await sleep(300)
    expect(rings()).toBe(1)
    await drop.write('w.csv', 'id\n1\n2\n')
    await expect.poll(rings, { timeout: 3000 }).toBe(2)
    await stop()
  })

  it('rings when the folder is lost, and goes on when another takes its place', async () => {
    const { drop, events, rings, stop } = await watched(50, 50)
    await rename(drop.path, `${drop.path}-away`)
    await expect.poll(rings, { timeout: 3000 }).toBe(1)
    await sleep(200)
    expect(rings()).toBe(1)
    await mkdir(drop.path)
    await drop.write('w.csv', 'id\n1\n')
    await expect.poll(rings, { timeout: 3000 }).toBe(2)
    expect(events).toEqual(['csv.folder-missing', 'csv.folder-back'])
    await stop()
    await rm(`${drop.path}-away`, { recursive: true })
  })

  it('ends when the connection is closed', async () => {
    const { connection, people } = await dropFolder()
    const ended = (async () => {
      for await (const _ of people.watch(new AbortController().signal));
    })()
    await sleep(50)
    await connection.close()
    await expect(ended).resolves.toBeUndefined()
  })
})
