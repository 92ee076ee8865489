/** What the door system must show in the end, worked out from the rows of the HR export alone, by the simplest rules that can be right. */

import { everybody, groupOf } from '../../demo/workforce/gateway-config.ts'
import { siteZone } from '../../demo/workforce/organisation.ts'
import type { WorkerRow } from '../../demo/workforce/worker-row.ts'

export interface ExpectedPerson {
  readonly personId: string
  /** The employee number. */
  readonly userId: string
  /** Works here now. */
  readonly isIn: boolean
  /** Names of access groups, sorted; empty for whoever is not in. */
  readonly groups: readonly string[]
  readonly cards: readonly { readonly number: string; readonly blocked: boolean }[]
}

export function expectedPeople(rows: readonly WorkerRow[], now: Date): readonly ExpectedPerson[] {
  return [...Map.groupBy(rows, ({ personId }) => personId)].map(([personId, own]) => {
    const running = own.filter((row) => isRunning(row, now))
    const groups = running.length === 0 ? [] : [everybody, ...running.map((row) => groupOf(row.department.trim()))]
    const lost = new Map<string, boolean>()
    for (const row of own) {
      // A 26-bit card as BioStar 2 counts it: facility, then 16 bits of number.
      const number = String(row.cardFacility * 65_536 + row.cardNumber)
      lost.set(number, lost.get(number) === true || row.cardState === 'lost')
    }
    return {
      personId,
      userId: (own[0] as WorkerRow).employeeNumber.trim(),
      isIn: running.length > 0,
      groups: [...new Set(groups)].sort(),
      cards: [...lost].map(([number, isLost]) => ({ number, blocked: isLost || running.length === 0 })),
    }
  })
}

/** Both ends count, in the site's own calendar. */
function isRunning({ status, start, end, lastWorkingDay, site }: WorkerRow, now: Date): boolean {
  // Sweden writes dates as ISO 8601 does.
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: siteZone(site) }).format(now)
  const last = [end, lastWorkingDay].filter((day) => day !== '').sort()[0]
  return status !== 'terminated' && start <= today && (last === undefined || today <= last)
}
