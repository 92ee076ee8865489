/** The state of a gateway on one screen, 80 columns wide: the verdict first, then what is worst. */
import type { StatusView } from '../api/acts/status.ts'
import { counted, plain, wrapped } from './plain.ts'
import { formatTable, paint } from './table.ts'

/** How long a lock-out may be open before it is called a worry; they take about a second. */
const lockoutLimitMs = 5_000
const alarmsShown = 8
/** Alarms that come first, in this order; those that are only a reminder come last. */
const first = ['lockout.open', 'guard.failed', 'audit.broken', 'target.paused', 'target.unreachable', 'source.late']
const last = ['target.frozen', 'gateway.frozen', 'plan.held']
/** What these say is among the worries already. */
const toldOtherwise = new Set([
  ...first.filter((code) => /^(lockout|target|source)/.test(code)),
  ...last,
  'account.dead',
])
const columns = 80

export function formatStatus(view: StatusView, colours: boolean): string {
  const worries = worriesOf(view)
  const { at, version, startedAt, roles, frozenSince } = view
  const verdict = worries.length === 0 ? paint('green', 'OK', colours) : paint('red', 'LOOK HERE', colours)
  return [
    worries.length === 0
      ? `${verdict}  nothing waits for a person`
      : `${verdict}  ${fitting(worries, columns - 'LOOK HERE  '.length)}`,
    paint('gray', `Gatehouse ${plain(version)} as ${roles.map(plain).join(', ')}, up ${spell(at, startedAt)}`, colours),
    ...(frozenSince === null
      ? []
      : [
          paint(
            'yellow',
            `Everything but lock-outs is frozen for ${spell(at, frozenSince)}: gatehouse unfreeze`,
            colours,
          ),
        ]),
    '',
    ...lockoutLines(view, colours),
    ...alarmLines(view, colours),
    targetTable(view, colours).trimEnd(),
    ...targetNotes(view),
    '',
    sourceTable(view, colours).trimEnd(),
    ...sourceNotes(view),
    '',
    ...eventLines(view, colours),
    ...subscriptionLines(view, colours),
    ...footLines(view, colours),
    '',
  ].join('\n')
}

/** As many as fit into one line; how many more there are. */
function fitting(all: readonly string[], room: number): string {
  for (let count = all.length; count > 1; count--) {
    const more = count === all.length ? '' : `, and ${all.length - count} more`
    const text = `${all.slice(0, count).join(', ')}${more}`
    if (text.length <= room) return text
  }
  return all[0] ?? ''
}

/** What a person should look at, worst first. */
function worriesOf(view: StatusView): string[] {
  const { at, lockouts, targets, sources, sourcesWaitFor, alarms, plans, queue, frozenSince } = view
  const late = lockouts.openAt.filter(({ since }) => Date.parse(at) - Date.parse(since) > lockoutLimitMs)
  const some = (count: number, one: string, many?: string): string[] => (count === 0 ? [] : [counted(count, one, many)])
  const dead = targets.reduce((sum, target) => sum + target.dead, 0)
  return [
    ...some(
      late.reduce((sum, { open }) => sum + open, 0),
      'lock-out not proven',
      'lock-outs not proven',
    ),
    ...some(targets.filter(({ forged }) => forged).length, 'target tampered with', 'targets tampered with'),
    ...some(targets.filter(({ unreachable }) => unreachable).length, 'target out of reach', 'targets out of reach'),
    ...some(targets.filter(({ pausedBecause }) => pausedBecause !== null).length, 'target paused', 'targets paused'),
    ...some(targets.filter(({ restoredAt }) => restoredAt !== null).length, 'target restored?', 'targets restored?'),
    ...(frozenSince === null
      ? some(targets.filter((target) => target.frozenSince !== null).length, 'target frozen', 'targets frozen')
      : ['frozen everywhere']),
    ...some(sources.filter(({ overdue }) => overdue).length, 'source late', 'sources late'),
    ...(sourcesWaitFor.length === 0 ? [] : ['sources wait for a target']),
    ...(queue.ok ? [] : ['the queue store is away']),
    ...some(alarms.filter(({ code }) => !toldOtherwise.has(code)).length, 'alarm'),
    ...some(plans.held, 'plan held', 'plans held'),
    ...some(dead, 'account given up', 'accounts given up'),
  ]
}

function heading(text: string, colours: boolean): string {
  return paint('bold', text.toUpperCase(), colours)
}

function lockoutLines({ at, lockouts }: StatusView, colours: boolean): string[] {
  const { open, openAt, byCause, proven24h, signedOff } = lockouts
  const where = openAt.map(({ target, open: count, since }) => `${plain(target)} ${count}, for ${spell(at, since)}`)
  return [
    `${heading('Lock-outs', colours)}  ${open === 0 ? 'none open' : paint('red', `${open} open`, colours)}${signedOff === 0 ? '' : `, ${signedOff} signed off`}${proven24h === 0 ? ', none proven in 24 h' : ''}`,
    ...(open === 0 ? [] : [wrapped(where.join('; '), '  ', columns)]),
    ...(proven24h === 0
      ? []
      : [
          formatTable(
            [
              { title: 'in 24 h, by', of: ({ cause }) => cause },
              { title: 'proven', of: ({ proven }) => proven, right: true },
              { title: 'half within', of: ({ p50Ms }) => milliseconds(p50Ms), right: true },
              { title: '99 % within', of: ({ p99Ms }) => milliseconds(p99Ms), right: true },
              { title: 'slowest', of: ({ maxMs }) => milliseconds(maxMs), right: true },
            ],
            byCause,
            colours,
          ).trimEnd(),
        ]),
    '',
  ]
}

function eventLines({ at, events }: StatusView, colours: boolean): string[] {
  if (events.length === 0) return []
  const table = formatTable(
    [
      { title: 'events of', of: ({ source }) => source },
      { title: 'heard', of: ({ heardAt }) => ago(at, heardAt) },
      { title: 'clock', of: ({ clockMs }) => clockText(clockMs) },
    ],
    events,
    colours,
  )
  return [table.trimEnd(), '']
}

/** Of the clock that is furthest from ours. */
function clockText(ms: number | null): string | null {
  if (ms === null) return null
  if (Math.abs(ms) < 1_000) return 'right'
  return `${spellMs(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`
}

function subscriptionLines({ at, subscriptions }: StatusView, colours: boolean): string[] {
  if (subscriptions.length === 0) return []
  const table = formatTable(
    [
      { title: 'subscription', of: ({ id }) => id },
      { title: 'waiting', of: ({ waiting }) => waiting, right: true },
      {
        title: 'state',
        of({ state, forged, failingSince }) {
          if (forged) return 'forged'
          if (state === 'disabled') return 'disabled'
          return failingSince === null ? 'ok' : `fails for ${spell(at, failingSince)}`
        },
      },
    ],
    subscriptions,
    colours,
  )
  return [table.trimEnd(), '']
}

function alarmLines({ at, alarms }: StatusView, colours: boolean): string[] {
  if (alarms.length === 0) return [`${heading('Alarms', colours)}  none`, '']
  // The same alarm of several things needs one piece of advice.
  const byCode = [...Map.groupBy(alarms, ({ code }) => code)].sort(([a], [b]) => rankOf(a) - rankOf(b))
  const shown = byCode.slice(0, alarmsShown)
  return [
    heading('Alarms', colours),
    ...shown.flatMap(([code, list]) => {
      const [one] = list as [(typeof list)[0]]
      const scopes = list.length === 1 ? plain(one.scope) : `${list.length} of them`
      const count = list.length > 1 || one.count === null ? '' : ` (${one.count})`
      const head = `${paint('red', plain(code), colours)}  ${cut(scopes, 36)}${count}, for ${spell(at, one.since)}`
      return one.action === null ? [head] : [head, wrapped(one.action, '  ', columns)]
    }),
    ...(byCode.length > alarmsShown ? ['and more: gatehouse alarms'] : []),
    '',
  ]
}

/** Those of one rank stay in the order of time. */
function rankOf(code: string): number {
  const at = first.indexOf(code)
  return at >= 0 ? at - first.length : last.indexOf(code) + 1
}

type Target = StatusView['targets'][number]

function targetTable({ targets }: StatusView, colours: boolean): string {
  return formatTable(
    [
      { title: 'target', of: ({ id }) => cut(id, 14) },
      { title: 'mode', of: ({ mode }) => mode },
      { title: 'accounts', of: ({ accounts }) => accounts, right: true },
      { title: 'waiting', of: ({ waiting }) => waiting, right: true },
      { title: 'failing', of: ({ failing }) => failing, right: true },
      { title: 'dead', of: ({ dead }) => dead, right: true },
      { title: 'proof', of: ({ reach }) => reach },
      { title: 'state', of: stateOf },
    ],
    targets,
    colours,
  )
}

function stateOf({ forged, pausedBecause, unreachable, frozenSince, restUntil, restoredAt }: Target): string {
  if (forged) return 'forged'
  if (pausedBecause !== null) return 'paused'
  if (restoredAt !== null) return 'restored?'
  if (unreachable) return 'away'
  if (frozenSince !== null) return 'frozen'
  return restUntil === null ? 'ok' : 'rests'
}

/** What does not fit into a word. */
function targetNotes({ at, targets }: StatusView): string[] {
  return targets.flatMap((target) => {
    const { id, forged, pausedBecause, urgentWaiting, unreachable, frozenSince, restUntil } = target
    const { restoredAt, waitsForMatch, withoutPerson, drifts, deepSweep } = target
    const notes = [
      ...(forged ? ['its row was changed outside Gatehouse'] : []),
      ...(pausedBecause === null ? [] : [`paused: ${plain(pausedBecause)}`]),
      ...(unreachable ? ['does not answer'] : []),
      ...(frozenSince === null ? [] : [`frozen for ${spell(at, frozenSince)}`]),
      ...(restUntil === null ? [] : [`asked us to wait ${spell(restUntil, at)}`]),
      ...(restoredAt === null ? [] : [`seems to have forgotten for ${spell(at, restoredAt)}`]),
      ...(waitsForMatch === 0 ? [] : [`${counted(waitsForMatch, 'account')} not made, waits: match`]),
      ...(withoutPerson === 0 ? [] : [`${counted(withoutPerson, 'account')} with no person`]),
      ...(drifts === 0 ? [] : [`${counted(drifts, 'change')} by hand: gatehouse drift`]),
      ...(deepSweep === null || deepSweep.endedAt !== null ? [] : [deepNote(deepSweep)]),
      ...(urgentWaiting === 0 ? [] : [`${counted(urgentWaiting, 'lock-out')} waiting`]),
    ]
    return notes.length === 0 ? [] : [wrapped(`${id}: ${notes.join('; ')}`, '  ', columns)]
  })
}

function deepNote({ read, total, accountsPerHour, hours }: NonNullable<Target['deepSweep']>): string {
  return `${read} of ${counted(total, 'account')} read singly, ${accountsPerHour} an hour, ${hours.toFixed(1)} h in all`
}

function sourceNotes({ sourcesWaitFor: targets }: StatusView): string[] {
  if (targets.length === 0) return []
  const told = targets.length === 1 ? 'has told its' : 'have told their'
  const text = `read once ${targets.map(plain).join(', ')} ${told} access levels: gatehouse check`
  return [wrapped(text, '  ', columns)]
}

function sourceTable({ at, sources, sourcesWaitFor }: StatusView, colours: boolean): string {
  return formatTable(
    [
      { title: 'source', of: ({ id }) => cut(id, 14) },
      { title: 'last delivery', of: ({ lastDeliveryAt }) => ago(at, lastDeliveryAt) },
      { title: 'last complete', of: ({ lastCompleteAt }) => ago(at, lastCompleteAt) },
      { title: 'outcome', of: ({ lastOutcome }) => lastOutcome },
      { title: 'records', of: ({ records }) => records, right: true },
      { title: 'state', of: ({ overdue }) => (overdue ? 'overdue' : sourcesWaitFor.length > 0 ? 'waits' : 'ok') },
    ],
    sources,
    colours,
  )
}

function footLines({ plans, people, queue, database, audit }: StatusView, colours: boolean): string[] {
  const states = Object.entries(people).map(([state, count]) => `${count} ${plain(state)}`)
  const held = plans.held === 0 ? 'none held' : `${plans.held} held: gatehouse plan list --state held`
  const waiting = database.waiting === 0 ? '' : `, ${database.waiting} waiting`
  return [
    `${heading('Plans', colours)}     ${held}`,
    `${heading('People', colours)}    ${states.join(', ') || 'none'}`,
    `${heading('Queue', colours)}     ${plain(queue.backend)} ${queue.ok ? paint('green', 'ok', colours) : paint('red', 'away', colours)}`,
    `${heading('Database', colours)}  ${database.used} of ${counted(database.max, 'connection')} in use${waiting}`,
    `${heading('Audit', colours)}     ${counted(audit.entries, 'entry', 'entries')}, ${audit.pending} pending`,
  ]
}

function milliseconds(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : spellMs(ms)
}

/** From one time to another, in the largest unit that gives two digits: `45 s`, `12 min`, `26 h`, `3 d`. */
function ago(at: string, time: string | null): string {
  return time === null ? 'never' : `${spell(at, time)} ago`
}

function spell(later: string, earlier: string): string {
  return spellMs(Date.parse(later) - Date.parse(earlier))
}

function spellMs(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3_600 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
