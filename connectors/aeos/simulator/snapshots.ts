/** The four public snapshots of the interface that a simulated server can be; each is a superset of the one before. */

export const snapshots = ['2017', '2021-10', '2024-05', '2024-08'] as const

export type Snapshot = (typeof snapshots)[number]

/** Whether what came with `since` and went after `until` is in this snapshot. */
export function isIn(snapshot: Snapshot, since: Snapshot, until: Snapshot = '2024-08'): boolean {
  const at = snapshots.indexOf(snapshot)
  return snapshots.indexOf(since) <= at && at <= snapshots.indexOf(until)
}
