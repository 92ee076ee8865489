/** Proves which addresses count as inside. */
import { expect, test } from 'vitest'
import { isForbiddenAddress, isLoopbackHost, isPrivateAddress } from './private-address.ts'

test.each([
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '127.0.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '::1',
  'fe80::1',
  'fd00::1',
  '::ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  'fe80::1%eth0',
])('%s is inside', (address) => expect(isPrivateAddress(address)).toBe(true))

test.each([
  '169.254.169.254',
  '169.254.0.1',
  'fe80::1',
  'febf::1%2',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
])('%s is never connected to', (address) => expect(isForbiddenAddress(address)).toBe(true))

test.each(['10.1.2.3', '127.0.0.1', '::1', 'fd00::1', '64:ff9b::8.8.8.8', '8.8.8.8', 'door.example'])(
  '%s may be',
  (address) => expect(isForbiddenAddress(address)).toBe(false),
)

test.each(['8.8.8.8', '172.32.0.1', '2001:4860:4860::8888', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', 'door.example', ''])(
  '%s is not',
  (address) => expect(isPrivateAddress(address)).toBe(false),
)

test.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])('%s is this machine', (host) =>
  expect(isLoopbackHost(host)).toBe(true),
)
test.each(['127.0.0.1.example', 'localhost.example', '10.0.0.1'])('%s is not this machine', (host) =>
  expect(isLoopbackHost(host)).toBe(false),
)
