/** What an operator does by hand in the console, behind the back of every integration. */
import type { ReaderEdit } from './device-edits.ts'
import { type Enrolment, enrol } from './enrolment.ts'
import type { Card, User } from './model.ts'
import { cardRowOf, findAccessGroup, findUserGroup, plant, type SeedUser } from './seed.ts'
import type { Simulation } from './simulation.ts'
import { doorOf } from './swipe.ts'
import { administratorId } from './world.ts'

export type HandChange =
  | Enrolment
  | { action: 'grant' | 'revoke'; user: string; group: string | number }
  | { action: 'disable' | 'enable' | 'delete'; user: string }
  | { action: 'rename'; user: string; name: string }
  | { action: 'move'; user: string; userGroup: string | number }
  | { action: 'validity'; user: string; start?: string; expiry?: string }
  | { action: 'assign' | 'unassign'; user: string; card: string }
  | { action: 'block' | 'unblock' | 'delete-card'; card: string }
  | { action: 'create'; user: SeedUser }
  /** At the menu of a door's reader, which the server may or may not take over. */
  | { action: 'edit-at-reader'; user: string; door: string | number; edit: ReaderEdit }

/** Makes the change as the administrator; readers hear of it like of any other. Throws on unknown people, groups and cards. */
export function byHand(simulation: Simulation, change: HandChange): void {
  simulation.audit.as({ operator: administratorId, ip: '' }, () => make(simulation, change))
}

function make(simulation: Simulation, change: HandChange): void {
  const { audit, sync, world } = simulation
  const patch = (id: string, changes: (user: User) => Partial<User>) => {
    const user = world.user(String(id))
    world.patchUser(user, changes(user))
  }
  switch (change.action) {
    case 'grant':
    case 'revoke': {
      const group = findAccessGroup(simulation, change.group)
      const others = (user: User) => user.accessGroups.filter((id) => id !== group)
      patch(change.user, (user) => ({ accessGroups: [...others(user), ...(change.action === 'grant' ? [group] : [])] }))
      break
    }
    case 'disable':
    case 'enable':
      patch(change.user, () => ({ disabled: change.action === 'disable' }))
      break
    case 'delete':
      world.removeUser(world.user(change.user))
      break
    case 'rename':
      patch(change.user, () => ({ name: change.name }))
      break
    case 'move':
      patch(change.user, () => ({ groupId: findUserGroup(simulation, change.userGroup) }))
      break
    case 'validity':
      patch(change.user, (user) => ({
        startMs: change.start === undefined ? user.startMs : Date.parse(change.start),
        expiryMs: change.expiry === undefined ? user.expiryMs : Date.parse(change.expiry),
      }))
      break
    case 'assign': {
      const row = cardRowOf(simulation, change.card)
      patch(change.user, (user) => ({ cards: [...user.cards, row] }))
      break
    }
    case 'unassign': {
      const { row } = cardNumbered(simulation, change.card)
      patch(change.user, (user) => ({ cards: user.cards.filter((held) => held !== row) }))
      break
    }
    case 'block':
    case 'unblock':
      world.setBlocked(cardNumbered(simulation, change.card), change.action === 'block')
      break
    case 'delete-card':
      world.removeCard(cardNumbered(simulation, change.card))
      break
    case 'create':
      plant(simulation, { users: [change.user] })
      audit.user('Create', world.user(change.user.id), [])
      break
    case 'enrol':
    case 'swap':
    case 'withdraw':
      enrol(simulation, change)
      break
    case 'edit-at-reader':
      sync.edit(sync.device(doorOf(simulation, change.door).entryDeviceId), change.user, change.edit)
      break
    default:
      throw new TypeError(`unknown action: ${String((change satisfies never as { action: unknown }).action)}`)
  }
}

function cardNumbered({ world }: Simulation, number: string): Card {
  const card = world.cardByNumber(String(number))
  if (!card) throw new TypeError(`no such card: ${number}`)
  return card
}
