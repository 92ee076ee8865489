/** Changes made at the menu of a reader: when the server takes them over, and what they make of a person. */
import type { Device } from './device.ts'
import type { User } from './model.ts'
import type { Quirks } from './quirks.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** What somebody changes of a person at a reader; card numbers replace those the reader knew. */
export interface ReaderEdit {
  name?: string
  disabled?: boolean
  cards?: readonly string[]
}

interface Parts {
  world: World
  settings: Settings
  quirks: Quirks
}

/**
 * Hands the server what was edited at this reader. It takes it over with `user_sync_method` 1 and
 * `user_by_device_sync_method` 1, "All Devices (Including user update from device)" (BioStar 2 API, Setting > Update
 * BioStar Settings); else the edit stays with the reader until the server next writes the person. Which side is stronger
 * when both changed somebody while the reader was away is not published: see `returningReaderWins`.
 */
export function takeOverEdits({ world, settings, quirks }: Parts, device: Device): void {
  const edits = [...device.edits]
  device.edits.clear()
  if (settings.user_sync_method !== 1 || settings.user_by_device_sync_method !== 1) return
  for (const [userId, edit] of edits) {
    const user = world.users.get(userId)
    const serverHasNews = device.pending.has(`user ${userId}`)
    if (user && (!serverHasNews || quirks.returningReaderWins)) world.patchUser(user, patchOf(world, user, edit))
  }
}

function patchOf(world: World, user: User, { cards, ...edit }: ReaderEdit): Partial<User> {
  if (cards === undefined) return edit
  const rows = cards.flatMap((number) => {
    const card = world.cardByNumber(number)
    return card && (card.owner === null || card.owner === user.id) ? [card.row] : []
  })
  return { ...edit, cards: rows }
}
