/** Corrections of punches: what was written stays, and a new entry says who says what instead, and why. */
import { recordAudit } from '../../audit/record.ts'
import type { PunchKind } from '../../model/events/punch.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { Refusal } from '../../model/refusal.ts'
import { punchesNumbered } from '../../store/punches/rows.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { DataKey } from '../../vault/vault.ts'
import type { AttendanceContext } from './context.ts'
import { keysToPunch } from './keys-to-punch.ts'
import { openPunches } from './open-punches.ts'
import { readPunches } from './read-punches.ts'
import { workDayOf } from './shifts.ts'
import { sawPunches, writePunches } from './write-punches.ts'

/** Written beside the punch: in a dump the name of a person here would be that of a digest there. */
const unnamed = { object: '', unnamed: true } as const

/** Returns its number. @throws Refusal `person.unknown`, `punch.in-future`. */
export async function addPunch(
  context: AttendanceContext,
  subject: SubjectId,
  person: PersonId,
  { kind, at, reason }: { readonly kind: PunchKind; readonly at: Date; readonly reason: string },
): Promise<number> {
  const { database, vault, now } = context.events
  if (at > now()) throw new Refusal('punch.in-future')
  const key = await keyOf(context, person)
  const n = await inTransaction(database.pool, async (client) => {
    const by = { subject, reason, at: now().getTime() }
    const content = { person, at: at.getTime(), kind, voids: null, by }
    const [n] = await writePunches(client, context, [{ content, key, event: null }])
    // What it is and when is for those alone who may read times of work: the number leads there.
    const details = { n, person, reason }
    await recordAudit(client, vault, { ...unnamed, actor: subject, action: 'punch.added', details, about: key })
    return n as number
  })
  sawPunches(context, [n])
  return n
}

/** It stays, and does not count. @throws Refusal `punch.unknown`, `punch.void`, `person.unknown`. */
export async function voidPunch(
  context: AttendanceContext,
  subject: SubjectId,
  n: number,
  reason: string,
): Promise<void> {
  const { database, vault, now } = context.events
  const { opened } = await openPunches(context, await punchesNumbered(database.pool, [n]))
  const [punch] = opened
  if (punch === undefined) throw new Refusal('punch.unknown')
  const { person, at, kind, id = null } = punch.content
  if (kind === null) throw new Refusal('punch.unknown')
  const key = await keyOf(context, person)
  const before = (await readPunches(context, [person], [workDayOf(at, context.shifts)])).get(person) ?? []
  if (before.some((punch) => punch.n === n && punch.voidedBy !== null)) throw new Refusal('punch.void')
  const numbers = await inTransaction(database.pool, async (client) => {
    const by = { subject, reason, at: now().getTime() }
    // With the time of the one that it takes back: whoever reads that day finds both.
    const taking = { person, at, kind: null, voids: n, by, takes: { kind, id } }
    const written = await writePunches(client, context, [{ content: taking, key, event: null }])
    await recordAudit(client, vault, {
      ...{ ...unnamed, actor: subject, action: 'punch.voided' },
      ...{ details: { n, person, reason }, about: key },
    })
    return written
  })
  sawPunches(context, numbers)
}

async function keyOf(context: AttendanceContext, person: PersonId): Promise<DataKey> {
  const key = (await keysToPunch(context, [person])).get(person)
  if (key === undefined) throw new Refusal('person.unknown')
  return key
}
