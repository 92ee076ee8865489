import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonId } from '../../model/id.ts'
import { type MatchRow, matchRowGuard } from '../../store/guards.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { adoptMatches, linkByHand } from './adopt.ts'
import { existing, judged, match } from './match.fixture.ts'

const engine = useEngine()
let bench: Bench
let person: PersonId
beforeEach(async () => {
  bench = await engine.begin({ enabled: false })
  await bench.deliver([hrRow(1, { card: '100' })])
  person = await bench.personOf('n1')
  bench.target.users.set('10017', existing({ name: 'P. Test', cards: [100] }))
  bench.target.users.set('boss', existing({ name: 'The Boss', levels: ['Vault'] }))
})

const swap = `update gatehouse.match_row m set external_digest = o.external_digest from gatehouse.match_row o where o.id <> m.id`
/** As a thief who may write: each account of a look is told to be the other one, while it is still under way. */
async function whileSwapping(work: () => Promise<unknown>): Promise<void> {
  await engine.tamper(
    `create function gatehouse.swap() returns trigger language plpgsql as $$ begin ${swap}; return null; end $$`,
  )
  await engine.tamper(
    'create trigger swap after insert on match_row for each statement execute function gatehouse.swap()',
  )
  try {
    await work()
  } finally {
    await engine.tamper('drop trigger swap on match_row')
    await engine.tamper('drop function gatehouse.swap')
  }
}
const link = (account: string) =>
  linkByHand(bench.context, 'doors', account, person, bench.operator, 'seen', bench.brakes)
const linked = () => bench.rows(`select from account where owned like '{"made":true%'`)

describe('of rows that somebody exchanged while a look was under way', () => {
  beforeEach(() => whileSwapping(() => match(bench)))

  test('nothing is judged or signed, and an alarm is on', async () => {
    expect(await bench.rows('select from match_row where class is not null')).toEqual([])
    expect(await bench.alarms()).toContain('guard.failed')
  })

  test('nobody is linked, neither by hand nor by what the look says', async () => {
    await expect(link('10017')).rejects.toMatchObject({ code: 'match.forged' })
    await adoptMatches(bench.context, 'doors', bench.operator, 'seen', bench.brakes)
    expect(await linked()).toEqual([])
  })
})

test('what was found is linked as no other account than its own, even by a row that is signed', async () => {
  await match(bench)
  await engine.tamper(swap)
  for (const row of await bench.rows<MatchRow>('select * from match_row'))
    await engine.tamper('update match_row set guard = $2 where id = $1', [
      row.id,
      engine.vault.guard('match_row', matchRowGuard(row)),
    ])
  await expect(link('10017')).rejects.toMatchObject({ code: 'match.forged' })
  expect(await adoptMatches(bench.context, 'doors', bench.operator, 'seen', bench.brakes)).toMatchObject({ linked: 0 })
  expect([await linked(), (await bench.alarms()).includes('guard.failed')]).toEqual([[], true])
})

test('an account that somebody wrote into the database is not told to be linked', async () => {
  await engine.tamper(
    `update account set external_digest = $1, owned = '{"made":true,"levels":[],"cards":[],"blocked":[],"closed":false}'`,
    [engine.vault.index('account', 'doors/boss')],
  )
  expect((await match(bench)).boss).toMatchObject({ class: 'none', person: null })
  expect(Object.keys(await judged(bench)).sort()).toEqual(['10017', 'boss'])
})
