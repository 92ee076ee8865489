import { expect, test } from 'vitest'
import { answer, connected, desiredAccount, never, people } from '../testing.ts'

const _refused = { status: 401, headers: {}, text: '<html>Unauthorized</html>' }

test('every request goes to the one address, with our credentials and an empty action', async () => {
  const target = await connected()
  await target.mustRead()
  for (const { request } of target.requests) {
    expect(request).toMatchObject({
      method: 'POST',
      path: '/aeosws',
      headers: {
        authorization: `Basic ${Buffer.from('gatehouse:made up').toString('base64')}`,
        soapaction: '""',
        'content-type': 'text/xml; charset=UTF-8',
      },
    })
  }
  expect(target.requests[0]).toMatchObject({ root: 'VersionSearchInfo', request: { route: '/aeosws#getVersion' } })
})

test('a server that is starting refuses nobody: the credentials are proven when it answers', async () => {
  const starting = { status: 503, headers: {}, text: '<html>starting</html>' }
  const target = await connected({
    VersionSearchInfo: [starting, answer('VersionInfo', '<AeosVersion>2023.2</AeosVersion>')],
  })
  await expect(target.mustRead()).rejects.toMatchObject({ kind: 'transient', code: 'aeos.unexpected-answer' })
  expect(await target.mustRead()).toMatchObject({ externalId: '4711' })
  expect(target.requests.filter(({ root }) => root === 'VersionSearchInfo')).toHaveLength(2)
})

test.each([
  ['no SOAP', '<html>maintenance</html>'],
  ['no XML', 'maintenance'],
  ['cut off', '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Per'],
  [
    'an answer to something else',
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><EmployeeList xmlns="http://www.nedap.com/aeosws/schema"/></soap:Body></soap:Envelope>',
  ],
  [
    'a document type, which could declare entities',
    '<!DOCTYPE x [<!ENTITY a "b">]><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><PersonList xmlns="http://www.nedap.com/aeosws/schema"/></soap:Body></soap:Envelope>',
  ],
  ['nothing', ''],
])('an answer that is %s is never taken for an empty list', async (_what, text) => {
  const target = await connected({ PersonSearchInfo: { status: 200, headers: {}, text } })
  await expect(target.accounts.read('4711', never)).rejects.toMatchObject({
    kind: 'transient',
    code: 'aeos.unexpected-answer',
    outcomeUnknown: false,
  })
})

test('a write that somebody else answered may have been done', async () => {
  const target = await connected({
    PersonSearchInfo: people(),
    EmployeeAdd: { status: 504, headers: {}, text: '<html>gateway time-out</html>' },
  })
  await expect(target.put(desiredAccount())).rejects.toMatchObject({ kind: 'transient', outcomeUnknown: true })
})
