/** What an importer without seals, guards and digests would store of each worker: plain values, as wide as those that Gatehouse stores. */
import { randomUUID } from 'node:crypto'
import type { CopyValue } from '../src/store/copy.ts'

/** The cells of a worker. */
export type Row = Readonly<Record<string, string | null>>

export const floorTables = [
  'person_key',
  'person',
  'source_record',
  'credential',
  'account',
  'blind_index',
  'plan_change',
] as const
export type FloorTable = (typeof floorTables)[number]

interface TableRows {
  readonly names: readonly string[]
  /** The row with this number; there may be more rows than workers. */
  make(number: number): CopyValue[]
}

const guard = Buffer.alloc(32, 1)
const wrapped = Buffer.alloc(61, 1)
/** What a seal adds to a text. */
const sealBytes = 33

export function plainRows(workers: readonly Row[]): Readonly<Record<FloorTable, TableRows>> {
  const ids = workers.map(() => ({
    person: randomUUID(),
    key: randomUUID(),
    account: randomUUID(),
    card: randomUUID(),
  }))
  const at = (number: number) => number % workers.length
  const worker = (number: number) => workers[at(number)] as Row
  const id = (number: number) => ids[at(number)] as (typeof ids)[number]
  const plan = randomUUID()
  const levels = [randomUUID(), randomUUID()]
  const wanted = (number: number) =>
    JSON.stringify({
      lock: 'open',
      profile: worker(number).employeeNumber?.padEnd(16),
      validity: worker(number).start?.padEnd(16),
      cards: { [id(number).card]: 'on' },
      levels,
    })
  // An importer of its own would not write it; it is as wide here, so that both write as many bytes.
  const holdings = (number: number) =>
    `account:${id(number).account} card:${id(number).card}:active record:${id(number).person}`
  return {
    person_key: {
      names: ['id', 'epoch', 'wrapped'],
      make: (n) => [id(n).key, levels[0] as string, wrapped],
    },
    person: {
      names: [
        'id',
        'key_id',
        'state',
        'left_at',
        'next_change_at',
        'protected',
        'locked_at',
        'unlocked_until',
        'holdings',
        'guard',
      ],
      make: (n) => [id(n).person, id(n).key, 'active', null, null, false, null, null, holdings(n), guard],
    },
    source_record: {
      names: [
        'id',
        'source',
        'key_digest',
        'row_digest',
        'person_id',
        'key_id',
        'record',
        'version',
        'presence',
        'missing_since',
        'guard',
      ],
      make: (n) => [
        randomUUID(),
        'hr',
        wide(worker(n).workerId, 16),
        wide(worker(n).workerId, 32),
        id(n).person,
        id(n).key,
        text(recordOf(worker(n))),
        1,
        'present',
        null,
        guard,
      ],
    },
    credential: {
      names: ['id', 'person_id', 'digest', 'card', 'state', 'source', 'waits', 'guard'],
      make: (n) => [
        id(n).card,
        id(n).person,
        wide(`${worker(n).cardFacility}:${worker(n).cardNumber}`, 16),
        text({ format: 'H10301', bits: 26, raw: worker(n).cardNumber }),
        'active',
        'hr',
        false,
        guard,
      ],
    },
    account: {
      names: [
        'id',
        'target',
        'person_id',
        'key_id',
        'is_primary',
        'external_digest',
        'external_id',
        'wanted',
        'wanted_facts',
        'wanted_facts_version',
        'wanted_by',
        'pending',
        'desired_version',
        'guard',
      ],
      make: (n) => [
        id(n).account,
        'hq',
        id(n).person,
        id(n).key,
        true,
        wide(worker(n).workerId, 16),
        wide(worker(n).employeeNumber, (worker(n).employeeNumber?.length ?? 0) + sealBytes),
        wanted(n),
        text({ facts: factsOf(worker(n)), validity: { from: worker(n).start, until: worker(n).end } }),
        1,
        'source:hr',
        true,
        0,
        guard,
      ],
    },
    blind_index: {
      names: ['purpose', 'digest', 'person_id', 'guard'],
      make: (n) =>
        n < workers.length
          ? ['person-key', wide(worker(n).workerId, 16), id(n).person, guard]
          : ['employee-number', wide(worker(n).workerId, 16), id(n).person, guard],
    },
    plan_change: {
      names: ['plan_id', 'account_id', 'target', 'kind', 'part', 'before', 'after', 'held_for'],
      make: (n) => [plan, id(n).account, 'hq', 'create', 'account', null, '0123456789abcdef', 'brake'],
    },
  }
}

/** The value itself where Gatehouse stores a digest. */
function wide(value: string | null | undefined, bytes: number): Buffer {
  const wideEnough = Buffer.alloc(bytes)
  wideEnough.write(value ?? '')
  return wideEnough
}

/** The text itself, and as many bytes more as a seal takes. */
function text(value: object): Buffer {
  const plain = JSON.stringify(value)
  const bytes = Buffer.alloc(Buffer.byteLength(plain) + sealBytes)
  bytes.write(plain)
  return bytes
}

function recordOf({ workerId, personId, status, cardFacility, cardNumber, cardState, ...fields }: Row): object {
  return {
    key: workerId,
    fields: { ...fields, left: status === 'terminated' },
    hidden: [],
    attrs: {},
    personKey: personId,
    cards: [{ card: { format: 'H10301', bits: 26, raw: `${cardFacility}${cardNumber}` }, state: cardState }],
  }
}

function factsOf(worker: Row): object {
  const { employeeNumber, email, givenName, familyName, preferredName, department, title } = worker
  return { employeeNumber, email, givenName, familyName, preferredName, department, title }
}
