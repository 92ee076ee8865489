/** What an operator should know about one server before trusting it with lock-outs. */
import type { Context, Health } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import type { Client } from './client.ts'
import { type Body, findScalar, parseAnswer } from './envelope.ts'
import type { ReaderRefusals } from './reader-refusals.ts'
import type { Reader } from './records.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'
import { ignoresHours } from './version.ts'
import { administrator, type View, viewKnownMs, viewOf } from './view.ts'

/** How long a request of ours may live at the server; `lateWriteMs` of the manifest covers it. */
const requestSecondsMax = 60

type Problem = Health['problems'][number]

/** @throws ConnectorError when the server can't be reached or refuses the login. */
export async function health(
  client: Client,
  session: Session,
  context: Context,
  settings: Settings,
  refusals: ReaderRefusals,
  signal: AbortSignal,
): Promise<Health> {
  const user = await session.user(signal, viewKnownMs)
  const view = viewOf(user)
  const [about, server, readers] = await allDone([
    readAbout(context, signal),
    unlessRefused(() => client.serverSettings(signal)),
    allReaders(client, signal),
  ])
  const problems: Problem[] = []
  if (user.permission.id === administrator) {
    problems.push(
      warning(
        'biostar2.administrator-login',
        'The login is a full administrator: give it an operator level for users and access control only.',
      ),
    )
  }
  if (user.need_to_update_pw) {
    problems.push(warning('biostar2.password-expires', 'The server asks for a new password of the service account.'))
  }
  if (server === null) {
    problems.push(
      warning(
        'biostar2.settings-unreadable',
        'The login may not read the server settings, so how changes reach the readers is unknown.',
      ),
    )
  } else {
    problems.push(...settingsProblems(server, settings))
  }
  problems.push(...readerProblems(readers), ...viewProblems(view))
  if (refusals.recent) {
    const message =
      'Within the last hour the server took a write and said that a reader did not: until that reader is sent it anew, it does not hold there.'
    problems.push(warning('biostar2.readers-refused', message))
  }
  if (about.product === 'BioStar 2' && ignoresHours(about.version)) {
    const message =
      'Before 2.9.1 readers ignore the hours of a start or an end: an account opens and ends by whole days.'
    problems.push(warning('biostar2.hours-ignored', message))
  }
  const sends = server !== null && findScalar(server, 'user_sync_method') !== undefined && !syncsByHand(server)
  const arrives = view.devices && readers?.every(isWell) && !refusals.recent
  return { ...about, reach: !view.users ? 'not-knowable' : sends && arrives ? 'read-back' : 'accepted', problems }
}

function viewProblems(view: View): Problem[] {
  const hidden = [
    ...(view.users ? [] : ['user groups']),
    ...(view.accessGroups ? [] : ['access groups']),
    ...(view.devices ? [] : ['device groups']),
  ]
  if (hidden.length === 0) return []
  const message = `The login's operator level does not show all ${hidden.join(', ')}: who or what is hidden looks as if it were gone. Let it see all.`
  return [{ severity: view.users && view.accessGroups ? 'warning' : 'error', code: 'biostar2.view-limited', message }]
}

function settingsProblems(server: Body, settings: Settings): Problem[] {
  const problems: Problem[] = []
  if (syncsByHand(server)) {
    const message =
      'Automatic user synchronisation is off: changes, lock-outs included, reach no reader until somebody sends them.'
    problems.push({ severity: 'error', code: 'biostar2.manual-sync', message })
  }
  const ids = findScalar(server, 'use_alphanumeric')
  const alphanumeric = isTrue(ids)
  if (ids !== undefined && alphanumeric !== (settings.user_id_format === 'alphanumeric')) {
    const message = `The server takes ${alphanumeric ? 'alphanumeric' : 'numeric'} user ids, and user_id_format says otherwise.`
    problems.push({ severity: 'error', code: 'biostar2.user-id-format', message })
  }
  if (Number(findScalar(server, 'web_request_timeout') ?? 0) > requestSecondsMax) {
    const message = `The server works on a request for more than ${requestSecondsMax} s (web_request_timeout): what is given up may land unseen until the next sweep.`
    problems.push(warning('biostar2.slow-requests', message))
  }
  if (isFalse(findScalar(server, 'use_allow_simultaneous_connection'))) {
    problems.push(
      warning(
        'biostar2.single-login',
        'Each login ends the one before: make sure that nobody else uses the service account.',
      ),
    )
  }
  return problems
}

/** 0/0 never pushes to the readers; every other pair pushes to some or all of them. */
function syncsByHand(server: Body): boolean {
  return (
    findScalar(server, 'user_sync_method') === '0' && (findScalar(server, 'user_by_device_sync_method') ?? '0') === '0'
  )
}

/** All readers of the server; null where we may not see them all. */
async function allReaders(client: Client, signal: AbortSignal): Promise<readonly Reader[] | null> {
  const found = await unlessRefused(() => client.readers(signal))
  return found?.whole ? found.rows : null
}

/**
 * One that is away, or did not take what it was sent, goes on deciding by what it knew before. `status` 0 is disconnected, 1 connected,
 * 2 a sync error; `user_sync_status` is -1 over capacity, 0 normal, else how many errors (BioStar 2 API, Device).
 */
function isWell({ status, user_sync_status }: Reader): boolean {
  return status === '1' && (user_sync_status ?? '0') === '0'
}

function readerProblems(readers: readonly Reader[] | null): Problem[] {
  if (readers === null) {
    const unseen =
      'The login may not see all readers, so whether changes, lock-outs included, reach them is unknown: let it read devices.'
    return [warning('biostar2.readers-unreadable', unseen)]
  }
  const behind = readers.filter((each) => !isWell(each)).length
  if (behind === 0) return []
  const message = `${behind} of ${readers.length} readers are not connected or did not take every user: until they do, changes, lock-outs included, do not hold there.`
  return [warning('biostar2.readers-behind', message)]
}

/** Null where the login is not allowed to: one that follows the rule of least privilege need not be. */
async function unlessRefused<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'rejected') return null
    throw error
  }
}

/** The vendor names the file but not its fields, so this takes what looks like a version and is content without. */
async function readAbout(context: Context, signal: AbortSignal): Promise<Pick<Health, 'product' | 'version'>> {
  const body = await readInfo(context, signal)
  const product = /biostar ?x\b/i.test(findScalar(body, 'product') ?? findScalar(body, 'name') ?? '')
    ? 'BioStar X'
    : 'BioStar 2'
  return { product, version: findScalar(body, 'version') ?? 'unknown' }
}

async function readInfo(context: Context, signal: AbortSignal): Promise<Body> {
  try {
    const answer = await context.http.request({ method: 'GET', path: '/js/info.json', route: '/js/info.json' }, signal)
    return answer.status === 200 ? parseAnswer(answer).body : {}
  } catch (error) {
    // Such as a redirect to a start page: the server is there, it only does not tell.
    if (error instanceof ConnectorError && error.kind === 'rejected') return {}
    throw error
  }
}

function warning(code: string, message: string): Problem {
  return { severity: 'warning', code, message }
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1'
}

function isFalse(value: string | undefined): boolean {
  return value === 'false' || value === '0'
}
