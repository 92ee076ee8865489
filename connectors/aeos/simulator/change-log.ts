/** Writes the operators' log: every change with who made it. */
import { fullName } from './carrier-rows.ts'
import type { Carrier } from './model.ts'
import type { Simulation } from './simulation.ts'
import { wholeSecond } from './zone.ts'

/** After a change of something that is not a field of the carrier itself. */
export function noteModified({ clock, quirks }: Simulation, carrier: Carrier): void {
  if (quirks.modifiedBy === 'everything') carrier.fields.ModificationDate = wholeSecond(clock.now())
}

/** `operation` names the type of the entry; details are names of what was changed, never values. */
export function noteChange(
  { world, clock, quirks }: Simulation,
  operation: string,
  user: string,
  carrier: Carrier | null,
  details: readonly string[],
): void {
  if (!quirks.changesLogged) return
  const types = world.table('LogType').rows
  const typeId = [...types].find(([, { Name }]) => Name === operation)?.[0] ?? 0
  world.changes.push({
    id: world.next('change'),
    typeId,
    at: clock.now(),
    user,
    carrier: carrier?.id ?? null,
    carrierName: carrier === null ? null : fullName(carrier),
    details,
  })
  // Halving now and then costs less than shifting at every change.
  const { length } = world.changes
  if (length > quirks.eventsKept * 2) world.changes.splice(0, length - quirks.eventsKept)
}
