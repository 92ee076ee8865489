/** The made-up organisation of the demo: its sites with their time zones, departments and titles. */

export interface Site {
  name: string
  /** IANA zone in which this site's dates begin and end. */
  zone: string
}

/** Zones far apart, so that 'today' is never the same day everywhere for long; Sydney shifts its clock in the south. */
export const sites: readonly Site[] = [
  { name: 'Sampleton', zone: 'Europe/Berlin' },
  { name: 'Port Placeholder', zone: 'America/Los_Angeles' },
  { name: 'Mount Example', zone: 'Australia/Sydney' },
  { name: 'Testville', zone: 'Asia/Kolkata' },
]

export const departments: readonly string[] = [
  'Research',
  'Engineering',
  'Production',
  'Logistics',
  'Quality',
  'Finance',
  'Human Resources',
  'Legal',
  'Sales',
  'Information Technology',
  'Facilities',
  'Security',
]

export const titles: readonly string[] = [
  'Analyst',
  'Senior Analyst',
  'Technician',
  'Senior Technician',
  'Engineer',
  'Senior Engineer',
  'Scientist',
  'Lab Assistant',
  'Operator',
  'Shift Lead',
  'Planner',
  'Buyer',
  'Accountant',
  'Counsel',
  'Account Manager',
  'Administrator',
  'Caretaker',
  'Guard',
  'Team Lead',
  'Director',
]

/** The IANA zone of a site by its name; throws RangeError for a site that the demo does not have. */
export function siteZone(name: string): string {
  const site = sites.find((candidate) => candidate.name === name)
  if (site === undefined) throw new RangeError(`no such site: ${JSON.stringify(name)}`)
  return site.zone
}
