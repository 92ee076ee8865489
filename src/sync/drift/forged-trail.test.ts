import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { appendOnce } from '../../audit/append.ts'
import { recordAuditMany } from '../../audit/record.ts'
import { cardKey, h10301 } from '../../model/card.ts'
import { inTransaction } from '../../store/transaction.ts'
import { type Bench, day, hour, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { sweepIfDue } from './sweep-target.ts'
import { acceptByHand } from './take-side.ts'

const engine = useEngine()
let bench: Bench

const added = (who: number) => h10301(9, who)
const add = (...them: readonly number[]) => {
  for (const who of them)
    bench.target.users.get(`n${who}`)?.cards.set(cardKey(added(who)), { card: added(who), state: 'on' })
}
const left = () =>
  [...bench.target.users].flatMap(([id, { cards }]) => (cards.has(cardKey(added(Number(id.slice(1))))) ? [id] : []))
const mend = async () => {
  await sweepIfDue(bench.context, bench.setup, { now: true, brakes: bench.brakes }, new AbortController().signal)
  await bench.rest()
}
const accept = () =>
  acceptByHand(
    bench.context,
    'doors',
    { class: 'card-added' },
    { subject: bench.operator, isAdmin: false, reason: 'seen' },
  )
const broken = async () =>
  (
    await bench.rows<{ scope: string }>(
      `select scope from alarm where code = 'audit.broken' and cleared_at is null order by scope`,
    )
  ).map(({ scope }) => scope)
const chain = async () => {
  await engine.tamper('grant select, insert on audit to runtime')
  while ((await appendOnce(bench.context.database.pool, bench.context.vault))?.taken !== 0);
}

/** Of each account often lately, more than is read at a time. */
const forge = (place: 'pending' | 'chained', actor: string, action: string) =>
  engine.tamper(
    `insert into ${place === 'pending' ? 'audit_pending' : 'audit'}
            (at, actor, action, object, details, details_row, ${place === 'pending' ? 'guard' : 'hash, mac, seq'})
     select $1::timestamptz - i * interval '1 minute', $2, $3, a.id::text, '\\x00', gen_random_uuid(),
            ${place === 'pending' ? `'\\x00'` : `'\\x00', '\\x00', (select coalesce(max(seq), 0) from audit) + 1000 + row_number() over ()`}
       from account a, generate_series(1, 130) as i`,
    [bench.context.now(), actor, action],
  )

/** Genuine entries of what the configuration had undone, so long from now. */
const record = (objects: readonly string[], inMs: number) =>
  inTransaction(bench.context.database.pool, (client) =>
    recordAuditMany(
      client,
      bench.context.vault,
      objects.map((object) => ({ actor: 'engine', action: 'drift.reverted', object, details: {} })),
      new Date(bench.context.now().getTime() + inMs),
    ),
  )
const longAgo = (count: number) =>
  record(
    Array.from({ length: count }, () => randomUUID()),
    -day,
  )

/** The trail is append-only, and so outlives a test: each is months after those before it. */
let months = 0

beforeEach(async () => {
  bench = await engine.begin()
  await bench.pass(months++ * 30 * day)
  await bench.deliver(Array.from({ length: 8 }, (_, who) => hrRow(who, { card: `${100 + who}` })))
  await bench.rest()
})

describe('what the trail says of sides that were taken', () => {
  test('counts for the brake and the limit of an operator also when it is chained', async () => {
    add(1, 2, 3)
    await mend()
    await accept()
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, card_added: 'revert' } })
    await longAgo(1_001)
    add(4, 5, 6, 7)
    await mend()
    await chain()
    add(0, 4)
    await mend()
    expect([left(), await bench.alarms()]).toEqual([['n0', 'n1', 'n2', 'n3', 'n4'], ['drift.braked']])
    add(5)
    await mend()
    await expect(accept()).rejects.toMatchObject({ code: 'drift.too-many' })
    expect(await broken()).toEqual([])
  })

  test('counts for nothing when it is said to be of a time to come', async () => {
    Object.assign(bench.setup, { drift: { ...bench.setup.drift, card_added: 'revert' } })
    const accounts = await bench.rows<{ id: string }>('select id from account')
    await record(
      accounts.map(({ id }) => id),
      70 * 365 * day,
    )
    add(1)
    await mend()
    expect([left(), await bench.alarms()]).toEqual([[], []])
  })

  test.each([
    ['pending', 'guard-failed'],
    ['chained', 'forged'],
  ] as const)(
    'and was written by somebody else begins no fight and no brake, and is alarmed: %s',
    async (place, how) => {
      Object.assign(bench.setup, { drift: { ...bench.setup.drift, card_added: 'revert' } })
      await bench.pass(hour)
      await forge(place, 'engine', 'drift.reverted')
      add(1)
      await mend()
      expect([left(), await bench.alarms(), await broken()]).toEqual([[], ['audit.broken'], [how]])
    },
  )

  test.each([
    ['pending', 'guard-failed'],
    ['chained', 'forged'],
  ] as const)('and was written by somebody else takes no decision from an operator: %s', async (place, how) => {
    await forge(place, bench.operator, 'drift.accepted')
    add(1)
    await mend()
    expect([await accept(), await broken()]).toEqual([{ drifts: 1, left: 0 }, [how]])
  })
})
