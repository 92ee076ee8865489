/** The configuration of the measured site: one HR file, one door system, a rule for everybody and one per department. */
import { departments, sites, siteZone } from '../demo/workforce/organisation.ts'
import type { SimulatorFacts } from './simulator-child.ts'

export const settleMs = 100

const everybody = 'Main entrance'
const levelOf = (department: string): string => `${department} doors`

/** The access groups that the rules name. */
export const levels = [everybody, ...departments.map(levelOf)].map((name) => ({ name, doors: [name] }))

const fields = [
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
]

export function siteConfig(simulator: SimulatorFacts, folder: string): object {
  return {
    gateway: { name: 'bench', data: './.gatehouse', zone: 'Europe/Berlin' },
    http: { listen: '127.0.0.1:0' },
    sites: Object.fromEntries(sites.map(({ name }) => [name, { zone: siteZone(name) }])),
    sources: {
      hr: {
        connector: 'csv',
        settings: { folder, mode: 'full', delta_pattern: 'changes-*.csv', settle_ms: settleMs, poll_ms: 50 },
        mapping: {
          key: 'row.workerId',
          person: 'row.personId',
          fields: {
            ...Object.fromEntries(fields.map((name) => [name, `row.${name}`])),
            left: 'row.status == "terminated"',
          },
          cards: [{ format: 'H10301', facility: 'row.cardFacility', number: 'row.cardNumber', state: 'row.cardState' }],
        },
      },
    },
    targets: {
      hq: {
        connector: 'biostar2',
        mode: 'enabled',
        concurrency: 8,
        // The door system sets the pace here, not a limit of ours.
        requests_per_second: 10_000,
        settings: {
          url: simulator.url,
          fingerprint256: simulator.fingerprint256,
          user_id_format: 'alphanumeric',
          login_id: simulator.username,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration file, not a template
          password: '${file:./password}',
        },
      },
    },
    policy: [
      { grant: [`hq/${everybody}`], to: 'true' },
      ...departments.map((department) => ({
        grant: [`hq/${levelOf(department)}`],
        to: `employment.department == "${department}"`,
      })),
    ],
  }
}
