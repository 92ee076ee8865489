/** What a gateway's process can do; by default it does all of it. */
export const roles = ['api', 'worker', 'scheduler'] as const
export type Role = (typeof roles)[number]
