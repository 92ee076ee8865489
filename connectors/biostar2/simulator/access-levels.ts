/** Access levels: sets of doors, each with the schedule under which it opens. */
import type { Fields } from './dialects.ts'
import { Refusal } from './envelope.ts'
import { idIn, list, record, text, whole } from './input.ts'
import type { AccessLevel, LevelItem } from './model.ts'
import type { Answer, Call } from './route.ts'
import type { World } from './world.ts'

export function listAccessLevels({ simulation: { world } }: Call): Answer {
  const rows = [...world.accessLevels.values()].map((level) => levelRow(world, level))
  return { body: { AccessLevelCollection: { total: rows.length, rows } } }
}

export function readAccessLevel({ simulation: { world }, id }: Call): Answer {
  return { body: { AccessLevel: levelRow(world, world.accessLevel(whole(id))) } }
}

export function createAccessLevel({ simulation: { world }, body }: Call): Answer {
  const sent = record(record(body).AccessLevel)
  const name = checkedName(world, text(sent.name ?? ''), null)
  const items = itemsOf(world, sent.access_level_items ?? [])
  const level = world.addAccessLevel(name, text(sent.description ?? ''), items)
  return { body: { AccessLevel: { id: level.id, name: level.name } } }
}

/** `PUT /api/access_levels/:id`: the items that are sent replace all items. */
export function updateAccessLevel({ simulation: { world }, id, body }: Call): Answer {
  const level = world.accessLevel(whole(id))
  const sent = record(record(body).AccessLevel)
  const name = sent.name === undefined ? level.name : checkedName(world, text(sent.name), level.id)
  const items = sent.access_level_items === undefined ? null : itemsOf(world, sent.access_level_items)
  level.name = name
  if (sent.description !== undefined) level.description = text(sent.description)
  if (items) level.items = world.levelItems(items)
  world.rightsChanged()
  return {}
}

/** `DELETE /api/access_levels/:id`: an unknown id succeeds. */
export function deleteAccessLevel({ simulation: { world }, id }: Call): Answer {
  const levelId = whole(id)
  if (!world.accessLevels.delete(levelId)) return {}
  for (const group of world.accessGroups.values()) group.levels = group.levels.filter((held) => held !== levelId)
  world.rightsChanged()
  return {}
}

function itemsOf(world: World, sent: unknown): Omit<LevelItem, 'id'>[] {
  return list(sent).map((item) => {
    const fields = record(item)
    const scheduleId = idIn(fields.schedule_id)
    if (!world.schedules.has(scheduleId)) throw new Refusal('604')
    return { doors: list(fields.doors).map((door) => world.door(idIn(door)).id), scheduleId }
  })
}

function checkedName(world: World, name: string, self: number | null): string {
  if (name === '') throw new Refusal('30')
  for (const level of world.accessLevels.values()) {
    if (level.name === name && level.id !== self) throw new Refusal('652')
  }
  return name
}

function levelRow(world: World, level: AccessLevel): Fields {
  return {
    id: level.id,
    name: level.name,
    description: level.description,
    access_level_items: level.items.map((item) => ({
      id: item.id,
      doors: item.doors.map((door) => ({ id: door, name: world.doors.get(door)?.name })),
      schedule_id: { id: item.scheduleId, name: world.schedules.get(item.scheduleId)?.name },
    })),
  }
}
