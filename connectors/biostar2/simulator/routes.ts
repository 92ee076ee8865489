/** Every operation with its path; a path has at most one variable segment, written `:`. */
import {
  createAccessGroup,
  deleteAccessGroups,
  listAccessGroups,
  listUsersOfGroup,
  readAccessGroup,
  searchAccessGroups,
  updateAccessGroup,
} from './access-groups.ts'
import {
  createAccessLevel,
  deleteAccessLevel,
  listAccessLevels,
  readAccessLevel,
  updateAccessLevel,
} from './access-levels.ts'
import { searchAudit } from './audit-search.ts'
import { importEvents, listUsersAndGroups } from './biostar-x.ts'
import { blockCard, unblockCards } from './blacklist.ts'
import { isCardRegistered, listAssignedCards, listBlockedCards, listCards, listUnassignedCards } from './card-lists.ts'
import { createCards, listCardTypes, unsupportedCardCall } from './cards.ts'
import { listCustomFields, writeCustomFields } from './custom-fields.ts'
import {
  clearLogs,
  listDevices,
  listUsersOfDevice,
  readDevice,
  removeUsersFromDevice,
  searchDevices,
  syncDevices,
} from './devices.ts'
import { commandDoors, listDoorGroups, listDoors, readDoor, readDoorStatus, searchDoors } from './doors.ts'
import { listEventTypes } from './event-types.ts'
import { searchEvents } from './events.ts'
import { startEvents } from './events-start.ts'
import { login, logout, versionInfo } from './login.ts'
import type { Module } from './modules.ts'
import type { Needs, Route } from './route.ts'
import { createSchedule, deleteSchedule, listSchedules, readSchedule, updateSchedule } from './schedules.ts'
import { readSettings, writeSettings } from './settings.ts'
import { createUserGroup, deleteUserGroups, listUserGroups, renameUserGroup, searchUserGroups } from './user-groups.ts'
import { createUsers } from './users-create.ts'
import { deleteUsers } from './users-delete.ts'
import { exportUsers } from './users-export.ts'
import { listUsers, nextUserId, readUser } from './users-read.ts'
import { searchUsers, searchUsersByFields } from './users-search.ts'
import { updateUser, updateUsersAlike, updateUsersInBulk } from './users-update.ts'

type Table = Record<string, Route['handle']>

const open: Table = {
  'POST /api/login': login,
  'GET /js/info.json': versionInfo,
}

const session: Table = {
  'POST /api/logout': logout,
}

const read: Table = {
  'GET /api/users': listUsers,
  'GET /api/users/next_user_id': nextUserId,
  'GET /api/users/:': readUser,
  'POST /api/v2/users/search': searchUsers,
  'POST /api/v2/users/advance_search': searchUsersByFields,
  'GET /api/user_groups': listUserGroups,
  'POST /api/v2/user_groups/search': searchUserGroups,
  'GET /api/cards': listCards,
  'GET /api/cards/types': listCardTypes,
  'GET /api/cards/assigned': listAssignedCards,
  'GET /api/cards/unassigned': listUnassignedCards,
  'GET /api/cards/blacklist': listBlockedCards,
  'GET /api/cards/:': unsupportedCardCall,
  'GET /api/v2/cards/registered': isCardRegistered,
  'POST /api/v2/cards/search': unsupportedCardCall,
  'GET /api/access_groups': listAccessGroups,
  'POST /api/v2/access_groups/search': searchAccessGroups,
  'GET /api/access_groups/:': readAccessGroup,
  'GET /api/access_groups/:/users': listUsersOfGroup,
  'GET /api/access_levels': listAccessLevels,
  'GET /api/access_levels/:': readAccessLevel,
  'GET /api/schedules': listSchedules,
  'GET /api/schedules/:': readSchedule,
  'GET /api/doors': listDoors,
  'GET /api/doors/:': readDoor,
  'POST /api/v2/doors/search': searchDoors,
  'POST /api/doors/status': readDoorStatus,
  'GET /api/door_groups': listDoorGroups,
  'POST /api/v2/door_groups/search': listDoorGroups,
  'GET /api/devices': listDevices,
  'GET /api/devices/:': readDevice,
  'GET /api/devices/:/users': listUsersOfDevice,
  'POST /api/v2/devices/search': searchDevices,
  'POST /api/events/search': searchEvents,
  'POST /api/events/start': startEvents,
  'GET /api/event_types': listEventTypes,
  'POST /api/audit/search': searchAudit,
  'GET /api/setting/biostar': readSettings,
  'GET /api/setting/custom_fields': listCustomFields,
}

const write: Table = {
  'POST /api/users': createUsers,
  'PUT /api/users': updateUsersAlike,
  'PUT /api/users/bulk': updateUsersInBulk,
  'PUT /api/users/:': updateUser,
  'DELETE /api/users': deleteUsers,
  'POST /api/users/export': exportUsers,
  'POST /api/user_groups': createUserGroup,
  'PUT /api/user_groups/:': renameUserGroup,
  'DELETE /api/user_groups': deleteUserGroups,
  'POST /api/cards': createCards,
  'POST /api/cards/blacklist': blockCard,
  'DELETE /api/cards/blacklist': unblockCards,
  'POST /api/access_groups': createAccessGroup,
  'PUT /api/access_groups/:': updateAccessGroup,
  'DELETE /api/access_groups': deleteAccessGroups,
  'POST /api/access_levels': createAccessLevel,
  'PUT /api/access_levels/:': updateAccessLevel,
  'DELETE /api/access_levels/:': deleteAccessLevel,
  'POST /api/schedules': createSchedule,
  'PUT /api/schedules/:': updateSchedule,
  'DELETE /api/schedules/:': deleteSchedule,
  'POST /api/doors/open': commandDoors('open'),
  'POST /api/doors/unlock': commandDoors('unlock'),
  'POST /api/doors/lock': commandDoors('lock'),
  'POST /api/doors/release': commandDoors('release'),
  'POST /api/devices/sync': syncDevices,
  'DELETE /api/devices/:/users': removeUsersFromDevice,
  'DELETE /api/devices/clear_log': clearLogs,
  'PUT /api/setting/biostar': writeSettings,
  'POST /api/setting/custom_fields': writeCustomFields(false),
  'PUT /api/setting/custom_fields': writeCustomFields(true),
}

// Same method and path in both products except these (API collections of BioStar 2 and BioStar X).
const biostarX: Table = {
  'GET /api/v2/user/filter/user_and_group': listUsersAndGroups,
  'POST /api/events/import': importEvents,
}

// By the first segment of a path. Which call belongs to which module is not published; cards have none of their own.
const moduleBySegment: Readonly<Record<string, Module>> = {
  user: 'User',
  users: 'User',
  user_groups: 'User',
  cards: 'User',
  access_groups: 'AccessControl',
  access_levels: 'AccessControl',
  schedules: 'AccessControl',
  devices: 'Device',
  doors: 'Door',
  door_groups: 'Door',
  events: 'Monitoring',
  event_types: 'Monitoring',
  audit: 'Setting',
  setting: 'Setting',
}

function moduleOf(key: string): Module {
  const segment = /^\w+ \/api\/(?:v2\/)?(\w+)/.exec(key)?.[1] ?? ''
  const module = moduleBySegment[segment]
  if (!module) throw new TypeError(`no module for ${key}`)
  return module
}

/** Finds the route of a request. */
export type Router = (method: string, path: string) => { route: Route; id: string } | null

export function createRouter(product: 'biostar2' | 'biostarx'): Router {
  const routes = new Map<string, Route>()
  const add = (table: Table, needs: (key: string) => Needs) => {
    for (const [key, handle] of Object.entries(table)) routes.set(key, { needs: needs(key), handle })
  }
  add(open, () => 'nothing')
  add(session, () => 'session')
  add(product === 'biostarx' ? { ...read, ...biostarX } : read, (key) => ({ module: moduleOf(key), use: 'read' }))
  add(write, (key) => ({ module: moduleOf(key), use: 'write' }))
  return (method, path) => {
    const exact = routes.get(`${method} ${path}`)
    if (exact) return { route: exact, id: '' }
    const segments = path.split('/')
    for (let at = segments.length - 1; at > 1; at--) {
      const route = routes.get(`${method} ${segments.with(at, ':').join('/')}`)
      if (route) return { route, id: decoded(segments[at] ?? '') }
    }
    return null
  }
}

/** A segment that is no valid percent encoding is taken as it is: it names nobody. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}
