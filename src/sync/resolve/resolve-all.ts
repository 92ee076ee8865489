/** Resolves a batch of people and settles what only shows between people: taken account ids and cards that somebody else still holds. */
import type pg from 'pg'
import { recordAuditMany } from '../../audit/record.ts'
import type { CredentialId } from '../../model/id.ts'
import { forEachDigest } from '../../store/by-digest.ts'
import { cardRows, lockCards, wakeWaiting } from '../../store/card-holders.ts'
import { type Dossier, touch } from '../../store/dossier.ts'
import { lacksAccount } from '../../store/holdings.ts'
import { openRestore } from '../../store/restores.ts'
import type { SyncContext } from '../context.ts'
import { beginLost } from '../lost-accounts.ts'
import type { Origin } from '../origin.ts'
import { textKey } from '../text-key.ts'
import { twins } from './credentials.ts'
import { type Finding, resolve } from './resolve.ts'

/** Brings `wanted` up to date in memory; the caller saves. Findings are logged, by code. */
export async function resolveAll(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
  by: Origin,
): Promise<void> {
  const now = context.now()
  const findings: Finding[] = []
  const freed: Buffer[] = []
  await holdTakenCards(client, context, dossiers)
  for (const dossier of dossiers) {
    const resolution = resolve(context, dossier, now, by)
    findings.push(...resolution.findings)
    freed.push(...resolution.freedCards)
  }
  // Cards that are new to the store are known only now; whoever must wait is resolved once more, without the card.
  for (const dossier of await holdTakenCards(client, context, dossiers)) {
    findings.push(...resolve(context, dossier, now, by).findings)
    const waiting = dossier.credentials.filter(({ row }) => row.waits)
    if (waiting.length > 0) findings.push({ code: 'card.waits', scope: dossier.person.id })
    if (waiting.some((credential) => twins(dossier, credential).length > 0))
      findings.push({ code: 'card.two-formats', scope: dossier.person.id })
  }
  const isRestored = (await openRestore(client, context.vault)) !== null
  // Of whom an account's row was taken away: where that was can be told from what is known of them.
  for (const dossier of dossiers)
    if (isRestored || (dossier.torn && lacksAccount(dossier))) beginLost(context, dossier, now, by)
  await dropTakenIdentities(client, dossiers, findings)
  await tellEndedGrants(client, context, dossiers)
  await wakeWaiting(client, freed, now)
  // What a whole page of people has in common is said once.
  const said = new Map(findings.map((finding) => [`${finding.code} ${finding.scope}`, finding]))
  for (const { code, scope } of said.values()) context.log('warn', code, { scope })
}

/**
 * A card that another person of ours holds waits for its release, and until it was seen to be gone from their accounts: it is never on
 * two. One that the same person has under another format waits as well, since it is the same card to a reader: of two that come at once
 * neither is given, as nobody knows which is meant. Returns the people for whom that changed.
 */
async function holdTakenCards(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
): Promise<Dossier[]> {
  const asking = dossiers.flatMap((dossier) =>
    dossier.credentials
      .filter(({ mark, row }) => row.state !== 'returned' && (mark === 'fresh' || row.waits))
      .map((credential) => ({ dossier, credential })),
  )
  if (asking.length === 0) return []
  await lockCards(client)
  const rows = await cardRows(
    client,
    asking.map(({ credential }) => credential.row.digest),
    [...context.targets.keys()],
  )
  // What is in this batch counts as it stands now.
  const here = new Map(dossiers.flatMap(({ credentials }) => credentials.map(({ row }) => [row.id, row])))
  const holders = new Map<string, Set<CredentialId>>()
  for (const row of rows) {
    const { state, waits } = here.get(row.id) ?? row
    if (!row.lingers && (state === 'returned' || waits)) continue
    // A row that somebody tampered with holds its card as well: nobody gets it by that.
    addHolder(holders, textKey(row.digest), row.id)
  }
  const changed = new Set<Dossier>()
  for (const { dossier, credential } of asking) {
    const { row } = credential
    const key = textKey(row.digest)
    const waits = twins(dossier, credential).length > 0 || [...(holders.get(key) ?? [])].some((id) => id !== row.id)
    if (!waits) addHolder(holders, key, row.id)
    if (waits === row.waits) continue
    row.waits = waits
    touch(credential)
    changed.add(dossier)
  }
  return [...changed]
}

function addHolder(holders: Map<string, Set<CredentialId>>, key: string, credential: CredentialId): void {
  holders.set(key, (holders.get(key) ?? new Set()).add(credential))
}

/** Every right that ended by itself has an entry in the audit trail. */
async function tellEndedGrants(
  client: pg.ClientBase,
  context: SyncContext,
  dossiers: readonly Dossier[],
): Promise<void> {
  const ended = dossiers.flatMap(({ person, grants }) =>
    grants.flatMap(({ mark, row }) =>
      mark === 'changed' && (row.ending === 'expired' || row.ending === 'left') ? [{ person, row }] : [],
    ),
  )
  await recordAuditMany(
    client,
    context.vault,
    ended.map(({ person, row }) => ({
      actor: 'clock',
      action: 'grant.expired' as const,
      object: person.id,
      details: { grant: row.id, level: context.levels.nameOf(row.access_level_id) ?? null, because: row.ending },
    })),
  )
}

/** Two people can't have one account: the later one gets none, and a person is told. */
async function dropTakenIdentities(
  client: pg.ClientBase,
  dossiers: readonly Dossier[],
  findings: Finding[],
): Promise<void> {
  const fresh = dossiers.flatMap((dossier) =>
    dossier.accounts.filter(({ mark }) => mark === 'fresh').map((account) => ({ dossier, account })),
  )
  if (fresh.length === 0) return
  const taken = new Set<string>()
  for (const [target, same] of Map.groupBy(fresh, ({ account }) => account.row.target)) {
    const digests = same.map(({ account }) => account.row.external_digest)
    const { rows } = await client.query<{ i: number }>(
      forEachDigest('$2', 16, 'select from account where target = $1 and external_digest = d.digest'),
      [target, Buffer.concat(digests)],
    )
    for (const { i } of rows) taken.add(identityName(target, digests[i] as Buffer))
  }
  for (const { dossier, account } of fresh) {
    const name = identityName(account.row.target, account.row.external_digest)
    if (taken.has(name)) {
      dossier.accounts.splice(dossier.accounts.indexOf(account), 1)
      findings.push({ code: 'account.identity-taken', scope: dossier.person.id })
    }
    taken.add(name)
  }
}

function identityName(target: string, digest: Buffer): string {
  return `${target}:${textKey(digest)}`
}
