/**
 * How each column comes under new keys: table by table, whatever is sealed, digested or signed, and texts that hold keyed names. A test
 * holds it to the catalogue, so that no column is forgotten. One file because it is held against the catalogue as a whole.
 */
import type { Selectable } from 'kysely'
import { type Card, wireKey } from '../../model/card.ts'
import type { SourceRecord } from '../../model/source-record.ts'
import {
  accountGuard,
  approvalGuard,
  archiveGuard,
  blindIndexGuard,
  clearedGuard,
  configVersionGuard,
  credentialGuard,
  discardGuard,
  driftGuard,
  enrolmentGuard,
  erasureAccountGuard,
  erasureGuard,
  eventGuardGuard,
  eventMonthGuard,
  eventSourceGuard,
  grantGuard,
  intentGuard,
  keySetGuard,
  levelGuard,
  lockMarkGuard,
  lockoutGuard,
  lockoutStepsGuard,
  matchRunGuard,
  noticeGuard,
  ownedGuard,
  personGuard,
  pinIssueGuard,
  planGuard,
  punchGuard,
  punchLogGuard,
  punchPositionGuard,
  raisedGuard,
  restoreGuard,
  signOffGuard,
  sourceRecordGuard,
  sourceStandingGuard,
  standingGuard,
  subjectGuard,
  subscriptionGuard,
  subscriptionPositionGuard,
  suspensionGuard,
  targetModeGuard,
  tokenGuard,
  tombstoneGuard,
} from '../../store/guards.ts'
import { placeOfPunch, punchDigest, punchDigestBytes, wrappedIn } from '../../store/punches/punch.ts'
import type { Tables } from '../../store/schema.ts'
import { everywhere } from '../../store/standings.ts'
import { indexPurposes } from '../../vault/blind-index.ts'
import { unlessRowFault } from '../../vault/vault-error.ts'
import {
  besideOf,
  ofAccount,
  renamedDesired,
  renamedDriftPart,
  renamedIntents,
  renamedOwned,
  renamedWanted,
} from './account-texts.ts'
import { alongside, carried, forgotten, indexed, kept, type Recipes, sealed, signed } from './recipes.ts'

/** Columns of which nothing comes under new keys, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  match_row: 'deleted: whose accounts are is found anew by `match`',
  event_key:
    'left as they are, and looked up under the keys before as well: they say which events were told, not whose, and are forgotten after 90 days',
  event:
    'many: sealed anew page by page afterwards, by who turns keys; up to then they are opened with the keys before',
  audit_pending: 'empty: all of it was chained before',
  audit: 'never written anew; the old keys open and verify it up to where it ended then, and sign nothing',
}

type RowOf<Name extends keyof Tables> = Selectable<Tables[Name]>

export interface Remade<Row> {
  /** `key` and `person`: where the row says whose it is. */
  readonly whose?: 'key' | 'person'
  /** Joined to each row, and what of it is read. */
  readonly beside?: { readonly join: string; readonly columns: string }
  readonly columns: Recipes<Row>
}

/** A table that is not here has nothing of that kind, or is dealt with as `exceptions` says. */
type Registry = { readonly [Name in keyof Tables]?: Remade<RowOf<Name>> }

const person = { by: 'person' } as const
const system = { by: 'system' } as const

export const registry: Registry = {
  gateway: {
    columns: {
      standing_guard: signed('standing', ({ frozen_at, standing_version: version }) =>
        standingGuard({ scope: everywhere, paused_at: null, pause_code: null, frozen_at, version }),
      ),
      key_set: { type: 'uuid', make: ({ turn }) => turn.next.keySet },
      key_set_guard: signed('gateway', ({ id, key_set }) => keySetGuard(id, key_set ?? '')),
    },
  },
  config_version: {
    columns: {
      config: sealed(({ id }) => place('config_version', 'config', id), system),
      digest: {
        type: 'bytea',
        make(cell) {
          const { turn, opened, was } = cell
          const text = opened.get('config')
          const isIts = text !== undefined && turn.old.digest('config-version', [text]).equals(was.digest)
          if (!isIts) cell.unreadable = true
          return isIts ? turn.next.digest('config-version', [text]) : turn.next.carryOver.digest(was.digest)
        },
      },
      // Everybody is looked at once more.
      resolved: forgotten('bytea'),
      guard: signed('config_version', configVersionGuard),
    },
  },
  subject: {
    columns: {
      name: sealed(({ id }) => place('subject', 'name', id), system),
      name_digest: {
        type: 'bytea',
        make: ({ turn: { next }, opened, was }) => {
          const name = opened.get('name')
          if (name === undefined) return next.carryOver.digest(was.name_digest)
          return next.digest('subject-name', [name.normalize('NFKC').toLowerCase()])
        },
      },
      guard: signed('subject', subjectGuard),
    },
  },
  api_token: {
    columns: {
      // None of them works any more.
      mac: carried(),
      revoked_at: { type: 'timestamptz', make: ({ was, turn }) => was.revoked_at ?? turn.at },
      guard: signed('api_token', tokenGuard),
    },
  },
  source: {
    columns: {
      // Whatever a source offers is read from its start.
      fingerprint: forgotten('bytea'),
      fingerprint_at: forgotten('timestamptz'),
      written_at: forgotten('timestamptz'),
    },
  },
  source_standing: {
    columns: {
      // Digests of rows are new, so that all rows seem to have changed: only once they are stored can they be compared again.
      shape: forgotten('bytea'),
      reading: forgotten('bytea'),
      cursor: forgotten('bytea'),
      columns_full: carried(),
      columns_delta: carried(),
      offered_full: carried(),
      offered_delta: carried(),
      guard: signed('source_standing', sourceStandingGuard),
    },
  },
  target: {
    columns: {
      mode_guard: signed('target', targetModeGuard),
      // Its accounts are looked through anew.
      sweep_guard: forgotten('bytea'),
      deep_guard: forgotten('bytea'),
      standing_guard: signed('standing', ({ id: scope, paused_at, pause_code, frozen_at, standing_version: version }) =>
        standingGuard({ scope, paused_at, pause_code, frozen_at, version }),
      ),
    },
  },
  access_level: { columns: { guard: signed('access_level', levelGuard) } },
  person: { columns: { guard: signed('person', personGuard) } },
  person_key: {
    columns: {
      wrapped: {
        type: 'bytea',
        make(cell) {
          const { turn, was, now } = cell
          const keys = unlessRowFault(() => [turn.old.unwrap(was), ...turn.old.unwrapFormer(was)] as const)
          if (keys === null) cell.unreadable = true
          else Object.assign(now, turn.next.replaceKey(keys))
          return now.wrapped
        },
      },
      epoch: alongside('text'),
      former: alongside('bytea'),
    },
  },
  source_record: {
    whose: 'key',
    columns: {
      record: sealed(({ id, version }) => place('source_record', 'record', id, version), person),
      key_digest: indexed('record-key', ({ was, opened }) => {
        const text = opened.get('record')
        return text === undefined ? null : `${was.source}/${(JSON.parse(text) as SourceRecord).key}`
      }),
      row_digest: carried(),
      guard: signed('source_record', sourceRecordGuard),
    },
  },
  // Digests are made anew with the records that they come from: see `blind-index.ts`.
  blind_index: {
    columns: {
      digest: kept(),
      guard: signed('blind_index', ({ purpose, digest, person_id }) => blindIndexGuard(purpose, digest, person_id)),
    },
  },
  credential: {
    whose: 'person',
    columns: {
      card: sealed(({ id }) => place('credential', 'card', id), person),
      digest: indexed('card', ({ opened }) => {
        const text = opened.get('card')
        return text === undefined ? null : wireKey(JSON.parse(text) as Card)
      }),
      guard: signed('credential', credentialGuard),
    },
  },
  individual_grant: {
    whose: 'person',
    columns: {
      reason: sealed(({ id }) => place('individual_grant', 'reason', id), person),
      guard: signed('individual_grant', grantGuard),
    },
  },
  pin_issue: {
    whose: 'person',
    columns: {
      pin: sealed(({ id }) => place('pin_issue', 'pin', id), person),
      guard: signed('pin_issue', pinIssueGuard),
    },
  },
  account: {
    whose: 'key',
    columns: {
      external_id: sealed(({ id }) => place('account', 'external_id', id), person),
      external_digest: indexed('account', ({ was, opened }) => {
        const externalId = opened.get('external_id')
        return externalId === undefined ? null : `${was.target}/${externalId}`
      }),
      wanted_facts: sealed((row) => place('account', 'facts', row.id, row.wanted_facts_version), person),
      desired_facts: sealed((row) => place('account', 'facts', row.id, row.desired_facts_version ?? 0), person),
      actual: sealed((row) => place('account', 'actual', row.id, row.actual_version ?? 0), {
        by: 'person',
        spare: true,
      }),
      wanted: { type: 'text', make: renamedWanted },
      desired: { type: 'text', make: renamedDesired },
      desired_mac: signed('account_intent', ({ id, desired }) => intentGuard(id, desired ?? '')),
      discarded_guard: signed('account_discard', ({ id, discarded_version }) => discardGuard(id, discarded_version)),
      owned: { type: 'text', make: renamedOwned },
      owned_guard: signed('account_owned', ({ id, owned }) => ownedGuard(id, owned)),
      guard: signed('account', accountGuard),
    },
  },
  account_work: { beside: ofAccount, columns: { intents: { type: 'jsonb', make: renamedIntents } } },
  drift: {
    beside: ofAccount,
    columns: {
      external_id: sealed(({ id }) => place('drift', 'external_id', id), system),
      external_digest: {
        type: 'bytea',
        make(cell) {
          const { turn, was, opened } = cell
          const externalId = opened.get('external_id')
          if (externalId !== undefined) return turn.next.index('account', `${was.target}/${externalId}`)
          return besideOf(cell)._digest ?? turn.next.carryOver.index('account', was.external_digest)
        },
      },
      part: { type: 'text', make: renamedDriftPart },
      guard: signed('drift', driftGuard),
    },
  },
  lock_mark: {
    columns: {
      // Also of somebody whose row is gone, so that nobody can tell the number any more.
      digest: carried(({ carryOver }, digest, row) => {
        const purpose = indexPurposes.find((each) => each === row.purpose)
        return purpose === undefined ? carryOver.digest(digest) : carryOver.index(purpose, digest)
      }),
      guard: signed('lock_mark', lockMarkGuard),
    },
  },
  erasure: { columns: { guard: signed('erasure', erasureGuard) } },
  erasure_account: { columns: { guard: signed('erasure_account', erasureAccountGuard) } },
  tombstone: {
    columns: {
      digest: carried(({ carryOver }, digest) => carryOver.tombstone(digest)),
      guard: signed('tombstone', ({ purpose, digest, erasure_id }) => tombstoneGuard(purpose, digest, erasure_id)),
    },
  },
  archive: {
    columns: {
      fingerprint: carried(),
      wrapped: {
        type: 'bytea',
        make(cell) {
          const { turn, was, now } = cell
          const wrapped = unlessRowFault(() => turn.next.wrapFile(turn.old.unwrapFile(was)))
          if (wrapped === null) cell.unreadable = true
          else Object.assign(now, { epoch: wrapped.epoch, wrapped: wrapped.wrapped })
          return now.wrapped
        },
      },
      epoch: alongside('text'),
      guard: signed('archive', archiveGuard),
    },
  },
  // Hashes cover the names that changes hold: see `plans.ts`.
  plan: { columns: { hash: kept(), guard: signed('plan', planGuard) } },
  lockout: {
    columns: {
      guard: signed('lockout', lockoutGuard),
      steps_guard: signed('lockout_steps', (row) => lockoutStepsGuard(row.id, row)),
      sign_off_guard: signed('lockout_sign_off', signOffGuard),
    },
  },
  punch: {
    columns: {
      // Inside lies what is sealed with the key of the person: it opens with the one before.
      sealed: sealed((row) => placeOfPunch(row), system),
      person_digest: {
        type: 'bytea',
        make(cell) {
          const { turn, was, opened } = cell
          const text = opened.get('sealed')
          if (text === undefined) return turn.next.carryOver.digest(was.person_digest).subarray(0, punchDigestBytes)
          return punchDigest(turn.next, wrappedIn(text).key, was.day)
        },
      },
      // Up to where events were looked through says the rest.
      event_digest: carried(({ carryOver }, digest) => carryOver.digest(digest).subarray(0, punchDigestBytes)),
      guard: signed('punch', punchGuard),
    },
  },
  punch_log: { columns: { guard: signed('punch_log', ({ last_n }) => punchLogGuard(Number(last_n))) } },
  punch_position: {
    columns: {
      guard: signed('punch_position', ({ source, position }) => punchPositionGuard(source, Number(position))),
    },
  },
  // Who waits by it waits on, until the target is matched once more.
  match_run: { columns: { guard: signed('match_run', matchRunGuard) } },
  event_source: {
    columns: {
      cursor: sealed(({ source }) => place('event_source', 'cursor', source), system),
      // Its events are sealed anew afterwards: up to here they may lie under the keys before.
      former_to: { type: 'int8', make: ({ was }) => was.position },
      renewed_to: { type: 'int8', make: () => 0 },
      guard: signed('event_source', eventSourceGuard),
    },
  },
  event_month: { columns: { guard: signed('event_month', eventMonthGuard) } },
  event_guard: {
    columns: { guard: signed('event_guard', ({ source, position }) => eventGuardGuard(source, Number(position))) },
  },
  enrolment: {
    whose: 'person',
    columns: {
      reason: sealed(({ id }) => place('enrolment', 'reason', id), person),
      guard: signed('enrolment', enrolmentGuard),
    },
  },
  suspension: { columns: { guard: signed('suspension', suspensionGuard) } },
  suspension_approval: {
    whose: 'person',
    columns: {
      reason: sealed(({ id }) => place('suspension_approval', 'reason', id), person),
      guard: signed('suspension_approval', approvalGuard),
    },
  },
  restore: { columns: { guard: signed('restore', restoreGuard) } },
  subscription: { columns: { guard: signed('subscription', subscriptionGuard) } },
  subscription_position: { columns: { guard: signed('subscription_position', subscriptionPositionGuard) } },
  alarm: {
    columns: {
      cleared_guard: signed('alarm', ({ code, scope, cleared_at }) => clearedGuard(code, scope, cleared_at as Date)),
      raised_guard: signed('alarm_raised', ({ code, scope, raised_at }) => raisedGuard(code, scope, raised_at)),
    },
  },
  alarm_notice: {
    columns: {
      guard: signed('alarm_notice', (row) => noticeGuard(row.id, row.code, row.scope, row.is_on, row.at, row.count)),
    },
  },
  audit_mark: {
    columns: {
      hash: kept(),
      guard: signed('audit_mark', ({ seq, hash }) => [Number(seq), hash]),
    },
  },
}

function place(table: string, column: string, row: string, version = 1) {
  return { table, column, row, version }
}
