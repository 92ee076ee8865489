/** The modules an operator level gives rights in, by the names of `permission.module` (BioStar 2 API, Authorization > Login). */

export const modules = [
  'Dashboard',
  'User',
  'Device',
  'Door',
  'Elevator',
  'Zone',
  'AccessControl',
  'Monitoring',
  'TA',
  'Setting',
  'Video',
  'Visitor',
] as const

export type Module = (typeof modules)[number]
export type Use = 'read' | 'write'
