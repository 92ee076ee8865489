/** Changes made at the menu of a reader: when the server takes them over, and what they make of a person. */
import type { AuditTrail } from './audit-trail.ts'
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
  /** How many templates of each kind there are now. */
  fingerprints?: number
  faces?: number
  visualFaces?: number
}

interface Parts {
  world: World
  audit: AuditTrail
  settings: Settings
  quirks: Quirks
}

/**
 * Hands the server what was edited at this reader. It takes it over with `user_sync_method` 1 and
 * `user_by_device_sync_method` 1, "All Devices (Including user update from device)" (BioStar 2 API, Setting > Update
 * BioStar Settings); else the edit stays with the reader until the server next writes the person. Which side is stronger
 * when both changed somebody while the reader was away is not published: see `returningReaderWins`.
 */
export function takeOverEdits({ world, audit, settings, quirks }: Parts, device: Device): void {
  const edits = [...device.edits]
  device.edits.clear()
  if (settings.user_sync_method !== 1 || settings.user_by_device_sync_method !== 1) return
  for (const [userId, edit] of edits) {
    const user = world.users.get(userId)
    const serverHasNews = device.pending.has(`user ${userId}`)
    if (!user || (serverHasNews && !quirks.returningReaderWins)) continue
    audit.as({ reader: device.id }, () => world.patchUser(user, patchOf(world, user, edit)))
  }
}

function patchOf(world: World, user: User, { cards, ...edit }: ReaderEdit): Partial<User> {
  const patch: Partial<User> = { ...edit }
  if (edit.fingerprints !== undefined) patch.fingerprintVersion = user.fingerprintVersion + 1
  if (edit.faces !== undefined || edit.visualFaces !== undefined) patch.faceVersion = user.faceVersion + 1
  if (cards === undefined) return patch
  const rows = cards.flatMap((number) => {
    const card = world.cardByNumber(number)
    return card && (card.owner === null || card.owner === user.id) ? [card.row] : []
  })
  return { ...patch, cards: rows }
}
