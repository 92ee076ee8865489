/** Every operation, sent with as little and with as much as its schema allows: each answers, in its own words, and none breaks the simulator. */
import { expect, test } from 'vitest'
import { start } from './client-for-tests.ts'
import { inside, operationsOf, sampleRequest } from './sample-for-tests.ts'
import { snapshots } from './snapshots.ts'

// Codes that are not those of one operation.
const general = [301, 302, 303]

test.each(snapshots)(
  '%s: an answer of the right element, or a fault with the code of the operation',
  async (snapshot) => {
    await using client = await start({ snapshot })
    const { carriers } = client.simulator.seed({
      carriers: [
        { lastName: 'Sample', badges: ['1'], templates: ['Main Entrance'] },
        { kind: 'Contractor', lastName: 'Sample' },
        { kind: 'Visitor', lastName: 'Sample' },
      ],
    })
    expect(carriers).toEqual([1, 2, 3])
    for (const operation of operationsOf(snapshot)) {
      for (const extent of ['least', 'most'] as const) {
        const sample = sampleRequest(operation, extent, snapshot)
        const reply = await client.send(sample.name, inside(sample))
        const what = `${operation.name}, ${extent}: ${reply.raw.slice(0, 300)}`
        if (reply.status === 200) {
          expect(['', operation.response.root], what).toContain(reply.root)
        } else {
          expect([operation.fault, ...general], what).toContain(reply.code)
          expect(reply.raw, what).toContain('<faultcode>soap:Server</faultcode>')
        }
      }
    }
  },
)

test('every operation that changes something is noted with the name of who called, and no other is', async () => {
  await using client = await start()
  client.simulator.seed({ carriers: [{ lastName: 'Sample' }] })
  await client.send('EmployeeSearchInfo', '<EmployeeInfo/>')
  expect(client.simulator.state.changes()).toEqual([])
  await client.send('EmployeeChange', '<Id>1</Id><Title>Dr</Title>')
  await client.send('CarrierIdBlock', '<CarrierId>1</CarrierId><Reason>99</Reason>')
  await client.send('EmployeeId', 1)
  expect(client.simulator.state.changes()).toMatchObject([
    { id: 1, user: 'gateway', carrier: 1, carrierName: 'Sample', details: ['Id', 'Title'] },
    { id: 2, user: 'gateway', carrierName: 'Sample' },
  ])
})
