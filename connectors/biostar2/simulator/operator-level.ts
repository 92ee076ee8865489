/** What an operator level lets its holder do: which modules it reads and writes, and how a login is told of it. */
import type { Fields } from './dialects.ts'
import type { User } from './model.ts'
import { type Module, modules, type Use } from './modules.ts'
import type { Quirks } from './quirks.ts'
import { groupsInSight } from './sight.ts'
import type { Simulation } from './simulation.ts'
import { rootGroupId } from './world.ts'

/** No level at all; the vendor calls it "None" and "User". */
const noLevel = 255
const administrator = 1
/** The first level that a customer makes; such a level is shown when the login is limited. */
const firstOwnLevel = 4
const lastOwnLevel = 252

const readers = new Set<Module>(['Dashboard', 'User', 'Device', 'Door', 'Zone', 'AccessControl'])

/** Since 2.8.14 API calls are held to the operator level (release notes 2.8.14). */
export function mayUse(user: User, quirks: Quirks, module: Module, use: Use): boolean {
  const { operatorLacks, readersRefused } = quirks
  if (operatorLacks.includes(module) || operatorLacks.includes(`${module}.${use}`)) return false
  if (readersRefused && module === 'Device') return false
  return levelLets(user.permission ?? noLevel, module, use)
}

// What each level may do is told in words in BioStar 2 API, User > User: Update, field `permission`.
function levelLets(level: number, module: Module, use: Use): boolean {
  if (level === administrator || (level >= firstOwnLevel && level <= lastOwnLevel)) return true
  switch (level) {
    case 2:
      return module === 'User'
    case 3:
      return module === 'Monitoring' || (use === 'read' && readers.has(module))
    case 253:
      return module === 'Video'
    case 254:
      return module === 'TA' || (use === 'read' && module === 'User')
    default:
      return false
  }
}

/** `permission` in the answer to a login. Filters hold ids, with 0 and -1 for "all" where they have no root group. */
export function permissionOf(simulation: Simulation, user: User): Fields {
  const { quirks } = simulation
  const groups = groupsInSight(simulation)
  const limited = groups !== null || quirks.readersRefused || quirks.operatorLacks.length > 0
  const module: Fields = {}
  for (const name of modules) {
    module[name] = { read: mayUse(user, quirks, name, 'read'), write: mayUse(user, quirks, name, 'write') }
  }
  return {
    id: limited ? firstOwnLevel : (user.permission ?? noLevel),
    filter: {
      UserGroup: groups ?? [rootGroupId],
      DeviceGroup: [1],
      DoorGroup: [1],
      ElevatorGroup: [1],
      ZoneType: [-1],
      AccessGroup: [0],
      GraphicMapGroup: [1],
    },
    module,
  }
}
