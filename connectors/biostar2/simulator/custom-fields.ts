/** The custom fields a customer has added to people. */
import { list, record, text, wholeOr } from './input.ts'
import type { Answer, Call } from './route.ts'

/** `GET /api/setting/custom_fields` */
export function listCustomFields({ simulation: { world } }: Call): Answer {
  const rows = world.customFields.map(({ id, name, type, order }) => ({ id, name, type, order }))
  return { body: { CustomFieldCollection: { total: rows.length, rows } } }
}

/** `POST` adds the rows sent; `PUT` replaces all fields by them (API collection, bs2api.biostar2.com). */
export function writeCustomFields(replace: boolean) {
  return ({ simulation: { world }, body }: Call): Answer => {
    const sent = list(record(record(body).CustomFieldCollection).rows).map(record)
    const kept = replace ? [] : [...world.customFields]
    let lastId = Math.max(0, ...world.customFields.map((field) => field.id))
    for (const row of sent) {
      const id = wholeOr(row.id, 0) || ++lastId
      kept.push({
        id,
        name: text(row.name),
        type: text(row.type ?? '0'),
        order: wholeOr(row.order, kept.length),
      })
    }
    world.customFields.splice(0, world.customFields.length, ...kept)
    return {}
  }
}
