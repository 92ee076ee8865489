/** Proves that whoever is hidden from our login never counts as gone. */
import { expect, test } from 'vitest'
import { loginUser } from './records.ts'
import { viewOf } from './view.ts'

const everything = { users: true, accessGroups: true, devices: true }
const nothing = { users: false, accessGroups: false, devices: false }

// The first is the vendor's sample (BioStar 2 API, Login): "1" are the roots of the trees, "0" are all access groups.
test.each([
  [{ id: '1', filter: { UserGroup: ['1'], DeviceGroup: ['1'], ZoneType: ['-1'], AccessGroup: ['0'] } }, everything],
  [{ id: 5, filter: { UserGroup: [{ id: 1 }], DeviceGroup: 1, AccessGroup: [0, 7] } }, everything],
  [{ id: '1' }, everything],
  [
    { id: '5', filter: { UserGroup: ['1001'], DeviceGroup: ['1'], AccessGroup: ['0'] } },
    { ...everything, users: false },
  ],
  [
    { id: '5', filter: { UserGroup: ['1'] } },
    { ...nothing, users: true },
  ],
  [{ id: '1', filter: { UserGroup: ['1001', '1002'] } }, nothing],
  [{ id: '1', filter: { UserGroup: '' } }, nothing],
  [{ id: '1', filter: 'all' }, nothing],
  [{ id: '5' }, nothing],
  ['1', nothing],
  [undefined, nothing],
])('a login of level %j sees %j', (permission, view) => {
  expect(viewOf(loginUser.parse({ user_id: '9', permission }))).toEqual(view)
})
