/** What an operator should know about one server before trusting it with lock-outs. */
import type { Health } from '../../src/connector/contract.ts'
import { ConnectorError } from '../../src/connector/errors.ts'
import { allDone } from '../../src/connector/outcomes.ts'
import { isNewer } from './carrier-fields.ts'
import { typeProblems } from './identifier-types.ts'
import type { Offered } from './offered.ts'
import { type CarrierType, isSource as isSourceOf, type Settings } from './settings.ts'
import type { Client } from './soap/client.ts'
import { unlessRefused } from './soap/errors.ts'
import { toLocalDate } from './soap/local-time.ts'
import { type BlockReason, readAs, versionInfo } from './soap/records.ts'
import type { Session } from './soap/session.ts'

type Problem = Health['problems'][number]

/** @throws ConnectorError when the server can't be reached or refuses the credentials. */
export async function health(
  client: Client,
  session: Session,
  offered: Offered,
  settings: Settings,
  now: () => Date,
  signal: AbortSignal,
): Promise<Health> {
  const { AeosVersion, WebServiceVersion } = readAs(versionInfo, await session.version(signal))
  // As a source it blocks nobody, and lives by the log.
  const isSource = isSourceOf(settings)
  const today = `${toLocalDate(now().getTime(), settings.server_zone)}T00:00:00`
  const wantedTypes = isSource ? settings.people.carrier_types : [settings.carrier, ...Object.values(settings.carriers)]
  const { unit_id, entrance_schedule } = settings
  const [operations, reasons, types, fields, refusals, log, events, hasUnit, hasSchedule] = await allDone([
    offered.names(signal),
    unlessRefused(() => client.blockReasons(signal)),
    unlessRefused(() => client.identifierTypes(signal)),
    unlessRefused(() => client.freeFields(signal)),
    allDone([
      refusal('people', () => client.findPeople({ PersonnelNo: 'gatehouse-asks-whether-it-may-look' }, 0, signal)),
      ...[...new Set(wantedTypes)].map((type) => refusal(type, () => client.carrier(type, nobody, signal))),
    ]),
    isSource ? unlessRefused(() => client.findLog(null, today, 0, signal)) : Promise.resolve(undefined),
    unlessRefused(() => client.findEvents({ greaterThan: beyondAll, from: today }, 0, signal)),
    unit_id === undefined ? Promise.resolve(true) : unlessRefused(() => client.hasUnit(unit_id, signal)),
    entrance_schedule === undefined
      ? Promise.resolve(true)
      : unlessRefused(() => client.hasSchedule(entrance_schedule, signal)),
  ])
  const told = await allDone(
    settings.fields.map(async ({ field }) =>
      isNewer(field) && !(await offered.hasField(field, signal)) ? [field] : [],
    ),
  )
  const newer = told.flat()
  const problems: Problem[] = [
    ...refusals.flat(),
    ...(log === null ? [problem('warning', 'aeos.log-closed', logClosed)] : []),
    ...(events === null ? [problem('warning', 'aeos.events-closed', eventsClosed)] : []),
    ...(isSource ? [] : reasonProblems(reasons, settings)),
    ...missing(
      types?.map(({ Id }) => Id),
      settings.identifier_types.map(({ id }) => id),
      'aeos.identifier-type-unknown',
      'identifier_types names types that AEOS does not have',
    ),
    ...typeProblems(types ?? [], settings),
    ...missing(
      fields?.map(({ Id }) => Id),
      [...settings.free_fields, ...settings.people.free_fields].map(({ definition_id }) => definition_id),
      'aeos.free-field-unknown',
      'free_fields names fields that AEOS does not have, or does not show to the role of the system user',
    ),
    ...newer.map((name) =>
      problem('error', 'aeos.field-unknown', `fields names ${name}, which this version of AEOS does not have.`),
    ),
    ...(hasUnit ? [] : [problem('error', 'aeos.unit-unknown', `unit_id ${unit_id} is no unit that AEOS shows.`)]),
    ...(hasSchedule
      ? []
      : [
          problem(
            'error',
            'aeos.schedule-unknown',
            `entrance_schedule ${entrance_schedule} is no schedule that AEOS shows.`,
          ),
        ]),
  ]
  if (settings.identifier_types.length === 0)
    problems.push(
      problem('warning', 'aeos.no-identifier-types', 'identifier_types is empty: no card can be written or read.'),
    )
  if (operations.size === 0)
    problems.push(
      problem(
        'warning',
        'aeos.description-unreadable',
        'AEOS does not show its WSDL (?wsdl): rights are taken away by writing back the whole profile of a carrier.',
      ),
    )
  else if (!operations.has('removeCarrierAuthorizations'))
    problems.push(
      problem(
        'warning',
        'aeos.old-version',
        'This version of AEOS takes rights away only by writing back the whole profile of a carrier: what is changed by hand in that instant is lost.',
      ),
    )
  return {
    product: 'Nedap AEOS',
    version: AeosVersion ?? WebServiceVersion ?? 'unknown',
    // What the server knows can be read; when each door controller has it, no operation tells.
    reach: 'read-back',
    problems,
  }
}

const logClosed =
  'The system user may not read the log of AEOS: what changes there is found by full reads only, so set full_at to more times of the day.'

const eventsClosed = 'The system user may not read the events of AEOS: none can be followed here.'
const beyondAll = '9223372036854775806'

/** Looked for by its id, of which none is so high: to see whether we may look. */
const nobody = '2147483647'

/** Empty where we may look for them. */
async function refusal(of: CarrierType | 'people', look: () => Promise<unknown>): Promise<Problem[]> {
  try {
    await look()
    return []
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'rejected') throw error
    const whom = of === 'people' ? of : `carriers of type ${of}`
    return [problem('error', error.code, `The system user may not look for ${whom}. ${error.hint ?? ''}`.trim())]
  }
}

/** What AEOS takes a reason for, each by a flag of its own. */
function reasonProblems(
  reasons: readonly BlockReason[] | null,
  { block_reasons: { carrier, token } }: Settings,
): Problem[] {
  if (reasons === null)
    return [problem('warning', 'aeos.reasons-unreadable', 'The system user may not read the block reasons.')]
  const wanting = (setting: string, id: string, uses: readonly (readonly [Use, string])[]) => {
    const reason = reasons.find(({ Id }) => Id === id)
    const absent = uses.flatMap(([flag, use]) => (reason?.[flag] ? [] : [use])).join(', ')
    if (absent === '') return []
    const isFit = (each: BlockReason) => uses.every(([flag]) => each[flag])
    const fit = reasons.filter(isFit)
    const unfit = reasons.filter((each) => !isFit(each))
    const said = fit.length > 0 ? `These would do: ${listed(fit)}.` : 'AEOS has none that would do.'
    const others = unfit.length > 0 ? ` These are for something else: ${listed(unfit)}.` : ''
    return [problem('error', 'aeos.block-reason', `${setting} ${id} is no reason for ${absent}. ${said}${others}`)]
  }
  return [
    ...wanting('block_reasons.carrier', carrier, [['CarrierBlockReason', 'blocking carriers']]),
    ...wanting('block_reasons.token', token, [
      ['IdentifierBlockReason', 'blocking badges'],
      ['IdentifierWithdrawReason', 'withdrawing badges'],
      ['IdentifierWithdrawReplacedReason', 'withdrawing badges that were replaced'],
    ]),
  ]
}

/** By id, as the settings name them, and by what AEOS calls them. */
function listed(reasons: readonly BlockReason[]): string {
  return reasons.map(({ Id, Description }) => `${Id} ${Description ?? ''}`.trim()).join(', ')
}

type Use = Exclude<keyof BlockReason, 'Id' | 'Description'>

function missing(there: readonly string[] | undefined, wanted: readonly string[], code: string, what: string) {
  const absent = there === undefined ? [] : wanted.filter((id) => !there.includes(id))
  return absent.length === 0 ? [] : [problem('error', code, `${what}: ${absent.join(', ')}.`)]
}

function problem(severity: Problem['severity'], code: string, message: string): Problem {
  return { severity, code, message }
}
