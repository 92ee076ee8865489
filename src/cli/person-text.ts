/** One person on a screen: who they are, what each door system has of them and should have, and why. */
import type { ExplanationView, PersonView } from '../api/acts/people.ts'
import { plain, plainTime } from './plain.ts'
import { formatPairs, formatTable, paint } from './table.ts'

type Account = PersonView['accounts'][number]

export function formatPerson(person: PersonView, colours: boolean): string {
  const { facts, employments, cards } = person.profile
  return [
    `Person ${plain(person.id)}: ${standingOf(person)}\n${leaverText(person.leaver)}`,
    formatPairs(known({ ...facts, kind: person.profile.kind })),
    formatTable(
      [
        { title: 'employment', of: (each) => `${each.source}/${each.key}` },
        { title: 'kind', of: (each) => each.kind },
        { title: 'from', of: (each) => each.start },
        { title: 'last day', of: (each) => each.end },
        { title: 'department', of: (each) => each.department },
        { title: 'site', of: (each) => each.site },
        { title: 'state', of: (each) => (each.left ? 'left' : each.suspended ? 'suspended' : '-') },
      ],
      employments,
      colours,
    ),
    formatTable(
      [
        { title: 'card', of: ({ card }) => card },
        { title: 'state', of: ({ state, waits }) => (waits ? `${state}, waits for its holder to give it up` : state) },
      ],
      cards,
      colours,
    ),
    ...person.accounts.map((account) => formatAccount(account, colours)),
    ...(person.grants.length === 0 ? [] : [formatIndividual(person.grants, colours)]),
    ...(person.lockouts.length === 0 ? [] : [formatLockouts(person.lockouts, colours)]),
  ].join('\n')
}

function formatIndividual(grants: PersonView['grants'], colours: boolean): string {
  return formatTable(
    [
      { title: 'given by name', of: ({ level }) => level },
      { title: 'until', of: ({ until }) => (until === null ? 'revoked' : plainTime(until)) },
      { title: 'by', of: ({ by }) => by },
      { title: 'waits', of: ({ waits }) => waits },
    ],
    grants,
    colours,
  )
}

function formatLockouts(lockouts: PersonView['lockouts'], colours: boolean): string {
  return formatTable(
    [
      { title: 'lock-out', of: ({ target }) => target },
      { title: 'because of', of: ({ cause }) => cause },
      { title: 'arrived', of: ({ arrivedAt }) => plainTime(arrivedAt) },
      { title: 'proven after', of: provenAfter, right: true },
      { title: 'proof', of: ({ proof }) => proof },
    ],
    lockouts,
    colours,
  )
}

function standingOf({ state, protected: held, lockedByOperator, nextChangeAt }: PersonView): string {
  return [
    plain(state),
    ...(lockedByOperator ? ['locked by an operator'] : []),
    ...(held ? ['protected'] : []),
    ...(nextChangeAt === null ? [] : [`changes at ${plainTime(nextChangeAt)}`]),
  ].join(', ')
}

function leaverText(leaver: PersonView['leaver']): string {
  if (leaver === null) return ''
  const { leftAt, levelsOffAt, cardsOffAt, deletedAt } = leaver
  const deleted = deletedAt === null ? 'account kept' : `account deleted ${plainTime(deletedAt)}`
  return `left ${plainTime(leftAt)}: levels off ${plainTime(levelsOffAt)}, cards off ${plainTime(cardsOffAt)}, ${deleted}\n`
}

const shownProfile = (profile: Readonly<Record<string, string | null>>): [string, string][] =>
  known(profile).map(([name, value]) => [name, value === '' ? '(empty)' : value])

const known = (facts: Readonly<Record<string, string | null>>): [string, string][] =>
  Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))

function provenAfter({ state, arrivedAt, provenAt, endedAt }: PersonView['lockouts'][number]): string {
  if (state === 'not-provable') return 'not provable'
  if (provenAt !== null) return `${Date.parse(provenAt) - Date.parse(arrivedAt)} ms`
  return endedAt === null ? 'open' : 'ended before'
}

const lockText = ({ lock, deleted }: Account['wanted']): string => (deleted ? 'deleted' : lock)

/** Row by row what is wanted, what is desired and what the target shows. */
function formatAccount(account: Account, colours: boolean): string {
  const { wanted, desired, actual, failures } = account
  const cards = new Set([wanted, desired].flatMap((parts) => Object.keys(parts?.cards ?? {})))
  const shownCards = new Map(actual?.cards.map(({ card, ref, state }) => [card ?? `card ${ref}`, state]))
  const levels = new Set([wanted, desired, actual].flatMap((parts) => parts?.levels ?? []))
  const has = (parts: { readonly levels: readonly string[] } | null, level: string) =>
    parts?.levels.includes(level) ? 'on' : null
  const rows = [
    { part: 'lock', wanted: lockText(wanted), desired: desired && lockText(desired), actual: actual?.lock },
    ...[...new Set([...cards, ...shownCards.keys()])].map((card) => ({
      ...{ part: card, wanted: wanted.cards[card], desired: desired?.cards[card], actual: shownCards.get(card) },
    })),
    ...[...levels].map((level) => ({
      ...{ part: level, wanted: has(wanted, level), desired: has(desired, level), actual: has(actual, level) },
    })),
  ]
  const told = [
    `Account ${plain(account.externalId)} at ${plain(account.target)}: ${account.settled ? 'settled' : account.waits === null ? 'not settled' : `waits: ${account.waits}`}`,
    `last seen ${plainTime(account.actualAt)}`,
  ].join(', ')
  const problems = Object.entries(failures ?? {}).map(
    ([part, { code, kind }]) => `${paint('red', 'failing', colours)} ${plain(part)}: ${plain(code)} (${plain(kind)})\n`,
  )
  const table = formatTable(
    [
      { title: 'part', of: (row) => row.part },
      { title: 'wanted', of: (row) => row.wanted },
      { title: 'desired', of: (row) => row.desired },
      { title: 'actual', of: (row) => row.actual },
    ],
    rows,
    colours,
  )
  const byRule = desired?.lock === 'closed' ? (actual?.inheritedLevels ?? []) : []
  const stays = byRule.length === 0 ? '' : `${despiteText(byRule)}\n`
  const suspended = account.suspension === null ? '' : `${suspensionText(account.suspension, colours)}\n`
  return `${told}\n${suspended}${stays}${problems.join('')}${table}`
}

function suspensionText({ id, state, since }: NonNullable<Account['suspension']>, colours: boolean): string {
  const [is, act] = {
    shut: [
      `since ${plainTime(since)}: what opens it changed, and nobody explained it`,
      `gatehouse suspensions show ${plain(id)}, then two different people approve`,
    ],
    waits: [
      `not yet: what opens it changed ${plainTime(since)}, and nobody explained it`,
      `an admin shuts it by gatehouse suspensions release ${plain(id)}`,
    ],
    forged: [
      'by a row that was changed outside Gatehouse: it is shut anew within seconds',
      'find out who writes to the database',
    ],
  }[state]
  return `${paint('red', 'suspended', colours)} ${is}\n          ${act}`
}

function despiteText(levels: readonly string[]): string {
  return `kept shut, though rules of the door system itself give ${plain(levels.join(', '))}: take the person out of them there`
}

/** The rules that give something first; of those that don't, what they read. */
export function formatExplanation(explanation: ExplanationView, colours: boolean): string {
  const order = ['granted', 'unknown', 'denied']
  const rules = explanation.rules.toSorted((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))
  return [
    [
      `State: ${plain(explanation.state)}`,
      ...(explanation.lockedByOperator ? ['locked by an operator'] : []),
      ...(explanation.heldOpenUntil === null ? [] : [`held open until ${plainTime(explanation.heldOpenUntil)}`]),
      ...(explanation.nextChangeAt === null ? [] : [`changes at ${plainTime(explanation.nextChangeAt)}`]),
    ].join(', '),
    ...(explanation.leaver === null ? [] : [leaverText(explanation.leaver).trimEnd()]),
    ...explanation.shutDespite.map(({ target, levels }) => `At ${plain(target)} ${despiteText(levels)}`),
    ...rules.map((rule) => `\n${formatRule(rule, colours)}`),
    ...explanation.individual.map(
      ({ level, until, by, reason, waits }) =>
        `\n${paint('green', 'granted ', colours)} ${plain(level)}\n         by name: ${plain(by)}, until ${until === null ? 'somebody revokes it' : plainTime(until)}${waits === null ? '' : `, waits: ${plain(waits)}`}\n         ${plain(reason)}`,
    ),
    ...explanation.notInForce.map(({ source, employment }) => `\nnot in force: ${plain(source)}/${plain(employment)}`),
    '',
    formatTable(
      [
        { title: 'record of', of: (record) => record.source },
        { title: 'presence', of: (record) => record.presence },
        { title: 'missing since', of: (record) => plainTime(record.missingSince) },
      ],
      explanation.records,
      colours,
    ),
    ...explanation.written.map(
      ({ target, profile }) => `As it is to be written to ${plain(target)}:\n${formatPairs(shownProfile(profile))}`,
    ),
  ].join('\n')
}

const toneOf = { granted: 'green', unknown: 'yellow', denied: 'gray' } as const

function formatRule(rule: ExplanationView['rules'][number], colours: boolean): string {
  const because = rule.employments.map(({ source, employment, verdict, inForce, code, fields }) => {
    const read = fields.map(
      ({ field, known: isKnown, value }) => `${field} is ${isKnown ? JSON.stringify(value) : 'unknown'}`,
    )
    const notes = [...read, ...(code === null ? [] : [code]), ...(inForce ? [] : ['not known to be in force'])]
    return `         ${plain(`${source}/${employment}: ${verdict}${notes.length === 0 ? '' : `, ${notes.join(', ')}`}`)}`
  })
  return [
    `${paint(toneOf[rule.outcome], rule.outcome.padEnd(8), colours)} ${plain(rule.grant.join(', '))}`,
    `         rule ${rule.rule}: ${plain(rule.to)}`,
    ...because,
  ].join('\n')
}
