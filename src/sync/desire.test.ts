import { beforeEach, describe, expect, test } from 'vitest'
import type { CredentialId } from '../model/id.ts'
import type { DossierAccount } from '../store/dossier.ts'
import type { AccountRow } from '../store/guards.ts'
import { desire } from './desire.ts'
import { type Bench, useEngine } from './fixtures/engine.fixture.ts'
import { type HrRow, hrRow } from './fixtures/hr-file.fixture.ts'
import { lockPerson, unlockPerson } from './operator.ts'
import { changesBetween, encodeParts, type Parts } from './parts.ts'

const engine = useEngine()
let bench: Bench

describe('a name that a brake holds', () => {
  const none = { min: 0, percent: 0 }
  const name = () => bench.target.users.get('n0')?.profile.name
  const lock = () => bench.target.users.get('n0')?.lock
  const deliver = async (more: Partial<HrRow> = {}) => {
    await bench.deliver([hrRow(0, more)])
    await bench.rest()
  }
  const byHand = async (act: typeof lockPerson) => {
    await act(bench.context, await bench.personOf('n0'), bench.operator, 'seen')
    await bench.rest()
  }
  const unlock: typeof lockPerson = async (context, person, subject, reason) => {
    await unlockPerson(context, person, subject, reason, 1)
    return []
  }

  beforeEach(async () => {
    const { brakes } = await engine.begin()
    bench = await engine.begin({ source: { brakes: { ...brakes, change: none } } })
    await deliver()
    await deliver({ family: 'Braked' })
    expect(name()).toBe('Person0 Test')
  })

  test('is not written when its account opens again, and the source has taken it back', async () => {
    await byHand(lockPerson)
    await deliver()
    await byHand(unlock)
    expect([lock(), name()]).toEqual(['open', 'Person0 Test'])
  })

  test('is not written when a lock is lifted from somebody of whom nothing certain is known', async () => {
    await deliver({ family: 'Braked', end: 'hidden' })
    await byHand(lockPerson)
    await byHand(unlock)
    expect([lock(), name()]).toEqual(['open', 'Person0 Test'])
  })

  test('is not written with the return of a leaver whose source has taken it back', async () => {
    await deliver({ family: 'Braked', status: 'left' })
    await deliver()
    expect([lock(), name()]).toEqual(['open', 'Person0 Test'])
  })
})

describe('what waits for a suspect source', () => {
  const [one, other] = ['one', 'other'] as CredentialId[] as [CredentialId, CredentialId]
  const parts = (cards: Parts['cards']): Parts => ({ lock: 'open', profile: 'p', validity: 'v', cards, levels: [] })
  const account = (desired: Parts, wanted: Parts) => {
    const row = { desired: encodeParts(desired), wanted: encodeParts(wanted), suspect_at: new Date(), pending: true }
    return { mark: 'stored', row: { ...row, desired_version: 1 } as AccountRow } satisfies DossierAccount
  }

  test('goes on waiting as long as a card of the account is to be blocked', () => {
    const before = parts({ [one]: 'on', [other]: 'on' })
    const after = parts({ [one]: 'blocked', [other]: 'blocked' })
    const changes = changesBetween(before, after, 'lockout-record')
    const held = account(before, after)
    expect(desire(held, changes.slice(0, 1))).toEqual({ whole: false, cardsShut: [one], cardsOn: [] })
    expect([held.row.suspect_at, held.row.pending]).toEqual([expect.any(Date), true])
    expect(desire(held, changes.slice(1))).toEqual({ whole: false, cardsShut: [other], cardsOn: [] })
    expect([held.row.suspect_at, held.row.pending, held.row.desired_version]).toEqual([null, false, 3])
  })
})
