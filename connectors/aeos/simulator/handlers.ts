/** Every operation's handler; one that is missing fails at the start and not at the first call. */
import type { Handler } from './call.ts'
import { carrierFinds } from './carriers-find.ts'
import { carrierWrites } from './carriers-write.ts'
import { catalogueHandlers } from './catalogue.ts'
import { logFinds } from './events-find.ts'
import { extraHandlers } from './extras.ts'
import { type Operation, operations } from './operations.ts'
import { profileHandlers } from './profiles.ts'
import { stateHandlers } from './states.ts'
import { tokenWrites } from './tokens.ts'
import { tokenFinds } from './tokens-find.ts'

const all: Readonly<Record<string, Handler>> = {
  ...carrierFinds,
  ...carrierWrites,
  ...tokenFinds,
  ...tokenWrites,
  ...stateHandlers,
  ...profileHandlers,
  ...catalogueHandlers,
  ...extraHandlers,
  ...logFinds,
}

const missing = operations.filter(({ name }) => all[name] === undefined)
if (missing.length > 0) throw new TypeError(`no handler for ${missing.map(({ name }) => name).join(', ')}`)

export function handlerOf({ name }: Operation): Handler {
  const handler = all[name]
  if (handler === undefined) throw new TypeError(`no handler for ${name}`)
  return handler
}
