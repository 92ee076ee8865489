/** Works out which doors a person may open: own access groups and those of the user group -> access level -> door and schedule. */
import type { Schedule } from './model.ts'
import type { Quirks } from './quirks.ts'
import { alwaysScheduleId, type World } from './world.ts'

/** What a reader is told about groups, levels and schedules. Never changed after it was made. */
export interface Rights {
  /** Access group -> door -> schedules under which it opens. */
  groupDoors: ReadonlyMap<number, ReadonlyMap<number, readonly Schedule[]>>
  /** User group -> access groups its people have without having them in their own list. */
  inherited: ReadonlyMap<number, readonly number[]>
}

export const noRights: Rights = { groupDoors: new Map(), inherited: new Map() }

export function compileRights(world: World, reach: Quirks['userGroupRights']): Rights {
  const groupDoors = new Map<number, Map<number, Schedule[]>>()
  const inherited = new Map<number, number[]>()
  for (const group of world.accessGroups.values()) {
    const doors = new Map<number, Schedule[]>()
    for (const levelId of group.levels) {
      for (const item of world.accessLevels.get(levelId)?.items ?? []) {
        const schedule = world.schedules.get(item.scheduleId)
        if (!schedule) continue
        for (const door of item.doors) doors.set(door, [...(doors.get(door) ?? []), structuredClone(schedule)])
      }
    }
    groupDoors.set(group.id, doors)
    const holders = group.userGroups.flatMap((id) => {
      const holder = world.userGroups.get(id)
      if (!holder) return []
      return reach === 'tree' ? world.subTree(holder) : [holder]
    })
    for (const holder of new Set(holders)) inherited.set(holder.id, [...(inherited.get(holder.id) ?? []), group.id])
  }
  return { groupDoors, inherited }
}

/** Own and inherited access groups without repeats. */
export function effectiveGroups(rights: Rights, own: readonly number[], userGroupId: number): number[] {
  return [...new Set([...own, ...(rights.inherited.get(userGroupId) ?? [])])]
}

export function opens(rights: Rights, groups: readonly number[], door: number, nowMs: number): boolean {
  return groups.some((group) =>
    rights.groupDoors
      .get(group)
      ?.get(door)
      ?.some((schedule) => isOpen(schedule, nowMs)),
  )
}

/** Weekly schedules only: day 0 is Sunday, minutes of the day in UTC. */
function isOpen(schedule: Schedule, nowMs: number): boolean {
  if (schedule.id === alwaysScheduleId) return true
  const now = new Date(nowMs)
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes()
  const today = schedule.days.find((day) => day.dayIndex === now.getUTCDay())
  return today?.segments.some((segment) => segment.start <= minute && minute < segment.end) ?? false
}
