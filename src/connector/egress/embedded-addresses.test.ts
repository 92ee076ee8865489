/** Proves that no way to write an address hides the one that is reached. */
import { expect, test } from 'vitest'
import { addressesIn } from './embedded-addresses.ts'

test.each([
  ['mapped', '::ffff:169.254.169.254'],
  ['mapped, in hex', '::FFFF:a9fe:a9fe'],
  ['compatible', '::169.254.169.254'],
  ['translated', '::ffff:0:169.254.169.254'],
  ['NAT64', '64:ff9b::169.254.169.254'],
  ['NAT64, in hex', '64:ff9b:0:0:0:0:a9fe:a9fe'],
  ['NAT64 for local use, /96', '64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe'],
  ['NAT64 for local use, /48', '64:ff9b:1:a9fe:a9:fe00::'],
  ['NAT64 for local use, /56', '64:ff9b:1:ffa9:fe:a9fe::'],
  ['NAT64 for local use, /64', '64:ff9b:1:0:a9:fea9:fe00:0'],
  ['6to4', '2002:a9fe:a9fe::1'],
  ['Teredo, the client', '2001:0:808:808:0:0:5601:5601'],
  ['Teredo, the server', '2001:0:a9fe:a9fe::'],
  ['ISATAP', '2001:db8::200:5efe:169.254.169.254'],
])('%s', (_way, address) => expect(addressesIn(address)).toContain('169.254.169.254'))

test('an address leads to itself, without its zone', () => {
  expect(addressesIn('10.1.2.3')).toEqual(['10.1.2.3'])
  expect(addressesIn('fe80::1%eth0')).toEqual(['fe80::1'])
  expect(addressesIn('2001:4860:4860::8888')).toEqual(['2001:4860:4860::8888'])
})

test('what is no address leads nowhere', () => {
  for (const text of ['', 'door.example', '169.254.169', '[::1]']) expect(addressesIn(text)).toEqual([])
})
