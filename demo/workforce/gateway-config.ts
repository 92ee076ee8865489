/** How a gateway is told about the made-up organisation: the one configuration of the demo, the benchmarks and the tests. */
import { departments } from './organisation.ts'

/** The access group that everybody gets. */
export const everybody = 'Main entrance'

export const groupOf = (department: string): string => `${department} doors`

/** The groups that the rules name. */
export const groups: readonly string[] = [everybody, ...departments.map(groupOf)]

const plainFields = [
  'kind',
  'employeeNumber',
  'email',
  'givenName',
  'familyName',
  'preferredName',
  'title',
  'department',
  'site',
  'start',
  'end',
  'lastWorkingDay',
] as const

/** From a row of `csv.ts` to a source record. */
export const mapping = {
  key: 'row.workerId',
  person: 'row.personId',
  fields: {
    ...Object.fromEntries(plainFields.map((name) => [name, `row.${name}`])),
    left: 'row.status == "terminated"',
  },
  cards: [{ format: 'H10301', facility: 'row.cardFacility', number: 'row.cardNumber', state: 'row.cardState' }],
}

/** The settings of a simulated door system; its password lies beside the configuration in a file of its own. */
export function doorSystem(simulator: {
  readonly url: string
  readonly fingerprint256: string
  readonly username: string
}) {
  return {
    url: simulator.url,
    fingerprint256: simulator.fingerprint256,
    user_id_format: 'alphanumeric',
    login_id: simulator.username,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
    password: '${file:./password}',
  }
}

/** Everybody gets the main entrance, and each department its own doors, at each of these door systems. */
export function policyFor(...targets: readonly string[]): { grant: string[]; to: string }[] {
  const everywhere = (level: string) => targets.map((target) => `${target}/${level}`)
  return [
    { grant: everywhere(everybody), to: 'true' },
    ...departments.map((department) => ({
      grant: everywhere(groupOf(department)),
      to: `employment.department == "${department}"`,
    })),
  ]
}
