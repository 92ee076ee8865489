import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { holdAppender } from '../../audit/append.ts'
import { createSubjectWithToken } from '../../auth/tokens.ts'
import { cardKey, h10301, wireKey } from '../../model/card.ts'
import type { AccountId, KeyId, PullId } from '../../model/id.ts'
import { findArchive, insertArchive, isGenuineArchive } from '../../store/archives.ts'
import { configText, insertConfigVersion, releasedVersions } from '../../store/config-versions.ts'
import { insertDrifts } from '../../store/drifts.ts'
import { type AccountRow, intentGuard, ownedGuard, type PunchRow, punchGuard } from '../../store/guards.ts'
import { accountDigest } from '../../store/identifiers.ts'
import { punchDigest, sealPunch } from '../../store/punches/punch.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { WrappedKey } from '../../vault/vault.ts'
import { certain } from '../certain.ts'
import { type Bench, useEngine } from '../fixtures/engine.fixture.ts'
import { hrRow } from '../fixtures/hr-file.fixture.ts'
import { encodeOwned, type Owned, ownedOf } from '../owned-row.ts'
import { strangeName, strangePart } from '../strange-card.ts'
import { replaceAll } from './rekey.fixture.ts'
import { prepareStore } from './replace.ts'

const engine = useEngine()
let bench: Bench

beforeEach(async () => {
  bench = await engine.begin()
  await bench.deliver([hrRow(1, { card: '101' }), hrRow(2)])
  await bench.rest()
})

const pool = () => bench.context.database.pool
const unreadable = ({ tally }: Awaited<ReturnType<typeof replaceAll>>) =>
  Object.fromEntries([...tally.tables].flatMap(([table, of]) => (of.unreadable > 0 ? [[table, of.unreadable]] : [])))

async function accountOf(who: number): Promise<AccountRow> {
  const person = await bench.personOf(`n${who}`)
  return certain((await bench.rows<AccountRow>('select * from account where person_id = $1', [person]))[0])
}

describe('of what the gateway keeps for itself', () => {
  test('a configuration that somebody put in place of another one does not become the right one', async () => {
    const { vault, now } = bench.context
    const save = (number: number, text: string) =>
      inTransaction(pool(), (client) =>
        insertConfigVersion(client, vault, {
          ...{ number, state: 'released', created_at: now(), decided_at: now(), decided_by: null },
          text,
        }),
      )
    const [right, other, broken] = [await save(1, '{"a":1}'), await save(2, '{"b":2}'), await save(3, '{"c":3}')]
    const place = { table: 'config_version', column: 'config', row: other.id, version: 1 }
    const swapped = vault.sealSystem(place, '{"doors":"open"}')
    await engine.tamper('update config_version set config = $2 where id = $1', [other.id, swapped])
    await engine.tamper('update config_version set config = $2 where id = $1', [broken.id, Buffer.alloc(60)])
    expect(unreadable(await replaceAll(bench))).toEqual({ config_version: 2 })
    const { genuine, forged } = await releasedVersions(pool(), vault)
    expect(genuine.map(({ id }) => id)).toEqual([right.id])
    expect(new Set(forged)).toEqual(new Set([other.id, broken.id]))
    expect(await configText(pool(), vault, certain(genuine[0]))).toBe('{"a":1}')
  })

  test('a name that does not open names nobody, and is in nobody’s way', async () => {
    const { vault, database } = bench.context
    const { subject } = await createSubjectWithToken(database.db, vault, { name: 'Ada', role: 'admin', days: 9 })
    await engine.tamper('update subject set name = $2 where id = $1', [subject, Buffer.alloc(60)])
    expect(unreadable(await replaceAll(bench))).toEqual({ subject: 1 })
    const again = await createSubjectWithToken(database.db, vault, { name: 'Ada', role: 'admin', days: 9 })
    expect(again.subject).not.toBe(subject)
  })

  test('an archive goes on being opened, unless its key was not its own', async () => {
    const { vault, now } = bench.context
    async function* none() {}
    const keys = [vault.sealFile(none()).row, vault.sealFile(none()).row] as const
    const save = (key: WrappedKey) =>
      inTransaction(pool(), (client) =>
        insertArchive(client, vault, {
          ...{ key, source: 'hr', pull: randomUUID() as PullId, fingerprint: Buffer.alloc(16), bytes: 1 },
          ...{ createdAt: now(), expiresAt: now() },
        }),
      )
    for (const key of keys) await save(key)
    await engine.tamper('update archive set wrapped = $2 where id = $1', [keys[1].id, keys[0].wrapped])
    expect(unreadable(await replaceAll(bench))).toEqual({ archive: 1 })
    const [one, other] = await Promise.all(keys.map(async ({ id }) => certain(await findArchive(pool(), id))))
    expect([one, other].map((row) => isGenuineArchive(vault, certain(row)))).toEqual([true, false])
    expect(vault.unwrapFile(certain(one)).id).toBe(keys[0].id)
    expect(() => vault.unwrapFile(certain(other))).toThrow()
  })

  test('a punch is found by the new key of its day, unless somebody wrote it', async () => {
    const { vault } = bench.context
    const { person_id: person, key_id } = await accountOf(1)
    const [key] = await bench.rows<WrappedKey>('select * from person_key where id = $1', [key_id])
    const day = '2026-03-02'
    const content = { person: certain(person), at: 0, kind: 'in', voids: null, by: null } as const
    for (const n of ['1', '2']) {
      const row = {
        ...{ n, day, person_digest: punchDigest(vault, key_id, day), event_digest: Buffer.from(n) },
        sealed: n === '1' ? sealPunch(vault, vault.unwrap(certain(key)), { n, day }, content) : Buffer.alloc(70),
      }
      const guard = vault.guard('punch', punchGuard(row))
      await engine.tamper('insert into punch values ($1, $2, $3, $4, $5, $6)', [
        ...[n, day, row.person_digest, row.event_digest, row.sealed, guard],
      ])
    }
    expect(unreadable(await replaceAll(bench))).toEqual({ punch: 1 })
    const rows = await bench.rows<PunchRow>('select * from punch order by n')
    const found = rows.map(({ person_digest }) => person_digest.equals(punchDigest(vault, key_id as KeyId, day)))
    expect(found).toEqual([true, false])
    expect(rows.map((row) => vault.verifyGuard('punch', punchGuard(row), row.guard))).toEqual([true, false])
  })
})

describe('what is noted of an account', () => {
  const [shown, hidden] = [h10301(9, 9), h10301(9, 10)]
  const nowhere = h10301(9, 11)

  /** Two cards that are none of the person's, of which one is shown without its number. */
  async function withStrangeCards(): Promise<AccountRow> {
    const user = certain(bench.target.users.get('n1'))
    for (const card of [shown, hidden]) user.cards.set(cardKey(card), { card, state: 'on' })
    bench.target.unreadable.add(cardKey(hidden))
    user.profile = { ...user.profile, name: 'Somebody' }
    const { id } = await accountOf(1)
    await bench.rows(
      `insert into account_work (account_id, target, lane) select id, target, 'bulk' from account where id = $1`,
      [id],
    )
    await bench.rest()
    return accountOf(1)
  }

  const namesIn = (id: AccountId) => {
    const { vault } = bench.context
    const unnumbered = { card: null, ref: cardKey(hidden) }
    return {
      strange: [strangeName(vault, id, cardKey(shown)), strangeName(vault, id, cardKey(nowhere))],
      maybe: [shown, nowhere].map((card) => vault.index('card', wireKey(card)).toString('base64url')),
      parts: [
        strangePart(vault, id, { card: shown, ref: 'x' }),
        strangePart(vault, id, unnumbered),
        strangePart(vault, id, { card: nowhere, ref: 'x' }),
      ],
    }
  }

  const setOwned = async (id: AccountId, owned: string) =>
    engine.tamper('update account set owned = $2, owned_guard = $3 where id = $1', [
      ...[id, owned, bench.context.vault.guard('account_owned', ownedGuard(id, owned))],
    ])

  test('goes on under new names: cards of nobody, cards that nobody could tell of, and what is undone', async () => {
    const { id } = await withStrangeCards()
    const before = namesIn(id)
    const reverts = before.parts.map((part) => ({ class: 'card-added', part, at: [], fought: true }) as const)
    const others = [
      { class: 'card-added', part: '*', at: [], fought: true },
      { class: 'level-added', part: 'level:x', at: [], fought: true },
    ] as const
    await setOwned(
      id,
      encodeOwned({
        ...{ made: true, levels: [], cards: [], blocked: [], closed: false, strange: before.strange },
        ...{ maybe: { levels: ['id of Lab'], cards: before.maybe }, reverts: [...reverts, ...others] },
      } satisfies Owned),
    )
    await replaceAll(bench)
    const after = namesIn(id)
    const owned = ownedOf(bench.context.vault, await accountOf(1))
    expect([owned.strange?.[0], owned.maybe?.cards[0]]).toEqual([after.strange[0], after.maybe[0]])
    expect(owned.maybe?.levels).toEqual(['id of Lab'])
    // A card without a number is told anew, and what the target did not show stays apart from everything else.
    const [unnumbered, unseen] = [expect.stringMatching(/^card:~.{15}$/), expect.stringMatching(/^card:[^~].{15}$/)]
    expect(owned.reverts?.map(({ part }) => part)).toEqual([after.parts[0], unnumbered, unseen, '*', 'level:x'])
    const olds = [...before.strange, ...before.maybe, ...before.parts, after.strange[1], after.maybe[1], after.parts[2]]
    expect(olds.filter((name) => JSON.stringify(owned).includes(name as string))).toEqual([])
  })

  test('and is no text of ours stays as it is, and refused', async () => {
    const { id } = await accountOf(1)
    await engine.tamper(`update account set owned = '{"made":' where id = $1`, [id])
    expect((await replaceAll(bench)).tally.of('account').refused).toBe(1)
    const row = await accountOf(1)
    expect(row.owned).toBe('{"made":')
    expect(() => ownedOf(bench.context.vault, row)).toThrow()
  })

  test('and was never desired of it does not come to be; what was, does', async () => {
    const { vault } = bench.context
    const [one, two] = [await accountOf(1), await accountOf(2)]
    const intentsOf = (row: AccountRow) => [
      {
        desired: row.desired,
        mac: vault.guard('account_intent', intentGuard(row.id, row.desired ?? '')).toString('base64'),
      },
      { desired: row.desired?.replace('"open"', '"closed"'), mac: 'eA==' },
      { desired: 7, mac: 'eA==' },
      { desired: row.desired },
      null,
    ]
    for (const row of [one, two])
      await engine.tamper(
        `insert into account_work (account_id, target, lane, intents) values ($1, 'doors', 'bulk', $2)`,
        [...[row.id, JSON.stringify(intentsOf(row))]],
      )
    await engine.tamper(
      `insert into account_work (account_id, target, lane, intents) values ($1, 'doors', 'bulk', '{}')`,
      [randomUUID()],
    )
    // Of two nothing opens any more: its texts go on under names that fit nothing.
    await engine.tamper('update person_key set wrapped = $2 where id = $1', [two.key_id, Buffer.alloc(61)])
    await replaceAll(bench)
    const rows = await bench.rows<{ account_id: AccountId; intents: { desired: string; mac: string }[] }>(
      'select account_id, intents from account_work',
    )
    const intents = new Map(rows.map((row) => [row.account_id, row.intents]))
    const [first, ...more] = certain(intents.get(one.id))
    expect([first?.desired, more]).toEqual([(await accountOf(1)).desired, []])
    const mac = Buffer.from(first?.mac ?? '', 'base64')
    expect(vault.verifyGuard('account_intent', intentGuard(one.id, first?.desired ?? ''), mac)).toBe(true)
    expect(certain(intents.get(two.id))).toHaveLength(1)
    expect(certain(intents.get(two.id))[0]?.desired).not.toBe(two.desired)
  })

  test('of drift: it is found by the new name of its card, also when what the target showed does not open', async () => {
    const { id } = await withStrangeCards()
    const two = await accountOf(2)
    const { vault, now } = bench.context
    const part = strangePart(vault, id, { card: shown, ref: 'x' })
    const drift = { target: 'doors', class: 'card-added', sealId: null }
    await inTransaction(pool(), (client) =>
      insertDrifts(
        client,
        vault,
        [
          { ...drift, account: id, externalDigest: accountDigest(vault, 'doors', 'n1'), part },
          { ...drift, account: two.id, externalDigest: accountDigest(vault, 'doors', 'n2'), part },
          {
            ...drift,
            account: null,
            externalDigest: accountDigest(vault, 'doors', 'n9'),
            part: '',
            class: 'unknown-account',
          },
        ],
        now(),
      ),
    )
    await engine.tamper('update account set actual = $2 where id = $1', [two.id, Buffer.alloc(60)])
    await replaceAll(bench)
    const parts = await bench.rows<{ account_id: string | null; part: string; external_digest: Buffer }>(
      'select account_id, part, external_digest from drift',
    )
    const of = (account: string | null) => certain(parts.find((row) => row.account_id === account))
    expect(of(id).part).toBe(strangePart(vault, id, { card: shown, ref: 'x' }))
    expect(of(two.id).part).toMatch(/^card:.{16}$/)
    expect([part, of(id).part]).not.toContain(of(two.id).part)
    expect(of(null).part).toBe('')
    expect(of(null).external_digest.equals(accountDigest(vault, 'doors', 'n9'))).toBe(false)
    expect(of(id).external_digest.equals(accountDigest(vault, 'doors', 'n1'))).toBe(true)
  })
})

test('nothing begins while somebody else appends to the audit trail', async () => {
  const { vault } = bench.context
  const holder = await pool().connect()
  try {
    await holder.query('begin')
    await holdAppender(holder)
    await expect(prepareStore(pool(), vault)).rejects.toMatchObject({ code: 'keys.busy' })
  } finally {
    await holder.query('rollback')
    holder.release()
  }
})
