import { beforeEach, describe, expect, test } from 'vitest'
import { type Bench, useEngine } from './fixtures/engine.fixture.ts'
import type { HrRow } from './fixtures/hr-file.fixture.ts'
import { openLevels } from './levels.ts'
import { resolveEveryone } from './resolve/re-resolve.ts'

const engine = useEngine()
let bench: Bench
beforeEach(async () => {
  bench = await engine.begin()
})

const ada: HrRow = { id: '1', number: 'n1', given: 'Ada', family: 'Test', department: 'Research' }
const shown = () => [...(bench.target.users.get('n1')?.levels ?? [])].sort()
/** The target offers these now; the gateway looks, and everybody is resolved. */
const offer = async (...levels: { externalId: string; name: string }[]) => {
  bench.target.levels = levels
  await bench.levels.discover(bench.setup, new AbortController().signal)
  await resolveEveryone(bench.context, bench.brakes)
  await bench.rest()
}
const main = { externalId: 'id of Main', name: 'Main' }
const lab = { externalId: 'id of Lab', name: 'Lab' }

describe('the catalogue of levels', () => {
  test('finds a level by target and name, and keeps its id for as long as the vendor does', async () => {
    const id = bench.levels.byRef('doors/Lab')
    expect(id).toBeDefined()
    expect([bench.levels.externalId(id as never), bench.levels.nameOf(id as never)]).toEqual(['id of Lab', 'doors/Lab'])
    await offer(main, lab)
    expect(bench.levels.byRef('doors/Lab')).toBe(id)
    expect(bench.levels.all().map(({ name }) => name)).toEqual(['Lab', 'Main'])
    expect([bench.levels.byRef('doors/Vault'), bench.levels.byRef('elsewhere/Lab')]).toEqual([undefined, undefined])
  })

  test('what vanished and comes back is the same level', async () => {
    const id = bench.levels.byRef('doors/Lab')
    await offer(main)
    expect([
      bench.levels.byRef('doors/Lab'),
      bench.levels.nameOf(id as never),
      bench.levels.externalId(id as never),
    ]).toEqual([undefined, undefined, undefined])
    await offer(main, lab)
    expect(bench.levels.byRef('doors/Lab')).toBe(id)
  })

  test('another process learns of it from the store', async () => {
    const elsewhere = openLevels(engine.database, engine.vault)
    await elsewhere.reload()
    expect(elsewhere.byRef('doors/Lab')).toBe(bench.levels.byRef('doors/Lab'))
  })

  test('a row that somebody made stand for another door stands for none, is alarmed, and looking again does not make it ours', async () => {
    await bench.deliver([ada])
    await bench.rest()
    await engine.tamper(`update access_level set external_id = 'id of Treasury' where name = 'Lab'`)
    await bench.levels.reload()
    expect(bench.levels.byRef('doors/Lab')).toBeUndefined()
    expect(await bench.alarms()).toContain('guard.failed')
    await offer(main, lab, { externalId: 'id of Treasury', name: 'Treasury' })
    expect(bench.levels.all().map(({ external_id }) => external_id)).not.toContain('id of Treasury')
    expect(shown()).toEqual(['id of Lab', 'id of Main'])
  })
})

describe('people keep what they have', () => {
  beforeEach(async () => {
    await bench.deliver([ada])
    await bench.rest()
    expect(shown()).toEqual(['id of Lab', 'id of Main'])
  })

  test('when a level that a rule names is renamed', async () => {
    await offer(main, { externalId: 'id of Lab', name: 'Laboratories' })
    expect(shown()).toEqual(['id of Lab', 'id of Main'])
    expect(bench.logged).toContainEqual({ event: 'level.unknown', fields: { scope: 'doors' } })
  })

  test('when a second level of that name appears', async () => {
    await offer(main, lab, { externalId: 'id of another', name: 'Lab' })
    expect(shown()).toEqual(['id of Lab', 'id of Main'])
  })

  test('when a level is gone at the target, and nothing waits for it', async () => {
    bench.target.users.get('n1')?.levels.delete('id of Lab')
    await offer(main)
    expect(shown()).toEqual(['id of Main'])
    expect(await bench.rows('select 1 from account_work')).toEqual([])
  })

  test('and a newcomer gets what can be found', async () => {
    bench.target.levels = [main]
    await bench.levels.discover(bench.setup, new AbortController().signal)
    await bench.deliver([ada, { ...ada, id: '2', number: 'n2' }])
    await bench.rest()
    expect([...(bench.target.users.get('n2')?.levels ?? [])]).toEqual(['id of Main'])
  })
})
