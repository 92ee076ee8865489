/** A punch: somebody came, went, or had a break. It says nothing of doors, cards or fingers. */

export const punchKinds = ['in', 'out', 'break_start', 'break_end'] as const
export type PunchKind = (typeof punchKinds)[number]

/** In which form shifts leave for payroll. */
export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]
