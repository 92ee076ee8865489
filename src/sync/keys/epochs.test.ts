import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { KeyId, PullId } from '../../model/id.ts'
import { insertArchive } from '../../store/archives.ts'
import { inTransaction } from '../../store/transaction.ts'
import { currentEpoch } from '../../vault/keyring.ts'
import { VaultError } from '../../vault/vault-error.ts'
import { type Bench, day, minute, useEngine } from '../fixtures/engine.fixture.ts'
import { lockPerson } from '../operator.ts'
import { epochMs, rotateEpoch, turnEpochs } from './epochs.ts'

const engine = useEngine()
let bench: Bench
const going = new AbortController().signal
beforeEach(async () => {
  bench = await engine.begin()
})

const people = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${i}`, number: `n${i}`, given: 'Ada', family: `Test ${i}` }))
const turn = () => turnEpochs(bench.context, going)
const rotate = () => rotateEpoch(bench.context, bench.operator, 'an admin left')
const epochs = () => bench.context.keyring.current.epochs
const inUse = () => currentEpoch(bench.context.keyring.current).id
const underEpochs = async () =>
  (
    await bench.rows<{ epoch: string }>(
      'select distinct epoch from person_key union select distinct epoch from archive',
    )
  )
    .map(({ epoch }) => epoch)
    .sort()
const audited = async (action: string) =>
  await bench.rows<{ actor: string; object: string }>('select actor, object from audit_pending where action = $1', [
    action,
  ])

async function archive(): Promise<KeyId> {
  const { vault, database } = bench.context
  const { row } = vault.sealFile((async function* () {})())
  const createdAt = bench.context.now()
  const of = { source: 'hr', pull: randomUUID() as PullId, fingerprint: Buffer.alloc(32), bytes: 0 }
  const kept = { key: row, ...of, createdAt, expiresAt: new Date(createdAt.getTime() + 300 * day) }
  await inTransaction(database.pool, (client) => insertArchive(client, vault, kept))
  return row.id
}

describe('a new epoch', () => {
  test('asked for by name has everybody and every archive wrapped anew, and opens as before', async () => {
    await bench.deliver(people(450))
    await archive()
    const before = inUse()
    const made = await rotate()
    expect([inUse(), made === before]).toEqual([made, false])
    expect(await underEpochs()).toEqual([before])
    await turn()
    expect(await underEpochs()).toEqual([made])
    expect(await audited('keys.rotated')).toEqual([{ actor: bench.operator, object: made }])
    await bench.deliver(people(450).map((row) => ({ ...row, family: 'Other' })))
    expect(await bench.alarms()).toEqual([])
  })

  test('begins by itself when the last one is a month old, and not before', async () => {
    await turn()
    await bench.pass(epochMs - minute)
    await turn()
    expect(epochs()).toHaveLength(1)
    await bench.pass(minute)
    await turn()
    await turn()
    expect(epochs()).toHaveLength(2)
    expect(await audited('keys.rotated')).toEqual([{ actor: 'clock', object: inUse() }])
  })

  test('stopped half-way goes on where it was', async () => {
    await bench.deliver(people(450))
    const made = await rotate()
    const stopping = new AbortController()
    stopping.abort()
    await turnEpochs(bench.context, stopping.signal)
    expect(await underEpochs()).not.toEqual([made])
    await turn()
    expect(await underEpochs()).toEqual([made])
  })
})

describe('an old epoch', () => {
  test('is destroyed when nothing living was under it for as long as backups are kept: none of them opens then', async () => {
    await bench.deliver(people(3))
    const [backup] = await bench.rows<{ id: KeyId; epoch: string; wrapped: Buffer }>('select * from person_key limit 1')
    await rotate()
    await turn()
    const opens = () => bench.context.vault.unwrap(backup as NonNullable<typeof backup>)
    // Another process may still be wrapping under it.
    expect(epochs().map(({ emptyAt }) => emptyAt)).toEqual([null, null])
    await bench.pass(minute)
    await turn()
    expect(epochs()[0]?.emptyAt).toBe(bench.context.now().toISOString())
    await bench.pass(35 * day - minute)
    const old = epochs()[0]?.id
    await turn()
    expect(opens().id).toBe(backup?.id)
    await bench.pass(minute)
    await turn()
    expect(epochs().some(({ id }) => id === old)).toBe(false)
    expect(opens).toThrow(VaultError)
    expect(await audited('keys.epoch-destroyed')).toEqual([{ actor: 'clock', object: old }])
    await bench.deliver(people(3).map((row) => ({ ...row, family: 'Other' })))
    expect(await bench.alarms()).toEqual([])
  })

  test('waits anew when an older database was put back, and loses nobody of it', async () => {
    await bench.deliver(people(3))
    const backup = await bench.rows<{ id: string; epoch: string; wrapped: Buffer }>('select * from person_key')
    await rotate()
    await turn()
    await bench.pass(minute)
    await turn()
    await bench.pass(35 * day)
    for (const { id, epoch, wrapped } of backup)
      await engine.tamper('update person_key set epoch = $2, wrapped = $3 where id = $1', [id, epoch, wrapped])
    await turn()
    expect(epochs()[0]?.emptyAt).toBeNull()
    expect(await underEpochs()).toEqual([inUse()])
    await turn()
    expect(epochs()[0]?.emptyAt).toBe(bench.context.now().toISOString())
    expect(await audited('keys.epoch-destroyed')).toEqual([])
  })

  test('is not kept alive by keys and archives that a thief made or changed, and these are not signed anew', async () => {
    await bench.deliver(people(3))
    const id = await archive()
    const old = inUse()
    await engine.tamper('insert into person_key values ($1, $2, $3)', [randomUUID(), old, Buffer.alloc(61)])
    await engine.tamper(`update archive set expires_at = expires_at + interval '1 year'`)
    const guard = (await bench.rows<{ guard: Buffer }>('select guard from archive where id = $1', [id]))[0]?.guard
    await rotate()
    await turn()
    await bench.pass(minute)
    await turn()
    expect(epochs()[0]?.emptyAt).not.toBeNull()
    expect(await bench.rows('select epoch, guard from archive')).toEqual([{ epoch: old, guard }])
    expect(await underEpochs()).toEqual([old, inUse()].sort())
  })
})

test('a lock-out that comes while everybody is wrapped anew waits for nothing', async () => {
  await bench.deliver(people(600))
  await bench.rest()
  await rotate()
  const person = await bench.personOf('n7')
  const turning = turn()
  const begun = performance.now()
  await lockPerson(bench.context, person, bench.operator, 'lost badge')
  await bench.work()
  expect(performance.now() - begun).toBeLessThan(5_000)
  await turning
  expect(bench.target.users.get('n7')?.lock).toBe('closed')
  expect(await underEpochs()).toEqual([inUse()])
  expect(await bench.alarms()).toEqual([])
})

test('trouble with the file is an alarm, stops nothing, and is over when it is', async () => {
  const { keyring } = bench.context
  const failing = { ...keyring, current: keyring.current, refresh: () => false, change: () => fail() }
  const fail = (): never => {
    throw new VaultError('vault.file-not-written')
  }
  await bench.pass(epochMs)
  await turnEpochs({ ...bench.context, now: bench.context.now, keyring: failing }, going)
  await turnEpochs({ ...bench.context, now: bench.context.now, keyring: failing }, going)
  expect([await bench.alarms(), bench.logged.filter(({ event }) => event === 'keys.failed')]).toEqual([
    ['keys.failed'],
    [{ event: 'keys.failed', fields: { code: 'vault.file-not-written' } }],
  ])
  expect(await audited('keys.rotated')).toEqual([])
  await turn()
  expect(await bench.alarms()).toEqual([])
})

test('turning over while a file is taken in, and work is done, loses nobody and freezes nobody', async () => {
  await bench.deliver(people(600))
  let done = false
  const turning = (async () => {
    while (!done) {
      await rotate()
      await turn()
    }
  })()
  const changed = [...people(900)].map((row, i) => (i % 2 === 0 ? { ...row, family: 'Other' } : row))
  try {
    await bench.deliver(changed, { perPage: 100 })
    await bench.work()
  } finally {
    done = true
    await turning
  }
  await turn()
  expect(await underEpochs()).toEqual([inUse()])
  expect(epochs().length).toBeGreaterThan(2)
  expect(bench.target.users.size).toBe(900)
  expect([...bench.target.users.values()].filter(({ profile }) => profile.name === 'Ada Other')).toHaveLength(450)
  expect(await bench.alarms()).toEqual([])
})
