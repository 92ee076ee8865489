/** Fingers and faces by hand: one more, one fewer, or another in the place of one, at the console, at a reader, or past everybody. */
import type { ReaderEdit } from './device-edits.ts'
import type { User } from './model.ts'
import type { Simulation } from './simulation.ts'
import { readerOf } from './swipe.ts'
import { facesMax, visualFacesMax } from './user-draft.ts'

export interface Enrolment {
  /** `swap` leaves the count as it is: it is the change of 2019. */
  action: 'enrol' | 'swap' | 'withdraw'
  user: string
  /** `face` is the old one by infrared, `visual-face` that of newer readers. */
  credential: 'fingerprint' | 'face' | 'visual-face'
  /**
   * Where: in the console if absent, at the menu of this reader (its id, or the name of its door), or with `unseen` in the
   * database itself, where no event, no record and no counter tells of it.
   */
  at?: string | number
  unseen?: boolean
}

const kinds = {
  // Two templates of up to ten fingers; how many a server takes is not published.
  fingerprint: { count: 'fingerprints', version: 'fingerprintVersion', most: 10 },
  face: { count: 'faces', version: 'faceVersion', most: facesMax },
  'visual-face': { count: 'visualFaces', version: 'faceVersion', most: visualFacesMax },
} as const

/** Throws a TypeError when there is nothing to swap or withdraw, when there is no room for one more, or when the reader does not know the person. */
export function enrol(simulation: Simulation, { action, user: id, credential, at, unseen }: Enrolment): void {
  const { sync, world } = simulation
  if (!Object.hasOwn(kinds, credential)) throw new TypeError(`no such credential: ${credential}`)
  const { count, version, most } = kinds[credential]
  const user = world.user(String(id))
  const reader = at === undefined ? null : readerOf(simulation, at)
  const before = reader?.users.get(user.id)?.[count] ?? user[count]
  const after = before + { enrol: 1, swap: 0, withdraw: -1 }[action]
  if (after < 0 || after > most || (action === 'swap' && before === 0)) {
    throw new TypeError(`${user.id} has ${before} of ${credential}: cannot ${action}`)
  }
  const edit: ReaderEdit = { [count]: after }
  const patch: Partial<User> = { [count]: after, [version]: user[version] + 1 }
  if (reader !== null) sync.edit(reader, user.id, edit)
  else if (unseen) Object.assign(user, patch)
  else world.patchUser(user, patch)
}
