/** Everything that the audit trail can say has happened: one list, so that a misspelt action does not compile. */

export const auditActions = [
  'gateway.started',
  'gateway.stopped',
  'config.released',
  'keys.rotated',
  'keys.epoch-destroyed',

  'source.delivered',
  'source.refused',
  'source.suspect',
  'source.cleared',
  'source.archived',
  'source.archive-opened',
  'source.archive-destroyed',

  'person.joined',
  'person.changed',
  'person.left',
  'person.locked',
  'person.unlocked',
  'person.merged',
  'person.split',
  'person.protected',
  'person.unprotected',
  'person.erased',
  'person.read',

  'credential.issued',
  'credential.changed',
  'credential.blocked',
  'credential.unblocked',
  'credential.returned',

  'grant.given',
  'grant.revoked',
  'grant.expired',

  'plan.held',
  'plan.passed',
  'plan.released',
  'plan.rejected',
  'plan.superseded',

  'account.linked',
  'account.created',
  'account.applied',
  'account.drifted',
  'account.failed',
  'account.dead',
  'account.frozen',
  'account.unfrozen',
  'account.removed',

  'lockout.opened',
  'lockout.proven',
  'lockout.signed-off',
  'lockout.exported',

  'target.enabled',
  'target.observed',
  'target.paused',
  'target.resumed',
  'target.frozen',
  'target.unfrozen',
  'target.restored',

  'subject.created',
  'subject.changed',
  'subject.disabled',
  'token.created',
  'token.revoked',
  'login.refused',
  'guard.failed',

  'audit.exported',
  'audit.guard-failed',
  'audit.entry-repeated',
  'audit.head-failed',
  'audit.head-lost',
] as const

export type AuditAction = (typeof auditActions)[number]
